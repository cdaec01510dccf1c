#include "test/simulation/world.hpp"

#include "messages/errors.hpp"
#include "messages/type_ids.hpp"

#include <caf/send.hpp>

#include <utility>

namespace container_agent::simulation {

namespace {

using namespace std::chrono_literals;

// More than any run needs: whoever exceeds it talks in a circle.
constexpr std::uint64_t max_steps = 3'000'000;

// Backoffs, slow Claudes and long queues have had their time after this.
constexpr time_span longest_way_to_rest = 30min;

// Between the end of the shutdown's last step and that of all actors.
constexpr time_span end_timeout = 2s;

std::unique_ptr<company> meet(const surroundings& given) {
  return given.plan.raw ? raw_company(given) : stream_json_company(given);
}

} // namespace

outcome run_seed(std::uint64_t seed, trace_receiver trace,
                 message_watch* watch) {
  chance dice{seed};
  auto plan = run_plan::draw(dice, false);
  return world{dice.branch(), std::move(plan), std::move(trace), watch}.run();
}

outcome run_raw_seed(std::uint64_t seed, trace_receiver trace) {
  chance dice{seed};
  auto plan = run_plan::draw(dice, true);
  return world{dice.branch(), std::move(plan), std::move(trace), nullptr}.run();
}

world::actor_settings::actor_settings(run_context& run) {
  add_message_types<caf::id_block::container_agent>();
  add_error_category(
    agent_error_category,
    [](std::uint8_t code, caf::atom_value, const caf::message&) {
      return to_string(static_cast<agent_error>(code));
    });
  set("logger.verbosity", caf::atom("quiet"));
  install_scheduler(*this, run);
}

world::world(chance dice, run_plan plan, trace_receiver trace,
             message_watch* watch)
  : plan_{std::move(plan)},
    run_{dice.next(), plan_.faults},
    clock_{run_},
    random_{run_},
    log_{run_},
    context_{clock_, random_, log_, watch ? &watch->hook : nullptr},
    host_in_{run_, simulated_source::kind::fifo, plan_.host.input},
    host_out_{run_, "write to the host", plan_.host.output},
    company_{meet({run_, context_, host_in_, host_out_, plan_})},
    protocol_{company_->protocol()},
    clients_{run_},
    reader_{host_in_, plan_.reader},
    link_{company_->child(), plan_.child, context_},
    output_{host_out_, {}, 0, 0},
    progress_{plan_.drain},
    settings_{run_},
    system_{settings_},
    scheduler_{dynamic_cast<seeded_scheduler&>(system_.scheduler())} {
  run_.trace = std::move(trace);
  if (watch != nullptr)
    scheduler_.count_into(watch->messages);
  clients_.supervisor_failures = [this] {
    return log_.count("supervisor_failed") + log_.count("supervisor_gave_up");
  };
  clients_.stopping = [this] { return family_->shutdown || family_->code; };
}

// After a violation there may be actors that would never end.
world::~world() {
  run_.faults.cease();
  reader_.on_arrival({});
  link_.on_change({});
  host_out_.on_drained({});
  kill_actors();
  system_.await_actors_before_shutdown(false);
}

// The family outlives the system: no actor may be left for it to let go of
// then.
void world::kill_actors() {
  if (!family_)
    return;
  auto kill = [](const auto& who) {
    if (auto actor = caf::actor_cast<caf::strong_actor_ptr>(who))
      caf::anon_send_exit(actor, caf::exit_reason::kill);
  };
  kill(family_->root());
  for (const auto& c : family_->children)
    kill(c.address);
  family_->abandon();
  scheduler_.drain();
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
          exit_code_.value_or(-1)};
}

void world::start() {
  supervision_config config;
  config.children
    = agent_children({reader_, protocol_, link_, output_, progress_, &clients_},
                     plan_.tree, context_);
  for (auto& spec : config.children)
    spec.start = [this, name = spec.name, start = std::move(spec.start)](
                   supervisor_actor::pointer self, peers_changed& directory) {
      run_.faults.at_constructor(name);
      return start(self, directory);
    };
  config.on_stopped = [this](std::int32_t code) { exit_code_ = code; };
  config.policy.max_restarts = plan_.supervisor_restarts;
  family_.emplace(std::move(config), context_);
  family_->start(system_);
  schedule_events();
  company_->begin();
}

void world::schedule_events() {
  for (auto [time, hours] : plan_.clock_jumps)
    run_.calendar.after(time, [this, by = hours] { clock_.jump(by); });
  for (const auto& [time, line] : plan_.requests)
    run_.calendar.after(time, [this, asks = line] { clients_.ask(asks); });
  for (auto time : plan_.signals)
    run_.calendar.after(time, [this] {
      run_.tell("signal", [] { return std::string{"SIGTERM"}; });
      signalled_ = true;
      if (!exit_code_)
        family_->shut_down({"SIGTERM", 0, true});
    });
}

template <class Condition>
bool world::run_until(time_span limit, Condition over) {
  auto end = run_.calendar.now() + limit;
  while (!run_.violation && !over()) {
    if (run_.calendar.now() > end || !scheduler_.step())
      return false;
    check_bounds();
    if (++steps_ > max_steps)
      run_.violate("the agent does not come to rest: "
                   + std::to_string(max_steps) + " steps");
  }
  return !run_.violation;
}

