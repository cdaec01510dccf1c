#include "test/simulation/world.hpp"

#include "messages/agent_assert.hpp"

#include <utility>

namespace container_agent::simulation {

namespace {

using namespace std::chrono_literals;

// Twice what the longest run of many needs: whoever exceeds it talks in a
// circle.
constexpr std::uint64_t max_steps = 10'000'000;

// Backoffs, slow Claudes and long queues have had their time after this.
constexpr time_span longest_way_to_rest = 30min;

// Between the end of the shutdown's last step and that of all actors.
constexpr time_span end_timeout = 2s;

run_context* watched_run = nullptr;

struct assertion_failure {};

std::unique_ptr<company> meet(run_context& run, const run_plan& plan) {
  return plan.mode == run_mode::raw ? raw_company(run, plan)
                                    : stream_json_company(run, plan);
}

} // namespace

outcome run_seed(std::uint64_t seed, trace_receiver trace, message_watch* watch,
                 run_mode mode) {
  chance dice{seed};
  auto plan = run_plan::draw(dice, mode);
  return world{dice.branch(), std::move(plan), std::move(trace), watch}.run();
}

// In an actor the exception counts as its failure, and the run is over before
// anybody does anything about it.
world::assertion_watch::assertion_watch(run_context& run) {
  watched_run = &run;
  report_failed_assertions([](const failed_assertion& what) {
    watched_run->violate("assertion failed: " + std::string{what.condition}
                         + " (" + what.file + ':' + std::to_string(what.line)
                         + ')');
    throw assertion_failure{};
  });
}

world::assertion_watch::~assertion_watch() {
  report_failed_assertions(nullptr);
}

world::world(chance dice, run_plan plan, trace_receiver trace,
             message_watch* watch)
  : plan_{std::move(plan)},
    run_{dice.next(), plan_.faults},
    clock_{run_},
    random_{run_},
    company_{meet(run_, plan_)},
    clients_{run_},
    watch_{watch},
    dice_{dice.next()} {
  run_.trace = std::move(trace);
}

world::~world() {
  run_.faults.cease();
  run_.calendar.clear();
}

outcome world::run() {
  try {
    start();
    in_turmoil();
    come_to_rest();
    shut_down();
    end();
  } catch (const assertion_failure&) {
    // It is a violation already.
  }
  return {run_.violation,
          steps_,
          run_.calendar.now(),
          company_->prompts(),
          company_->launches(),
          run_.faults.count(),
          rested_,
          agents_.empty() ? -1 : agent().exit_code.value_or(-1)};
}

void world::start() {
  clients_.on_status
    = [this](std::string_view document) { company_->status_said(document); };
  next_agent();
  schedule_events();
  company_->begin();
}

void world::next_agent() {
  absent_ = run_.hurried = false;
  run_.ends_since.reset();
  run_.faults.at_message("the start"); // what throws there ends the program
  agents_.push_back(std::make_unique<agent_life>(agent_surroundings{
    run_, plan_, *company_, clock_, random_, clients_, watch_}));
  if (turmoil_ && dice_.one_in(plan_.early_deaths)) {
    all_end_ = plan_.mode == run_mode::claude;
    agent().life.die_at(dice_.between(1, 12), dice_.one_in(2));
  }
  agent().start();
}

void world::end_agent(const agent_end& how) {
  if (!turmoil_ || absent_ || agent().exit_code)
    return;
  all_end_ = how.all;
  if (how.calls == 0) {
    agent().leaving = agent().leaving || !agent().signalled;
    run_.told_to_end();
    agent().shut_down(true);
  } else {
    agent().life.die_at(how.calls, how.after);
  }
}

// Has it died, or left, another one comes.
void world::look_at_agent() {
  if (absent_)
    return;
  if (agent().leaves() && agent().actors() == 0) {
    check_exit_code();
    company_->agent_leaves();
    all_end_ = !agent().progress.keep_claude && !agent().progress.leaves_claude;
    agent().life.die();
  }
  if (agent().life.alive())
    return;
  run_.tell("world", [this] {
    return std::string{all_end_ ? "all die" : "the agent dies"};
  });
  absent_ = true;
  agent().kill();
  if (all_end_)
    company_->all_end();
  clients_.agent_died();
  run_.calendar.after(dice_.up_to(plan_.absence), [this] { next_agent(); });
}

bool world::step() {
  if (!agent().scheduler.step())
    return false;
  look_at_agent();
  if (!absent_ && !agent().exit_code && agent().scheduler.idle()
      && dice_.one_in(20)) {
    run_.faults.at_message("the world");
    company_->look_while_idle();
  }
  return true;
}

void world::schedule_events() {
  for (auto [time, hours] : plan_.clock_jumps)
    run_.calendar.after(time, [this, by = hours] { clock_.jump(by); });
  for (const auto& [time, line] : plan_.requests)
    run_.calendar.after(time, [this, asks = line] {
      if (!absent_)
        clients_.ask(asks);
    });
  if (plan_.watch.count() > 0)
    clients_.watch(plan_.watch);
  for (auto time : plan_.signals)
    run_.calendar.after(time, [this] {
      run_.tell("signal", [] { return std::string{"SIGTERM"}; });
      run_.told_to_end();
      agent().signalled = true;
      if (!absent_ && !agent().exit_code)
        agent().shut_down(false);
    });
  for (auto [time, length] : plan_.full_disks) {
    run_.calendar.after(time, [this] { run_.disk_full = turmoil_; });
    run_.calendar.after(time + length, [this] { run_.disk_full = false; });
  }
  for (const auto& end : plan_.ends)
    run_.calendar.after(end.at, [this, end] { end_agent(end); });
}

template <class Condition>
bool world::run_until(time_span limit, Condition over) {
  auto end = run_.calendar.now() + limit;
  while (!run_.violation && !over()) {
    if (run_.calendar.now() > end || !step())
      return false;
    check_bounds();
    if (++steps_ > max_steps)
      run_.violate("the agent does not come to rest: "
                   + std::to_string(max_steps) + " steps");
  }
  return !run_.violation;
}

void world::in_turmoil() {
  run_until(plan_.turmoil, [this] { return ended(); });
  turmoil_ = run_.disk_full = false;
  agent().life.die_at(0, false);
}

// Faults are over, the host reads, Claudes work: the agent has to cope.
void world::come_to_rest() {
  run_.tell("world", [] { return std::string{"the turmoil is over"}; });
  auto ran = agent().progress.plan.now() == drain_plan::phase::running;
  run_.faults.cease();
  company_->behave();
  clients_.behave();
  ask_again();
  auto over = [this] {
    return ended() || stopping()
           || (agent().scheduler.idle()
               && (at_rest() || (!absent_ && company_->stuck())));
  };
  if (!run_until(longest_way_to_rest, over) && !run_.violation)
    run_.violate("the agent does not come to rest:" + unrest());
  // An agent that ended with its input has done all its work.
  auto with_input = ran && ended() && plan_.mode == run_mode::once
                    && !agent().signalled && !agent().log.gave_up();
  rested_ = with_input || (!ended() && !stopping() && at_rest());
}

// Once in a while somebody looks whether Claude has to be started by hand, or
// anew, as it has not taken what the host had set.
void world::ask_again() {
  if (!absent_ && clients_.quiet()) {
    auto status = agent().ports.protocol.status();
    if (status.gave_up || !status.blocked.empty())
      clients_.ask(R"({"command":"restart_claude"})");
  }
  run_.calendar.after(10s, [this] { ask_again(); });
}

void world::shut_down() {
  if (run_.violation)
    return;
  if (!agent().exit_code && !std::exchange(agent().signalled, true)) {
    run_.told_to_end();
    agent().shut_down(false);
  }
  std::optional<time_span> flushed_from;
  auto ended = [this, &flushed_from] {
    if (!flushed_from
        && agent().progress.plan.now() == drain_plan::phase::flushing)
      flushed_from = run_.calendar.now();
    return agent().exit_code.has_value();
  };
  if (!run_until(longest_shutdown(), ended) && !run_.violation)
    run_.violate("the shutdown does not end");
  // The host reads, and nobody has failed since.
  if (rested_ && !agent().log.gave_up() && flushed_from
      && run_.calendar.now() - *flushed_from >= plan_.drain.flush)
    run_.violate("the shutdown waits until the time for the flush is up");
  check_exit_code();
}

void world::check_exit_code() {
  auto code = agent().exit_code;
  if (code && *code != expected_exit_code())
    run_.violate("exit code " + std::to_string(*code) + " instead of "
                 + std::to_string(expected_exit_code()));
}

void world::end() {
  if (run_.violation)
    return;
  auto all_ended = [this] { return agent().actors() == 0; };
  if (!run_until(end_timeout, all_ended) && !run_.violation)
    return run_.violate("actors live on after the end");
  // Without these nobody ends it in order; the port's end does.
  auto alone = agent().log.gave_up("claude_process")
               || agent().log.waits_for("claude_process")
               || agent().log.gave_up("shutdown_coordinator")
               || agent().log.gave_up("supervisor");
  if (agent().ports.child.running() && rested_ && !alone)
    return run_.violate("Claude lives on after the end");
  // Time was up, or nobody was there to write it; the agent logs that.
  if (output_waits() || agent().log.gave_up("conversation")
      || !agent().ports.events.trouble().empty())
    return;
  auto owed = company_->owed_at_end(rested_);
  if (!owed.empty() && !run_.violation)
    run_.violate("the host is still owed:" + owed);
}

// For good: no other one comes.
bool world::ended() const {
  return !absent_ && agent().exit_code && !agent().leaves();
}

bool world::stopping() const {
  return !absent_ && agent().stopping();
}

bool world::at_rest() const {
  return unrest().empty();
}

// What is still to be done, in words.
std::string world::unrest() const {
  if (absent_ || agent().leaving || agent().log.gave_up())
    return " an agent is on its way";
  auto status = agent().ports.protocol.status();
  if (status.in_flight > 0)
    return " a prompt is in flight";
  if (status.queued > 0)
    return " prompts wait";
  if (output_waits())
    return " output waits";
  if (!agent().ports.child.running() || !status.ready)
    return " Claude is not ready";
  if (auto what = company_->unrest(); !what.empty())
    return what;
  return clients_.quiet() ? "" : " a client waits for its answer";
}

bool world::output_waits() const {
  const auto& ports = agent().ports;
  return ports.output.position() < ports.protocol.shown_to();
}

// With the `replies` output, the host's position is not in the log of events.
std::uint64_t world::host_position() const {
  const auto& ports = agent().ports;
  return plan_.dialogue.voice == voice_kind::replies ? ports.events.end()
                                                     : ports.output.position();
}

std::int32_t world::expected_exit_code() const {
  // The first reason to end counts, and nobody knows here which that was.
  auto asked = agent().signalled || agent().leaving || plan_.exit_on_eof;
  if (!agent().log.gave_up() || (asked && *agent().exit_code == 0))
    return 0;
  if (agent().log.gave_up("supervisor"))
    return *agent().exit_code == 5 || *agent().exit_code == 6
             ? *agent().exit_code
             : 1;
  return *agent().exit_code == 5 || *agent().exit_code == 6 ? *agent().exit_code
                                                            : 5;
}

time_span world::longest_shutdown() const {
  time_span sum = plan_.drain.turn + plan_.drain.interrupt + plan_.drain.close
                  + plan_.drain.terminate + plan_.drain.kill
                  + plan_.drain.flush;
  // A coordinator that was restarted begins its step anew.
  return sum + (run_.faults.count() > 0 ? 60s : 1s);
}

// -- inside -------------------------------------------------------------------

void world::check_bounds() {
  if (absent_)
    return;
  const auto& ports = agent().ports;
  // Beyond the backlog: what was allowed before it was reached.
  constexpr auto ahead = 2 * bridge::output_window;
  bound("bytes that wait for the host",
        ports.events.end() - std::min(ports.events.end(), host_position()),
        plan_.dialogue.max_backlog + ahead);
  bound("messages in a mailbox", agent().scheduler.longest_mailbox(), 20'000);
  std::vector<std::string> asked;
  for (const auto& request : ports.protocol.requests({}))
    asked.push_back(request.id);
  company_->requests_listed(asked);
  bound("timers", agent().scheduler.timers().schedule().size(), 300);
}

void world::bound(const char* what, std::size_t size, std::size_t limit) {
  if (size > limit)
    run_.violate("too many " + std::string{what} + ": " + std::to_string(size)
                 + ", more than " + std::to_string(limit));
}

} // namespace container_agent::simulation
