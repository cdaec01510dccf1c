#include "main/wiring.hpp"

#include "actors/agent_tree.hpp"
#include "actors/raw_relay.hpp"
#include "main/runtime/child_process.hpp"
#include "main/runtime/control_server.hpp"
#include "main/runtime/fifo_input.hpp"
#include "main/runtime/fifo_output.hpp"
#include "main/runtime/fifo_reply_output.hpp"
#include "main/runtime/process_probe.hpp"
#include "main/runtime/scheduler.hpp"
#include "main/runtime/system_ports.hpp"
#include "main/settings.hpp"
#include "messages/type_ids.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/send.hpp>

#include <chrono>
#include <optional>
#include <utility>
#include <variant>

namespace container_agent {

namespace {

// Actors that were told to stop have nothing left to wait for; this bounds a
// defect, not a normal end.
constexpr std::chrono::seconds end_timeout{2};

// Raw mode is for throughput: larger pipes make fewer switches between the
// processes. The FIFOs get the most that a process without privileges may have;
// more than 256 KiB for the child's pipes only made the cache miss. Elsewhere
// the kernel's 64 KiB will do: all pipes of a user count against one limit
// (16,384 pages), and many agents may share a user.
constexpr int raw_fifo_capacity = 1024 * 1024;
constexpr int raw_pipe_capacity = 256 * 1024;

bool is_raw(const options& o) {
  return o.claude.mode == options::bridge_mode::raw;
}

runtime::fifo_place place_of(const std::string& path, const options& o) {
  return runtime::fifo_place{path, o.pipes.permissions,
                             is_raw(o) ? raw_fifo_capacity : 0};
}

struct actor_settings : caf::actor_system_config {
  explicit actor_settings(runtime::event_loop& loop) {
    add_message_types<caf::id_block::container_agent>();
    add_error_category(
      agent_error_category,
      [](std::uint8_t code, caf::atom_value, const caf::message&) {
        return to_string(static_cast<agent_error>(code));
      });
    runtime::install_scheduler(*this, loop);
  }
};

using host_output_port = std::variant<std::monostate, runtime::fifo_output,
                                      runtime::fifo_reply_output>;

} // namespace

// In the order of their making: what is lent comes before who borrows it, and
// the actor system, which ends first, is last.
struct agent::parts {
  parts(runtime::event_loop& l, event_log& log, const options& settings,
        std::vector<std::string> environment);
  ~parts();

  host_sink& open_output(event_log& log, const options& settings);
  void open_control(const options& settings);
  std::unique_ptr<bridge> make_bridge(const options& settings);
  void start(const options& settings);
  void finish(bool keep_pipes);

  const options& settings;
  runtime::event_loop& loop;
  runtime::system_wall_clock clock;
  runtime::system_random_source random;
  actor_context context;

  runtime::fifo_watch watch;
  runtime::fifo_input input;
  host_output_port output_port;
  host_sink& output;
  runtime::posix_child_process process;
  runtime::proc_probe processes;
  std::optional<runtime::control_server> control_socket;

  line_reader reader;
  std::unique_ptr<bridge> protocol;
  child_link link;
  pipe_output_resources output_resources;
  shutdown_progress progress;

