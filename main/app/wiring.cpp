#include "main/app/wiring.hpp"

#include "actors/agent_tree.hpp"
#include "actors/session/conversation_fold.hpp"
#include "actors/session/raw_relay.hpp"
#include "main/app/api_server.hpp"
#include "main/app/hook.hpp"
#include "main/app/settings.hpp"
#include "main/app/state.hpp"
#include "main/app/system_ports.hpp"
#include "main/app/tracing.hpp"
#include "main/app/transcript.hpp"
#include "main/attach/attaching_child_process.hpp"
#include "main/fifo/fifo_input.hpp"
#include "main/fifo/fifo_output.hpp"
#include "main/fifo/fifo_reply_output.hpp"
#include "main/loop/scheduler.hpp"
#include "main/process/claude_child.hpp"
#include "main/process/process_probe.hpp"
#include "main/shim/orphan_reaper.hpp"
#include "main/trace/record/traced_ports.hpp"
#include "messages/records/agent_record.hpp"
#include "messages/type_ids.hpp"

#include <boost/asio/steady_timer.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>
#include <utility>
#include <variant>

namespace container_agent {

namespace {

// Limits the wait for actors that were told to stop. They have nothing left to
// wait for, so only a defect can reach it.
constexpr std::chrono::seconds end_timeout{2};

runtime::stream_kind content_of(const options& o) {
  return o.claude.is_raw() ? runtime::stream_kind::raw
                           : runtime::stream_kind::lines;
}

runtime::fifo_path place_of(const std::string& path, const options& o) {
  return runtime::fifo_path{path, o.pipes.permissions,
                            runtime::pipe_capacity(content_of(o))};
}

runtime::attach_settings attach_settings_of(const options& o) {
  return {o.attach.look, o.attach.only, o.attach.pid, !o.claude.is_raw()};
}

struct actor_settings : caf::actor_system_config {
  actor_settings(runtime::event_loop& loop, runtime::tracer* events,
                 event_log& log) {
    add_message_types<caf::id_block::container_agent>();
    add_error_category(
      agent_error_category,
      [](std::uint8_t code, caf::atom_value, const caf::message&) {
        return to_string(static_cast<agent_error>(code));
      });
    runtime::install_scheduler(*this, loop, events, [&log](auto time) {
      log.write(log_level::warn, "agent", "time_stood_still",
                {{"frozen_ms", std::int64_t{time.count()}},
                 {"effect", "no time limit counts it"}});
    });
  }
};

using host_output_port = std::variant<std::monostate, runtime::fifo_output,
                                      runtime::fifo_reply_output>;

} // namespace

// The members are in the order of their construction: what is lent comes before
// its borrowers, and the actor system, which must end first, comes last. The
// output's FIFO comes before the input's, so a host that waits for the input's
// FIFO finds both.
struct agent::parts {
  parts(runtime::event_loop& l, event_log& log, const options& settings,
        std::vector<std::string> environment);
  ~parts();

  control_port* control_lent();
  host_outlet& open_output(event_log& log);
  host_outlet& open_fifo_output(event_log& log);
  std::unique_ptr<storage::cursor> host_cursor();
  void open_doors();
  void open_socket(const options::control_section& control);
  std::unique_ptr<session>
  make_bridge(const std::vector<std::string>& environment);
  supervision_config tell_family();
  void finish(bool keep_pipes);
  void conclude();
  bool leaves() const;

  const options& settings;
  runtime::event_loop& loop;
  runtime::system_wall_clock clock;
  runtime::system_random_source random;
  std::unique_ptr<tracing> trace;
  actor_context context;

  runtime::file_watch watch;
  agent_state state;
  runtime::claude_child spawned;
  runtime::attaching_child_process process;
  host_output_port output_port;
  host_outlet& output;
  runtime::fifo_input input;
  std::optional<runtime::orphan_reaper> reaper;
  runtime::proc_probe processes;
  std::optional<api_server> ways_in;
  std::optional<runtime::traced_ports> traced;

  pipe_input_resources input_resources;
  std::unique_ptr<session> protocol;
  child_link link;
  pipe_output_resources output_resources;
  shutdown_progress progress;
  std::optional<std::int32_t> exit_code;
  std::optional<supervision> family;

