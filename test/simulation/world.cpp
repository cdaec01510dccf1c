#include "test/simulation/world.hpp"

#include <utility>

namespace container_agent::simulation {

namespace {

using namespace std::chrono_literals;

// Twice what the longest run of many needs: whoever exceeds it talks in a
// circle.
constexpr std::uint64_t max_steps = 10'000'000;

// Backoffs, slow Claudes and long queues have had their time after this.
constexpr time_span longest_way_to_rest = 30min;

// Of Claude's that the agent has an eye for.
constexpr std::size_t shortest_line = 64;

// Between the end of the shutdown's last step and that of all actors.
constexpr time_span end_timeout = 2s;

std::unique_ptr<company> meet(const surroundings& given) {
  switch (given.plan.mode) {
    case run_mode::raw: return raw_company(given);
    case run_mode::keep: return keeping_company(given);
    case run_mode::claude:
    case run_mode::once: break;
  }
  return stream_json_company(given);
}

} // namespace

outcome run_seed(std::uint64_t seed, trace_receiver trace, message_watch* watch,
                 run_mode mode) {
  chance dice{seed};
  auto plan = run_plan::draw(dice, mode);
  return world{dice.branch(), std::move(plan), std::move(trace), watch}.run();
}

world::world(chance dice, run_plan plan, trace_receiver trace,
             message_watch* watch)
  : plan_{std::move(plan)},
    run_{dice.next(), plan_.faults},
    clock_{run_},
    random_{run_},
    host_in_{run_, simulated_source::kind::fifo, plan_.host.input},
    host_out_{run_, "write to the host", plan_.host.output},
    company_{meet({run_, host_in_, host_out_, plan_})},
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
  start();
  in_turmoil();
  come_to_rest();
  shut_down();
  end();
  return {run_.violation,
          steps_,
          run_.calendar.now(),
          company_->prompts(),
          company_->launches(),
          run_.faults.count(),
          rested_,
          agent().exit_code.value_or(-1)};
}

void world::start() {
  next_agent();
  schedule_events();
  company_->begin();
}

void world::next_agent() {
  absent_ = false;
  agents_.push_back(std::make_unique<agent_life>(agent_surroundings{
    run_, plan_, *company_, clock_, random_, clients_, watch_}));
  if (turmoil_ && dice_.one_in(plan_.early_deaths))
    agent().life.die_at(dice_.between(1, 12), dice_.one_in(2));
  agent().start();
}

void world::end_agent(const agent_end& how) {
  if (!turmoil_ || absent_ || agent().exit_code)
    return;
  if (how.calls == 0) {
    agent().leaving = agent().leaving || !agent().signalled;
    agent().shut_down(true);
  } else {
    agent().life.die_at(how.calls, how.after);
  }
}

// Has it died, or left, another one comes.
void world::look_at_agent() {
  if (absent_)
    return;
  if (agent().leaves_claude() && agent().actors() == 0) {
    check_exit_code();
    company_->agent_leaves();
    agent().life.die();
  }
  if (agent().life.alive())
    return;
  absent_ = true;
  agent().kill();
  clients_.agent_died();
  run_.calendar.after(dice_.up_to(plan_.absence), [this] { next_agent(); });
}

bool world::step() {
  if (!agent().scheduler.step())
    return false;
  look_at_agent();
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
  for (auto time : plan_.signals)
    run_.calendar.after(time, [this] {
      run_.tell("signal", [] { return std::string{"SIGTERM"}; });
      agent().signalled = true;
      if (!absent_ && !agent().exit_code)
        agent().shut_down(false);
    });
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
  turmoil_ = false;
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
  // Whoever ends with the input has done all that was to be done.
  auto with_input = ran && ended() && plan_.mode == run_mode::once
                    && !agent().signalled && !agent().log.gave_up();
  rested_ = with_input || (!ended() && !stopping() && at_rest());
}

// Once in a while somebody looks whether Claude has to be started by hand.
void world::ask_again() {
  if (!absent_ && agent().ports.protocol.status().gave_up && clients_.quiet())
    clients_.ask(R"({"command":"restart_claude"})");
  run_.calendar.after(10s, [this] { ask_again(); });
}

void world::shut_down() {
  if (run_.violation)
    return;
  if (!agent().exit_code && !std::exchange(agent().signalled, true))
    agent().shut_down(false);
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
               || agent().log.gave_up("shutdown_coordinator")
               || agent().log.gave_up("supervisor");
  if (agent().ports.child.running() && rested_ && !alone)
    return run_.violate("Claude lives on after the end");
  // Time was up, or nobody was there to write it; the agent logs that.
  if (untaken(agent().ports.protocol.to_host, agent().output.from_conversation)
        > 0
      || agent().ports.output.pending() > 0
      || agent().log.gave_up("conversation"))
    return;
  auto owed = company_->owed_at_end(rested_);
  if (!owed.empty() && !run_.violation)
    run_.violate("the host is still owed:" + owed);
}

// For good: no other one comes.
bool world::ended() const {
  return !absent_ && agent().exit_code && !agent().leaves_claude();
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
  if (agent().owes_messages())
    return " something was sent and not taken";
  if (agent().ports.output.pending() > 0)
    return " output waits";
  if (!agent().ports.child.running() || !status.ready)
    return " Claude is not ready";
  if (!clients_.quiet())
    return " a client waits for its answer";
  return company_->unrest();
}

std::int32_t world::expected_exit_code() const {
  // The first reason to end counts, and nobody knows here which that was.
  auto asked = agent().signalled || agent().leaving || plan_.reader.exit_on_eof;
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
  auto prompts = plan_.dialogue.queue.prompts + plan_.dialogue.queue.in_flight;
  // Of a Claude that was there before, all that it has said comes at once.
  auto lines = agents_.size() > 1 ? 8 * read_size / shortest_line : 0;
  // What the host may be owed at once: output within its window, a record for
  // each line of input within its own, and one or two for each prompt.
  bound("pieces for the host", agent().ports.protocol.to_host.size(),
        100 + 2 * prompts + lines);
  bound("lines for Claude", agent().ports.protocol.to_child.size(), 300);
  bound("lines for the conversation", agent().reader.to_conversation.size(),
        20);
  bound("pieces of Claude's", agent().link.to_conversation.size(), 8);
  bound("bytes that wait for the host", agent().ports.output.pending(),
        pipe_output::max_pending + 8 * (plan_.child.max_held_line + read_size));
  bound("messages in a mailbox", agent().scheduler.longest_mailbox(), 300);
  bound("timers", agent().scheduler.timers().schedule().size(), 300);
}

void world::bound(const char* what, std::size_t size, std::size_t limit) {
  if (size > limit)
    run_.violate("too many " + std::string{what} + ": " + std::to_string(size)
                 + ", more than " + std::to_string(limit));
}

} // namespace container_agent::simulation