  actor_settings actor_config;
  caf::actor_system system;
  supervisor_actor root;
  std::optional<std::int32_t> exit_code;
};

agent::parts::parts(runtime::event_loop& l, event_log& log,
                    const options& settings,
                    std::vector<std::string> environment)
  : settings{settings},
    loop{l},
    context{clock, random, log},
    watch{loop, log},
    input{loop, watch, log, place_of(settings.pipes.input, settings)},
    output{open_output(log, settings)},
    process{loop, is_raw(settings) ? raw_pipe_capacity : 0},
    reader{input, line_reader_settings(settings)},
    protocol{make_bridge(settings)},
    link{process, child_settings(settings, std::move(environment)), context},
    output_resources{output, {}, 0, 0},
    progress{drain_settings(settings)},
    actor_config{loop},
    system{actor_config} {
  progress.stop_input_first = is_raw(settings);
  try {
    open_control(settings);
  } catch (...) {
    finish(settings.pipes.keep); // else pipes made a moment ago would stay
    throw;
  }
}

// After an error that ended the loop there are actors that will never end: they
// must not be waited for, and ports must not hold them beyond their system.
agent::parts::~parts() {
  reader.on_arrival({});
  link.on_change({});
  output.on_drained({});
  if (control_socket)
    control_socket->on_request({});
  root = nullptr;
  system.await_actors_before_shutdown(false);
}

host_sink& agent::parts::open_output(event_log& log, const options& settings) {
  auto place = place_of(settings.pipes.output, settings);
  if (settings.output.open_for_each_reply)
    return output_port.emplace<runtime::fifo_reply_output>(loop, watch, log,
                                                           std::move(place));
  using content = runtime::fifo_output::content;
  return output_port.emplace<runtime::fifo_output>(
    loop, watch, log, std::move(place),
    is_raw(settings) ? content::raw : content::lines);
}

// Nobody has asked for the one at the default path: where it can't be made,
// such as in a folder that is not the agent's, the agent does without.
void agent::parts::open_control(const options& settings) {
  if (settings.control.path.empty())
    return;
  try {
    control_socket.emplace(loop, context.log, settings.control.path);
  } catch (const runtime::socket_error& error) {
    if (settings.control.asked_for
        || error.why() != runtime::socket_error::kind::unusable)
      throw;
    context.log.write(log_level::warn, "agent", "control_unavailable",
                      {{"error", error.what()}});
  }
}

std::unique_ptr<bridge> agent::parts::make_bridge(const options& settings) {
  if (is_raw(settings))
    return std::make_unique<raw_relay>(context);
  return std::make_unique<dialogue>(dialogue_settings(settings), context);
}

void agent::parts::start(const options& settings) {
  supervisor_config config;
  config.children
    = agent_children({reader, *protocol, link, output_resources, progress,
                      control_socket ? &*control_socket : nullptr, &processes},
                     {pipe_output_settings(settings), health_settings(settings),
                      restart_settings(settings), control_settings(settings)},
                     context);
  config.on_stopped = [this](std::int32_t code) { exit_code = code; };
  root = system.spawn<supervisor>(std::move(config), context);
  // A supervisor that ends any other way is a defect that nobody can repair.
  root->attach_functor([this] {
    if (!exit_code)
      exit_code = static_cast<std::int32_t>(exit_code::internal_error);
  });
}

void agent::parts::finish(bool keep_pipes) {
  if (auto lost = output.pending(); lost > 0 || !protocol->to_host.empty())
    context.log.write(log_level::error, "agent", "output_lost",
                      {{"bytes", std::uint64_t{lost}},
                       {"pieces", std::uint64_t{protocol->to_host.size()}},
                       {"reason", "nobody read the output in time"}});
  if (control_socket)
    control_socket->finish();
  input.finish(keep_pipes);
  std::visit(
    [keep_pipes](auto& port) {
      if constexpr (requires { port.finish(keep_pipes); })
        port.finish(keep_pipes);
    },
    output_port);
}

agent::agent(runtime::event_loop& loop, event_log& log, const options& settings,
             std::vector<std::string> environment)
  : parts_{
    std::make_unique<parts>(loop, log, settings, std::move(environment))} {}

agent::~agent() = default;

std::int32_t agent::run() {
  auto& p = *parts_;
  p.start(p.settings);
  p.loop.run_until([&p] { return p.exit_code.has_value(); });
  if (!runtime::run_until_all_ended(p.system, p.loop, end_timeout))
    p.context.log.write(
      log_level::error, "agent", "actors_left",
      {{"count", std::uint64_t{p.system.registry().running()}}});
  p.finish(p.settings.pipes.keep);
  // The loop has nothing left to wait for, should it end without a word.
  return p.exit_code.value_or(
    static_cast<std::int32_t>(exit_code::internal_error));
}

void agent::shut_down(std::string reason) {
  caf::anon_send(parts_->root, begin_shutdown{std::move(reason), 0, true});
}

} // namespace container_agent