  actor_settings actor_config;
  caf::actor_system system;
};

agent::parts::parts(runtime::event_loop& l, event_log& log,
                    const options& settings,
                    std::vector<std::string> environment)
  : settings{settings},
    loop{l},
    trace{make_tracing(settings, loop, log, installed_hook())},
    context{clock, random, log, trace ? &trace->events() : installed_hook()},
    watch{loop, log},
    state{settings, log},
    spawned{
      loop,
      {state.to_child(), state.events(), &state.positions()},
      {settings.claude.keep, state.place().directory(), content_of(settings)}},
    process{loop,
            watch,
            log,
            spawned,
            {state.to_child(), state.events(), &state.positions()},
            attach_settings_of(settings)},
    output{open_output(log)},
    input{loop, watch, log, place_of(settings.pipes.input, settings),
          state.input()},
    traced{trace ? std::optional<runtime::traced_ports>{std::in_place, input,
                                                        process, output,
                                                        trace->events()}
                 : std::nullopt},
    input_resources{traced ? traced->input : static_cast<inlet&>(input),
                    state.input(), settings.input.exit_on_eof},
    protocol{make_bridge(environment)},
    link{traced ? traced->process : static_cast<child_process&>(process),
         state.events(), child_settings(settings, std::move(environment)),
         context},
    output_resources{traced ? traced->output : output},
    progress{drain_settings(settings)},
    actor_config{loop, trace ? &trace->events() : nullptr, log},
    system{actor_config} {
  state.place().guard_lock(watch, log);
  progress.stop_input_first = settings.claude.is_raw();
  progress.leaves_claude = may_leave_claude(settings);
  try {
    open_doors();
  } catch (...) {
    finish(false); // otherwise the new pipes would stay
    throw;
  }
  family.emplace(tell_family(), context);
  if (::getpid() == 1)
    reaper.emplace(loop, log, spawned);
}

// After an error has ended the loop, some actors never end. Don't wait for
// them, and don't let ports hold them beyond their system.
agent::parts::~parts() {
  input.cancel();
  link.on_change({});
  output.on_moved({});
  if (ways_in)
    ways_in->requests().on_request({});
  if (family)
    family->abandon();
  system.await_actors_before_shutdown(false);
}

host_outlet& agent::parts::open_output(event_log& log) {
  if (!settings.output.open_for_each_reply)
    return open_fifo_output(log);
  auto& shown = state.shown();
  auto& result = output_port.emplace<runtime::fifo_reply_output>(
    loop, watch, log, place_of(settings.pipes.output, settings), shown,
    state.position(state.host(), shown));
  result.on_position([this](std::uint64_t offset) {
    state.positions().set(agent_state::reader::replies, offset);
  });
  return result;
}

host_outlet& agent::parts::open_fifo_output(event_log& log) {
  // Read all of this before anything is opened, which changes it.
  auto is_held = spawned.held(state.host()).has_value();
  auto has_all = spawned.fifo_was_held();
  auto known = state.position(state.host(), state.shown());
  auto& result = output_port.emplace<runtime::fifo_output>(
    loop, watch, log, place_of(settings.pipes.output, settings), state.shown(),
    host_cursor(), content_of(settings));
  result.on_writer([this](int writer) { spawned.hold_fifo(writer); });
  if (is_held && has_all)
    result.go_on_behind(known);
  else
    result.begin_with_line();
  result.on_read([this](std::uint64_t offset) {
    state.positions().set(state.host(), offset);
  });
  return result;
}

// If a shim has held the position, the kernel has kept it exact.
std::unique_ptr<storage::cursor> agent::parts::host_cursor() {
  auto& shown = state.shown();
  auto held
    = spawned.fifo_was_held() ? spawned.held(state.host()) : std::nullopt;
  auto result = held ? std::make_unique<storage::cursor>(
                  shown, std::move(held->description), held->begins)
                     : std::make_unique<storage::cursor>(
                       shown, state.position(state.host(), shown));
  if (auto holder = spawned.holder(state.host()))
    result->on_description(std::move(holder));
  return result;
}

// The default path is not what the user asked for: if the socket can't be made
// there, such as in another user's folder, the agent runs without it.
void agent::parts::open_socket(const options::control_section& control) {
  if (control.path.empty())
    return;
  try {
    ways_in->open_socket(control.path);
  } catch (const runtime::socket_error& error) {
    if (control.asked_for
        || error.why() != runtime::socket_error::kind::unusable)
      throw;
    context.log.write(log_level::warn, "agent", "control_unavailable",
                      {{"error", error.what()}});
  }
}

void agent::parts::open_doors() {
  if (settings.control.path.empty() && !settings.http.address)
    return;
  ways_in.emplace(loop, watch, context.log, trace ? &trace->events() : nullptr);
  open_socket(settings.control);
  if (settings.http.address)
    ways_in->open_http(*settings.http.address,
                       must_read_token(settings.http.token_file));
}

control_port* agent::parts::control_lent() {
  if (!ways_in)
    return nullptr;
  if (!traced)
    return &ways_in->requests();
  return &traced->control.emplace(ways_in->requests(), trace->events());
}

std::unique_ptr<session>
agent::parts::make_bridge(const std::vector<std::string>& environment) {
  auto logs = state.lent();
  if (settings.claude.is_raw())
    return std::make_unique<raw_relay>(logs, context);
  std::uint64_t damaged = 0;
  auto kept = fold_conversation(
    logs.events, logs.to_child, &damaged,
    state.position(agent_state::reader::checkpoint, state.events()));
  if (damaged > 0)
    context.log.write(log_level::error, "agent", "state_damaged",
                      {{"lines", damaged},
                       {"path", state.place().path("events.log")},
                       {"reason", "there are zeros in them"},
                       {"effect", "what they said is not known"}});
  if (auto known = state.position(agent_state::reader::input, state.input());
      !settings.state.fresh)
    kept.deal_with_input(known);
  auto told = claude_session_settings(settings);
  // For a program other than Claude it is not known where sessions are stored.
  told.session_gone
    = !spawned.found()
      && std::filesystem::path{settings.claude.command}.filename() == "claude"
      && !kept.session_id.empty()
      && !has_transcript(environment, kept.session_id);
  return std::make_unique<claude_session>(std::move(told), logs, context, kept,
                                          spawned.found());
}

supervision_config agent::parts::tell_family() {
  agent_tree_config told;
  told.conversation = conversation_settings(settings);
  told.output = pipe_output_settings(settings);
  told.health = health_settings(settings);
  told.control = control_settings(settings);
  told.restarts = restart_settings(settings);
  told.on_give_up = settings.supervision.on_give_up;
  told.once = settings.supervision.once;
  supervision_config result;
  result.children
    = agent_children({input_resources, *protocol, link, output_resources,
                      progress, control_lent(), &processes},
                     told, context);
  result.policy = restart_settings(settings);
  result.on_stopped = [this](std::int32_t code) { exit_code = code; };
  return result;
}

// Without a shutdown_coordinator the exit code decides.
bool agent::parts::leaves() const {
  return progress.keep_claude
         || (progress.leaves_claude && exit_code.value_or(0) != 0);
}

// Unread output waits in the log; without a state directory it is lost.
void agent::parts::finish(bool keep_pipes) {
  auto left = leaves();
  std::visit(
    [keep_pipes](auto& port) {
      if constexpr (requires { port.finish(keep_pipes); })
        port.finish(keep_pipes);
    },
    output_port);
  auto position = output.position();
  auto end = protocol->shown_to();
  if (auto unread = end - std::min(end, position); unread > 0) {
    auto lost = state.place().directory().empty();
    context.log.write(
      lost ? log_level::error : log_level::warn, "agent",
      lost ? "output_lost" : "output_left",
      {{"bytes", unread}, {"reason", "nobody read the output in time"}});
  }
  if (ways_in)
    ways_in->finish();
  input.finish(keep_pipes, progress.input_goes_on.value_or(false));
  spawned.conclude(left);
  if (reaper && !left)
    reaper->finish();
}

// After an orderly end the next agent has nothing to continue.
void agent::parts::conclude() {
  constexpr auto graceful
    = static_cast<std::int32_t>(container_agent::exit_code::graceful);
  if (exit_code == graceful && !progress.input_goes_on.value_or(false)
      && !settings.claude.is_raw())
    state.events().append(
      codec::ended_record({clock.now(), state.events().end()}));
}

agent::agent(runtime::event_loop& loop, event_log& log, const options& settings,
             std::vector<std::string> environment)
  : parts_{
    std::make_unique<parts>(loop, log, settings, std::move(environment))} {}

agent::~agent() = default;

std::int32_t agent::run() {
  auto& p = *parts_;
  p.family->start(p.system);
  try {
    p.loop.run_until([&p] { return p.exit_code.has_value(); });
  } catch (...) {
    if (p.trace)
      p.trace->dumps().write("crash");
    throw;
  }
  if (!runtime::run_until_all_ended(p.system, p.loop, end_timeout))
    p.context.log.write(log_level::error, "agent", "actors_left",
                        {{"count", p.system.registry().running()}});
  p.finish(p.leaves());
  p.conclude();
  // Without an exit code the loop has run out of work, which is a defect.
  return p.exit_code.value_or(
    static_cast<std::int32_t>(exit_code::internal_error));
}

void agent::shut_down(std::string reason) {
  auto& goes_on = parts_->progress.input_goes_on;
  goes_on = goes_on.value_or(false);
  parts_->family->shut_down({std::move(reason), 0, true});
}

// If Claude can't stay, its turn is finished, and the state for the next agent
// is kept.
void agent::upgrade(std::string reason) {
  auto& goes_on = parts_->progress.input_goes_on;
  goes_on = goes_on.value_or(!parts_->state.place().directory().empty());
  parts_->family->shut_down(
    {std::move(reason), 0, true, may_leave_claude(parts_->settings)});
}

void agent::shut_down_now(std::string reason) {
  shut_down(reason);
  shut_down(std::move(reason));
}

void agent::dump_trace(std::string_view reason) {
  if (parts_->trace)
    parts_->trace->dumps().write(reason);
}

void agent::forward(int signal) {
  auto& p = *parts_;
  if (!p.process.running())
    return;
  auto error = p.process.signal_group(signal);
  p.context.log.write(log_level::info, "agent", "signal_forwarded",
                      {{"signal", signal},
                       {"pid", p.process.pid()},
                       {"error", error ? error.message() : ""}});
}

} // namespace container_agent
