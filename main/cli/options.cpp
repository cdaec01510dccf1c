#include "main/cli/options.hpp"
#include "messages/agent_version.hpp"

#include "actors/child/child_link.hpp"
#include "main/cli/option_places.hpp"
#include "main/cli/option_rules.hpp"
#include "main/cli/option_sources.hpp"
#include "main/cli/value_text.hpp"
#include "messages/errors.hpp"

#include <boost/version.hpp>
#include <caf/config.hpp>

namespace container_agent {

namespace {

using namespace std::chrono_literals;

using format_in = options::input_format;
using format_out = options::output_format;

// Bounds of what can be asked for. They keep a slip of the pen from becoming a
// memory fault or a timer that never fires.
constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t most_in_flight = 1000;
constexpr std::uint64_t least_line_bytes = 1;
constexpr std::uint64_t most_line_bytes = 1024 * 1024 * kib;
constexpr std::uint64_t most_queued = 1'000'000;
constexpr std::uint64_t least_queue_bytes = 1;
constexpr std::uint64_t most_queue_bytes = 1024 * 1024 * kib;
constexpr std::uint64_t most_restarts = 1000;
constexpr std::uint64_t most_pid = 4 * 1024 * 1024; // PID_MAX_LIMIT of Linux
constexpr std::uint64_t most_claude_rss = 1024 * 1024 * 1024 * kib;
constexpr std::uint64_t most_trace_events = 1024 * 1024;
constexpr std::uint64_t least_trace_file = 64 * kib;
constexpr std::uint64_t most_trace_file = 1024 * 1024 * kib;
constexpr std::uint64_t most_trace_files = 1000;
constexpr std::chrono::milliseconds longest_wait = 24h;

void read_protocol(const option_sources& given, options& result) {
  given.read_choice<options::bridge_mode>(
    "mode",
    {{"claude", options::bridge_mode::claude},
     {"raw", options::bridge_mode::raw}},
    result.claude.mode);
  given.read_choice<format_in>("input-format",
                               {{"auto", format_in::automatic},
                                {"text", format_in::text},
                                {"stream-json", format_in::stream_json}},
                               result.input.format);
  given.read_choice<format_out>(
    "output-format",
    {{"stream-json", format_out::stream_json}, {"text", format_out::text}},
    result.output.format);
  given.read_choice<bool>("compat", {{"cc-bridge", true}},
                          result.output.open_for_each_reply);
  given.read_duration("reply-timeout", 1ms, longest_wait,
                      result.output.reply_timeout);
  given.read("transparent", result.claude.transparent);
  given.read("exit-on-eof", result.input.exit_on_eof);
}

/// What one option says about another's value.
void resolve_formats(const option_sources& given, options& result) {
  if (result.output.open_for_each_reply) {
    if (!given.has("input-format"))
      result.input.format = format_in::text;
    if (!given.has("output-format"))
      result.output.format = format_out::text;
  }
  if (result.claude.transparent && !given.has("input-format"))
    result.input.format = format_in::stream_json;
  enum class who { automatic, host, nobody };
  auto answers = who::automatic;
  given.read_choice<who>(
    "permission-prompts",
    {{"auto", who::automatic}, {"host", who::host}, {"none", who::nobody}},
    answers);
  bool host_can = result.output.format == format_out::stream_json
                  && result.claude.mode == options::bridge_mode::claude;
  result.claude.host_answers_permissions
    = answers == who::host || (answers == who::automatic && host_can);
}

void read_claude(const option_sources& given, options::claude_section& claude) {
  given.read("claude-command", claude.command);
  given.read("claude-args", claude.arguments);
  given.read("cwd", claude.directory);
  given.read("env", claude.environment);
  given.read("env-pass", claude.pass);
  given.read("keep-claude", claude.keep);
}

void read_rules(const option_sources& given, std::vector<restart_rule>& rules) {
  std::vector<std::string> texts;
  given.read("restart", texts);
  for (const auto& text : texts) {
    auto read = parse_restart_rule(text);
    if (auto* error = std::get_if<restart_rule_error>(&read))
      throw option_error{given.where("restart"), error->what, error->advice};
    rules.push_back(std::move(std::get<restart_rule>(read)));
  }
}

void read_attach(const option_sources& given, options& result) {
  auto& attach = result.attach;
  bool off = false;
  given.read("no-attach", off);
  given.read("attach-only", attach.only);
  std::uint64_t pid = 0;
  given.read_count("attach-pid", 1, most_pid, pid);
  attach.pid = static_cast<std::int32_t>(pid);
  // Whatever a raw child is, it does not say that it is meant to be shared.
  attach.look = !off && result.claude.mode == options::bridge_mode::claude;
}

void read_limits(const option_sources& given, options& result) {
  auto& limits = result.limits;
  given.read_count("max-in-flight", 1, most_in_flight, limits.max_in_flight);
  given.read_size("max-line-bytes", least_line_bytes, most_line_bytes,
                  limits.max_line_bytes);
  given.read_count("max-queue", 1, most_queued, limits.max_queue);
  given.read_size("max-queue-bytes", least_queue_bytes, most_queue_bytes,
                  limits.max_queue_bytes);
  auto& supervision = result.supervision;
  given.read_count("max-restarts", 0, most_restarts, supervision.max_restarts);
  given.read_duration("restart-window", 1ms, longest_wait, supervision.window);
  given.read_duration("restart-delay", 0ms, longest_wait, supervision.delay);
  given.read_duration("restart-delay-max", 0ms, longest_wait,
                      supervision.delay_max);
  given.read_part("restart-jitter", supervision.jitter);
  given.read_choice<give_up_action>(
    "on-give-up",
    {{"exit", give_up_action::exit}, {"wait", give_up_action::wait}},
    supervision.on_give_up);
  read_rules(given, supervision.rules);
  given.read_choice<bool>("on-crash", {{"continue", true}, {"fail", false}},
                          supervision.continues);
  given.read("continue-prompt", supervision.continue_prompt);
  if (supervision.continue_prompt.find_first_not_of(" \t\r\n")
      == std::string::npos)
    throw option_error{given.where("continue-prompt"), "must not be blank",
                       "Leave it out, or say --on-crash fail."};
  given.read_duration("stall-timeout", 0ms, longest_wait,
                      supervision.stall_timeout);
  given.read_duration("start-timeout", 0ms, longest_wait,
                      supervision.start_timeout);
  given.read_duration("launch-patience", 0ms, longest_wait,
                      supervision.launch_patience);
  given.read_duration("permission-timeout", 0ms, longest_wait,
                      supervision.permission_timeout);
  given.read_duration("drain-timeout", 0ms, longest_wait,
                      result.shutdown.drain_timeout);
  given.read("subreaper", result.process.subreaper);
  given.read_duration("health-interval", 0ms, longest_wait,
                      result.health.interval);
  given.read_size("max-claude-rss", 0, most_claude_rss,
                  result.health.max_claude_rss);
}

void read_log(const option_sources& given, log_settings& log) {
  given.read_choice<std::optional<log_level>>("log-level",
                                              {{"trace", log_level::trace},
                                               {"debug", log_level::debug},
                                               {"info", log_level::info},
                                               {"warn", log_level::warn},
                                               {"error", log_level::error},
                                               {"off", std::nullopt}},
                                              log.level);
  given.read_choice<log_format>(
    "log-format", {{"json", log_format::json}, {"text", log_format::text}},
    log.format);
  given.read("log-file", log.file);
}

// Without a token whoever reaches the address could read all.
void read_http(const option_sources& given, options::http_section& http) {
  std::string address;
  given.read("http", address);
  given.read("http-token-file", http.token_file);
  if (address.empty() && !http.token_file.empty())
    throw option_error{given.where("http-token-file"),
                       "means nothing without --http",
                       "Add --http ADDRESS, or leave it out."};
  if (address.empty())
    return;
  http.address = parse_http_address(address);
  if (!http.address)
    throw option_error{given.where("http"),
                       "must be numbers, not " + in_quotes(address),
                       "Write it as 127.0.0.1:8080 or [::1]:8080."};
  if (http.token_file.empty() && !http.address->loopback)
    throw option_error{given.where("http"),
                       address + " can be reached from elsewhere, so a token "
                         + "is needed",
                       "Add --http-token-file FILE, or use 127.0.0.1."};
}

void read_trace(const option_sources& given, options::trace_section& trace) {
  given.read_count("trace-ring", 0, most_trace_events, trace.ring);
  given.read("trace-file", trace.file);
  given.read_size("trace-file-size", least_trace_file, most_trace_file,
                  trace.file_size);
  given.read_count("trace-files", 0, most_trace_files, trace.files);
  given.read("trace-dir", trace.directory);
}

// An option of subcommands, given to the agent itself, is most likely a
// subcommand forgotten. In the environment and the file it may stand for both.
void refuse_client_options(const command_line& line) {
  for (const auto& row : option_table())
    if (row.group == client_group && line.values.contains(row.name))
      throw option_error{"--" + std::string{row.name},
                         "is an option of subcommands",
                         "Name one first, such as: container-agent health."};
}

client_options read_client(std::string command, command_line line,
                           const std::vector<std::string>& environment) {
  for (const auto& row : option_table())
    if (!row.only_of.empty() && row.only_of != command
        && line.values.contains(row.name))
      throw option_error{"--" + std::string{row.name},
                         "is an option of " + std::string{row.only_of}
                           + ", not of " + command,
                         "Leave it out."};
  if (line.values.contains("live") && line.values.contains("ready"))
    throw option_error{"--live", "can't go with --ready",
                       "Ask one question at a time."};
  option_sources given{std::move(line), environment};
  client_options result;
  result.command = std::move(command);
  options::pipe_section pipes;
  options::control_section control;
  read_pipes(given, pipes);
  read_control(given, pipes, control);
  result.socket = control.path;
  result.input = pipes.input;
  given.read_duration("timeout", 1ms, longest_wait, result.timeout);
  given.read("json", result.json);
  given.read("live", result.live);
  given.read("ready", result.ready);
  given.read("now", result.now);
  given.read("from", result.from);
  given.read("follow", result.follow);
  if (result.from != "start" && result.from != "end"
      && !parse_count(result.from))
    throw option_error{given.where("from"),
                       in_quotes(result.from) + " is no offset",
                       "Give a number of bytes, start or end."};
  options::state_section state;
  read_state(given, pipes, false, state);
  result.state = state.directory;
  return result;
}

options read_all(command_line line,
                 const std::vector<std::string>& environment) {
  refuse_client_options(line);
  auto passed_on = std::move(line.passed_on);
  option_sources given{std::move(line), environment};
  options result;
  given.read("config", result.config_file);
  given.read("check", result.check);
  read_pipes(given, result.pipes);
  read_control(given, result.pipes, result.control);
  read_protocol(given, result);
  read_claude(given, result.claude);
  read_state(given, result.pipes, result.claude.is_raw(), result.state);
  read_attach(given, result);
  read_limits(given, result);
  read_log(given, result.log);
  read_trace(given, result.trace);
  read_http(given, result.http);
  resolve_formats(given, result);
  result.claude.arguments.insert(result.claude.arguments.end(),
                                 passed_on.begin(), passed_on.end());
  result.warnings = given.warnings();
  refuse_contradictions(given, result);
  return result;
}

early_exit usage_error(const option_error& error) {
  std::string text = "container-agent: ";
  if (!error.where.empty())
    text += error.where + ": ";
  text += error.what + '\n';
  if (!error.advice.empty())
    text += "  " + error.advice + '\n';
  return {static_cast<std::int32_t>(exit_code::bad_usage), std::move(text)};
}

} // namespace

std::variant<options, early_exit>
parse_options(int argc, const char* const* argv,
              const std::vector<std::string>& environment) {
  auto line = read_command_line(argc, argv);
  if (auto* error = std::get_if<command_line_error>(&line))
    return usage_error({"", error->what, error->advice});
  auto& read = std::get<command_line>(line);
  if (read.values.contains("help"))
    return early_exit{0, help_text()};
  if (read.values.contains("version"))
    return early_exit{0, version_text()};
  try {
    return read_all(std::move(read), environment);
  } catch (const option_error& error) {
    return usage_error(error);
  }
}

bool is_client(int argc, const char* const* argv) {
  return argc > 1 && is_subcommand(argv[1]);
}

std::variant<client_options, early_exit>
parse_client_options(int argc, const char* const* argv,
                     const std::vector<std::string>& environment) {
  auto line = read_command_line(argc - 1, argv + 1);
  if (auto* error = std::get_if<command_line_error>(&line))
    return usage_error({"", error->what, error->advice});
  auto& read = std::get<command_line>(line);
  if (read.values.contains("help"))
    return early_exit{0, help_text()};
  try {
    return read_client(argv[1], std::move(read), environment);
  } catch (const option_error& error) {
    return usage_error(error);
  }
}

std::string version_text() {
  auto number = [](auto x) { return std::to_string(x); };
  return "container-agent " + std::string{agent_version()} + "\nCAF "
         + number(CAF_MAJOR_VERSION) + '.' + number(CAF_MINOR_VERSION) + '.'
         + number(CAF_PATCH_VERSION) + ", Boost "
         + number(BOOST_VERSION / 100000) + '.'
         + number(BOOST_VERSION / 100 % 1000) + '.'
         + number(BOOST_VERSION % 100) + '\n';
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

} // namespace container_agent
