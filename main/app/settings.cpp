#include "main/app/settings.hpp"

#include "main/log/redaction.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace container_agent {

namespace {

codec::input_format to_codec(options::input_format format) {
  switch (format) {
    case options::input_format::automatic:
      return codec::input_format::automatic;
    case options::input_format::text: return codec::input_format::text;
    case options::input_format::stream_json:
      return codec::input_format::stream_json;
  }
  return codec::input_format::automatic;
}

encoder_kind to_voice(const options& o) {
  if (o.claude.transparent)
    return encoder_kind::transparent;
  if (o.output.open_for_each_reply)
    return encoder_kind::replies;
  return o.output.format == options::output_format::text
           ? encoder_kind::text
           : encoder_kind::stream_json;
}

} // namespace

claude_session_config claude_session_settings(const options& o) {
  claude_session_config result;
  result.input = to_codec(o.input.format);
  result.encoder = to_voice(o);
  result.queue = {.prompts = o.limits.max_queue,
                  .bytes = o.limits.max_queue_bytes,
                  .in_flight = o.limits.max_in_flight};
  result.lines = {.max_line = o.limits.max_line_bytes,
                  .json = o.input.format == options::input_format::automatic};
  result.max_backlog = o.state.max_backlog;
  result.sync = o.state.sync;
  result.transparent = o.claude.transparent;
  result.task_patience = o.supervision.stall_timeout;
  result.permission_timeout = o.supervision.permission_timeout;
  result.redact = [](std::string_view text) { return redact(text); };
  result.given_session = session_in(o.claude.arguments);
  result.continue_prompt
    = o.supervision.continues ? o.supervision.continue_prompt : std::string{};
  // Sets the limit so that the session is given up before Claude is. A crash
  // may have used up one of the restarts, and the new session needs one.
  auto spare = std::max(restart_settings(o).max_restarts, 2U) - 2;
  result.resume_retries = std::min(spare, result.resume_retries);
  return result;
}

child_link_config child_settings(const options& o,
                                 std::vector<std::string> environment) {
  child_link_config result;
  result.command.program = o.claude.command;
  result.command.arguments = child_arguments(o.claude, {});
  result.command.environment = std::move(environment);
  result.command.directory = o.claude.directory;
  result.raw = o.claude.is_raw();
  result.launch_patience = o.supervision.launch_patience;
  return result;
}

std::vector<std::string> child_arguments(const options::claude_section& claude,
                                         std::string_view session_id) {
  if (claude.mode == options::bridge_mode::raw)
    return claude.arguments;
  std::vector<std::string> result{
    "-p",          "--input-format", "stream-json",           "--output-format",
    "stream-json", "--verbose",      "--replay-user-messages"};
  if (claude.host_answers_permissions) {
    result.emplace_back("--permission-prompt-tool");
    result.emplace_back("stdio");
  }
  result.insert(result.end(), claude.arguments.begin(), claude.arguments.end());
  launch_child launch;
  launch.session_id = session_id;
  return session_arguments(std::move(result), launch);
}

pipe_output_config pipe_output_settings(const options& o) {
  if (!o.output.open_for_each_reply)
    return {};
  return {.reply_timeout = o.output.reply_timeout};
}

drain_timeouts drain_settings(const options& o) {
  drain_timeouts result;
  result.turn = o.shutdown.drain_timeout;
  // If the agent does not know of turns, the drain waits for the child's own
  // end.
  if (o.claude.is_raw() || o.claude.transparent)
    result.close = o.shutdown.drain_timeout;
  return result;
}

health_monitor_config health_settings(const options& o) {
  return {.interval = o.health.interval,
          .max_claude_rss = o.health.max_claude_rss};
}

// When process 1 of a container ends, the kernel ends all the others.
bool may_leave_claude(const options& o) {
  return o.claude.keep && ::getpid() != 1;
}

conversation_config conversation_settings(const options& o) {
  return {.stall_timeout = o.supervision.stall_timeout,
          .start_timeout = o.supervision.start_timeout,
          .leaves_claude = may_leave_claude(o)};
}

restart_policy_config restart_settings(const options& o) {
  restart_policy_config result;
  result.max_restarts = static_cast<std::uint32_t>(o.supervision.max_restarts);
  result.window = o.supervision.window;
  result.first_delay = o.supervision.delay;
  result.max_delay = o.supervision.longest_delay();
  return result;
}

control_config control_settings(const options& o) {
  return {.stop_at_most = drain_settings(o).total()};
}

std::string settings_fault(const options& o) {
  for (const auto& fault :
       {claude_session_settings(o).validate(), child_settings(o, {}).validate(),
        pipe_output_settings(o).validate(), drain_settings(o).validate(),
        health_settings(o).validate(), restart_settings(o).validate(),
        conversation_settings(o).validate(), control_settings(o).validate()})
    if (!fault.empty())
      return fault;
  return {};
}

} // namespace container_agent