void world::in_turmoil() {
  run_until(plan_.turmoil, [this] { return exit_code_.has_value(); });
}

// Faults are over, the host reads, Claudes work: the agent has to cope.
void world::come_to_rest() {
  run_.tell("world", [] { return std::string{"the turmoil is over"}; });
  run_.faults.cease();
  company_->behave();
  clients_.behave();
  ask_again();
  auto over = [this] {
    return exit_code_ || signalled_ || log_.gave_up()
           || (scheduler_.idle() && (at_rest() || company_->stuck()));
  };
  if (!run_until(longest_way_to_rest, over) && !run_.violation)
    run_.violate("the agent does not come to rest:" + unrest());
  rested_ = !exit_code_ && !signalled_ && at_rest();
}

// Once in a while somebody looks whether Claude has to be started by hand.
void world::ask_again() {
  if (protocol_.status().gave_up && clients_.quiet())
    clients_.ask(R"({"command":"restart_claude"})");
  run_.calendar.after(10s, [this] { ask_again(); });
}

void world::shut_down() {
  if (run_.violation)
    return;
  if (!exit_code_ && !std::exchange(signalled_, true))
    family_->shut_down({"SIGTERM", 0, true});
  std::optional<time_span> flushed_from;
  auto ended = [this, &flushed_from] {
    if (!flushed_from && progress_.plan.now() == drain_plan::phase::flushing)
      flushed_from = run_.calendar.now();
    return exit_code_.has_value();
  };
  if (!run_until(longest_shutdown(), ended) && !run_.violation)
    run_.violate("the shutdown does not end");
  // The host reads, and nobody has failed since.
  if (rested_ && !log_.gave_up() && flushed_from
      && run_.calendar.now() - *flushed_from >= plan_.drain.flush)
    run_.violate("the shutdown waits until the time for the flush is up");
  if (exit_code_ && *exit_code_ != expected_exit_code())
    run_.violate("exit code " + std::to_string(*exit_code_) + " instead of "
                 + std::to_string(expected_exit_code()));
}

void world::end() {
  if (run_.violation)
    return;
  auto all_ended = [this] { return system_.registry().running() == 0; };
  if (!run_until(end_timeout, all_ended) && !run_.violation)
    return run_.violate("actors live on after the end");
  // Without these nobody ends it in order; the port's end does.
  auto alone = log_.gave_up("claude_process")
               || log_.gave_up("shutdown_coordinator")
               || log_.gave_up("supervisor");
  if (company_->child().running() && rested_ && !alone)
    return run_.violate("Claude lives on after the end");
  // Time was up, or nobody was there to write it; the agent logs that.
  if (untaken(protocol_.to_host, output_.from_conversation) > 0
      || host_out_.pending() > 0 || log_.gave_up("conversation"))
    return;
  auto owed = company_->owed_at_end(rested_);
  if (!owed.empty() && !run_.violation)
    run_.violate("the host is still owed:" + owed);
}

bool world::at_rest() const {
  return unrest().empty();
}

// What is still to be done, in words.
std::string world::unrest() const {
  auto status = protocol_.status();
  if (status.in_flight > 0)
    return " a prompt is in flight";
  if (status.queued > 0)
    return " prompts wait";
  if (untaken(protocol_.to_host, output_.from_conversation) > 0
      || untaken(protocol_.to_child, link_.from_conversation) > 0
      || untaken(reader_.to_conversation, protocol_.from_input) > 0
      || untaken(link_.to_conversation, protocol_.from_child) > 0)
    return " something was sent and not taken";
  if (host_out_.pending() > 0 || host_out_.pipe.available() > 0)
    return " output waits";
  if (!company_->child().running() || !status.ready)
    return " Claude is not ready";
  if (!clients_.quiet())
    return " a client waits for its answer";
  return company_->unrest();
}

std::int32_t world::expected_exit_code() const {
  // The first reason to end counts, and nobody knows here which that was.
  auto asked = signalled_ || plan_.reader.exit_on_eof;
  if (!log_.gave_up() || (asked && *exit_code_ == 0))
    return 0;
  if (log_.gave_up("supervisor"))
    return *exit_code_ == 5 || *exit_code_ == 6 ? *exit_code_ : 1;
  return *exit_code_ == 5 || *exit_code_ == 6 ? *exit_code_ : 5;
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
  auto prompts = plan_.dialogue.queue.prompts + plan_.dialogue.queue.in_flight;
  // What the host may be owed at once: output within its window, a record for
  // each line of input within its own, and one or two for each prompt.
  bound("pieces for the host", protocol_.to_host.size(), 100 + 2 * prompts);
  bound("lines for Claude", protocol_.to_child.size(), 300);
  bound("lines for the conversation", reader_.to_conversation.size(), 20);
  bound("pieces of Claude's", link_.to_conversation.size(), 8);
  bound("bytes that wait for the host", host_out_.pending(),
        pipe_output::max_pending + 8 * (plan_.child.max_held_line + read_size));
  bound("messages in a mailbox", scheduler_.longest_mailbox(), 300);
  bound("timers", scheduler_.timers().schedule().size(), 300);
}

void world::bound(const char* what, std::size_t size, std::size_t limit) {
  if (size > limit)
    run_.violate("too many " + std::string{what} + ": " + std::to_string(size)
                 + ", more than " + std::to_string(limit));
}

} // namespace container_agent::simulation
