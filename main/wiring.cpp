#include "main/wiring.hpp"

#include "actors/agent_tree.hpp"
#include "actors/raw_relay.hpp"
#include "main/doors.hpp"
#include "main/hook.hpp"
#include "main/kept_parts.hpp"
#include "main/runtime/attaching_child_process.hpp"
#include "main/runtime/fifo_input.hpp"
#include "main/runtime/fifo_output.hpp"
#include "main/runtime/fifo_reply_output.hpp"
#include "main/runtime/orphan_reaper.hpp"
#include "main/runtime/process_probe.hpp"
#include "main/runtime/scheduler.hpp"
#include "main/runtime/start_pages.hpp"
#include "main/runtime/system_ports.hpp"
#include "main/runtime/trace/traced_ports.hpp"
#include "main/settings.hpp"
#include "main/tracing.hpp"
#include "messages/codec/agent_record.hpp"
#include "messages/type_ids.hpp"

#include <boost/asio/steady_timer.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <unistd.h>

#include <chrono>
#include <optional>
#include <utility>
#include <variant>

namespace container_agent {

namespace {

// Actors that were told to stop have nothing left to wait for; this bounds a
// defect, not a normal end.
constexpr std::chrono::seconds end_timeout{2};

// By then the first bytes have gone through: releasing the start's pages takes
// 0.5 ms, and getting back those that are used takes as long.
constexpr std::chrono::milliseconds longest_start{200};

runtime::content content_of(const options& o) {
  return o.claude.is_raw() ? runtime::content::raw : runtime::content::lines;
}

runtime::fifo_place place_of(const std::string& path, const options& o) {
  return runtime::fifo_place{path, o.pipes.permissions,
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

// In the order of their making: what is lent comes before who borrows it, and
// the actor system, which ends first, is last. The output's FIFO comes before
// the input's: a host that waits for the one that it writes into finds both.
struct agent::parts {
  parts(runtime::event_loop& l, event_log& log, const options& settings,
        std::vector<std::string> environment);
  ~parts();

  control_port* control_lent();
  host_sink& open_output(event_log& log, const options& settings);
  child_process& make_process(const options& settings);
  child_link_config make_child_config(const options& settings,
                                      std::vector<std::string> environment);
  void open_doors(const options& settings);
  void open_socket(const options::control_section& control);
  std::unique_ptr<bridge> make_bridge(const options& settings);
  supervision_config tell_family(const options& settings);
  void finish(bool keep_pipes);
  bool leaves() const;

  const options& settings;
  runtime::event_loop& loop;
  runtime::system_wall_clock clock;
  runtime::system_random_source random;
  std::unique_ptr<tracing> trace;
  actor_context context;

  runtime::fifo_watch watch;
  std::unique_ptr<kept_parts> kept;
  host_output_port output_port;
  host_sink& output;
  runtime::fifo_input input;
  std::optional<runtime::posix_child_process> spawned;
  std::optional<runtime::attaching_child_process> attaching;
  child_process& process;
  std::optional<runtime::orphan_reaper> reaper;
  runtime::proc_probe processes;
  std::optional<doors> ways_in;
  std::optional<runtime::traced_ports> traced;

  line_reader reader;
  std::unique_ptr<bridge> protocol;
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
    kept{settings.claude.keep
           ? std::make_unique<kept_parts>(loop, log, settings)
           : nullptr},
    output{open_output(log, settings)},
    input{loop,
          watch,
          log,
          place_of(settings.pipes.input, settings),
          content_of(settings),
          kept ? &kept->spool : nullptr},
    process{make_process(settings)},
    traced{trace ? std::optional<runtime::traced_ports>{std::in_place, input,
                                                        process, output,
                                                        trace->events()}
                 : std::nullopt},
    reader{traced ? traced->input : static_cast<byte_source&>(input),
           line_reader_settings(settings)},
    protocol{make_bridge(settings)},
    link{traced ? traced->process : process,
         make_child_config(settings, std::move(environment)), context},
    output_resources{traced ? traced->output : output, {}, 0, 0},
    progress{drain_settings(settings)},
    actor_config{loop, trace ? &trace->events() : nullptr, log},
    system{actor_config} {
  progress.stop_input_first = settings.claude.is_raw();
  progress.leaves_claude = may_leave_claude(settings);
  try {
    open_doors(settings);
  } catch (...) {
    finish(settings.pipes.keep); // else pipes made a moment ago would stay
    throw;
  }
  family.emplace(tell_family(settings), context);
  if (settings.process.subreaper || ::getpid() == 1)
    reaper.emplace(loop, log, kept ? kept->managed() : *spawned);
}

// After an error that ended the loop there are actors that will never end: they
// must not be waited for, and ports must not hold them beyond their system.
agent::parts::~parts() {
  reader.on_arrival({});
  link.on_change({});
  output.on_drained({});
  if (ways_in)
    ways_in->desk().on_request({});
  if (family)
    family->abandon();
  system.await_actors_before_shutdown(false);
}

host_sink& agent::parts::open_output(event_log& log, const options& settings) {
  auto place = place_of(settings.pipes.output, settings);
  if (kept) {
    auto& result = output_port.emplace<runtime::fifo_output>(
      loop, watch, log, std::move(place), runtime::content::lines,
      &kept->process.output_writer());
    if (kept->process.output_standing()
        == runtime::move_note::standing::in_line)
      result.begin_in_line();
    return result;
  }
  if (settings.output.open_for_each_reply)
    return output_port.emplace<runtime::fifo_reply_output>(loop, watch, log,
                                                           std::move(place));
  return output_port.emplace<runtime::fifo_output>(
    loop, watch, log, std::move(place), content_of(settings));
}

// Nobody has asked for the one at the default path: where it can't be made,
// such as in a folder that is not the agent's, the agent does without.
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

void agent::parts::open_doors(const options& settings) {
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
    return &ways_in->desk();
  return &traced->control.emplace(ways_in->desk(), trace->events());
}

child_process& agent::parts::make_process(const options& settings) {
  if (kept)
    return kept->process;
  spawned.emplace(loop, content_of(settings));
  return attaching.emplace(loop, watch, context.log, *spawned,
                           attach_settings_of(settings));
}

child_link_config
agent::parts::make_child_config(const options& settings,
                                std::vector<std::string> environment) {
  auto result = child_settings(settings, std::move(environment));
  if (!kept)
    return result;
  result.max_held_line = kept->process.max_held_line();
  // Claude Code's own way to end in order (exit code 0).
  result.farewell = codec::control_request_line(
    std::string{codec::own_request_prefix} + "end", "end_session");
  return result;
}

std::unique_ptr<bridge> agent::parts::make_bridge(const options& settings) {
  if (settings.claude.is_raw())
    return std::make_unique<raw_relay>(context);
  auto result = std::make_unique<dialogue>(dialogue_settings(settings), context,
                                           kept ? &kept->notes : nullptr);
  if (kept) {
    result->restore(kept->notes.conversation(), kept->place.note.begin(),
                    kept->process.found());
    if (kept->process.output_standing()
        == runtime::move_note::standing::in_line)
      result->begin_in_line(kept->place.note.line_begun());
  }
  return result;
}

supervision_config agent::parts::tell_family(const options& settings) {
  agent_tree_config told;
  told.talk = conversation_settings(settings);
  told.output = pipe_output_settings(settings);
  told.health = health_settings(settings);
  told.control = control_settings(settings);
  told.restarts = restart_settings(settings);
  told.on_give_up = settings.supervision.on_give_up;
  told.adjust = [&settings](child_spec& spec) { adjust(spec, settings); };
  supervision_config result;
  result.children = agent_children({reader, *protocol, link, output_resources,
                                    progress, control_lent(), &processes},
                                   told, context);
  result.policy = restart_settings(settings);
  result.on_stopped = [this](std::int32_t code) { exit_code = code; };
  return result;
}

// Without a coordinator, who says so, too.
bool agent::parts::leaves() const {
  return progress.keep_claude
         || (progress.leaves_claude && exit_code.value_or(0) != 0);
}

void agent::parts::finish(bool keep_pipes) {
  // What a kept Claude has said stays in its own pipe, for the next agent.
  auto left = leaves();
  auto pieces = untaken(protocol->to_host, output_resources.from_conversation);
  if (auto lost = output.pending(); lost > 0 || pieces > 0)
    context.log.write(left ? log_level::warn : log_level::error, "agent",
                      left ? "output_left" : "output_lost",
                      {{"bytes", std::uint64_t{lost}},
                       {"pieces", pieces},
                       {"reason", "nobody read the output in time"}});
  if (ways_in)
    ways_in->finish();
  input.finish(keep_pipes);
  std::visit(
    [keep_pipes](auto& port) {
      if constexpr (requires { port.finish(keep_pipes); })
        port.finish(keep_pipes);
    },
    output_port);
  if (reaper && !left)
    reaper->finish();
}

agent::agent(runtime::event_loop& loop, event_log& log, const options& settings,
             std::vector<std::string> environment)
  : parts_{
    std::make_unique<parts>(loop, log, settings, std::move(environment))} {}

agent::~agent() = default;

std::int32_t agent::run() {
  auto& p = *parts_;
  if (p.kept) // not before: what is told here must not be lost by a bad start
    p.output.write(bytes{p.kept->first_words(p.context)});
  p.family->start(p.system);
  boost::asio::steady_timer start_over{p.loop.io(), longest_start};
  start_over.async_wait([](auto error) {
    if (!error)
      runtime::release_start_pages();
  });
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
  p.finish(p.settings.pipes.keep || p.leaves());
  auto in_order = p.exit_code == static_cast<std::int32_t>(exit_code::graceful);
  if (p.kept)
    p.kept->conclude(p.context.log, p.leaves(),
                     in_order && !p.progress.input_goes_on.value_or(false));
  // The loop has nothing left to wait for, should it end without a word.
  return p.exit_code.value_or(
    static_cast<std::int32_t>(exit_code::internal_error));
}

void agent::shut_down(std::string reason) {
  auto& goes_on = parts_->progress.input_goes_on;
  goes_on = goes_on.value_or(false);
  parts_->family->shut_down({std::move(reason), 0, true});
}

// Where Claude can't stay, its turn is finished, and what the next agent has to
// know stays.
void agent::upgrade(std::string reason) {
  auto& goes_on = parts_->progress.input_goes_on;
  goes_on = goes_on.value_or(parts_->settings.claude.keep);
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
