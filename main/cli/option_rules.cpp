#include "main/cli/option_rules.hpp"

#include "main/cli/environment.hpp"
#include "main/cli/value_text.hpp"

#include <algorithm>
#include <array>

namespace container_agent {

namespace {

using format_in = options::input_format;
using format_out = options::output_format;

/// The agent opens its pipes for reading and writing.
constexpr std::uint32_t owner_reads_and_writes = 0600;

constexpr std::size_t longest_instance = 64;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_instance_name(std::string_view name) {
  auto allowed = [](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !name.empty() && name.size() <= longest_instance
         && is_letter(name.front())
         && std::all_of(name.begin(), name.end(), allowed);
}

void check_pipes(const option_sources& given, const options::pipe_section& x) {
  if (!is_instance_name(x.instance))
    throw option_error{given.where("instance"),
                       in_quotes(x.instance) + " can't be an instance's name",
                       "Begin with a letter; then letters, digits, _ and -, at "
                       "most 64 in all."};
  if ((x.permissions & owner_reads_and_writes) != owner_reads_and_writes)
    throw option_error{given.where("pipe-mode"),
                       "the pipes' owner must be able to read and write them",
                       "Give a mode from 0600 on, such as 0660."};
  if (x.input == x.output)
    throw option_error{given.where("output-pipe"),
                       "input and output are the same pipe, " + x.input,
                       "Give two paths."};
}

void check_health(const option_sources& given, const options& read) {
  if (read.health.max_claude_rss > 0 && read.health.interval.count() == 0)
    throw option_error{given.where("max-claude-rss"),
                       "nobody looks at Claude's memory with "
                       "--health-interval 0",
                       "Give an interval such as 10s, or leave this out."};
}

void check_control(const option_sources& given, const options& read) {
  const auto& path = read.control.path;
  if (read.control.asked_for && path.find('\0') != std::string::npos)
    throw option_error{given.where("control-socket"),
                       "has a NUL character in it", "Give a path."};
  if (!path.empty() && (path == read.pipes.input || path == read.pipes.output))
    throw option_error{given.where("control-socket"),
                       path + " is one of the pipes", "Give another path."};
}

void check_raw(const option_sources& given, const options& read) {
  for (auto name : {"input-format", "output-format", "compat", "reply-timeout",
                    "transparent", "max-in-flight", "permission-prompts",
                    "fresh", "sync", "keep-events"})
    if (given.has(name))
      throw option_error{given.where(name),
                         "has no meaning with --mode raw, which hands on bytes "
                         "as they are",
                         "Leave one of the two out."};
  std::string state = "none";
  given.read("state-dir", state);
  if (state != "none")
    throw option_error{given.where("state-dir"),
                       "has no meaning with --mode raw, of which no state is "
                       "kept",
                       "Leave one of the two out."};
  if (!given.has("claude-command"))
    throw option_error{
      given.where("mode"), "raw mode needs to know what to start",
      "Give it as --claude-command CMD; " + in_quotes(read.claude.command)
        + " alone would want a terminal."};
}

void check_compat(const option_sources& given, const options& read) {
  if (given.has("input-format") && read.input.format != format_in::text)
    throw option_error{given.where("input-format"),
                       "--compat cc-bridge means text input",
                       "Leave one of the two out."};
  if (given.has("output-format") && read.output.format != format_out::text)
    throw option_error{given.where("output-format"),
                       "--compat cc-bridge means text output",
                       "Leave one of the two out."};
}

void check_transparent(const option_sources& given, const options& read) {
  if (read.output.open_for_each_reply)
    throw option_error{given.where("transparent"),
                       "can't go with --compat, which means text",
                       "Leave one of the two out."};
  if (read.input.format != format_in::stream_json)
    throw option_error{given.where("input-format"),
                       "--transparent means stream-json input",
                       "Leave one of the two out."};
  if (read.output.format != format_out::stream_json)
    throw option_error{given.where("output-format"),
                       "--transparent means stream-json output",
                       "Leave one of the two out."};
}

void check_formats(const option_sources& given, const options& read) {
  if (read.claude.mode == options::bridge_mode::raw) {
    check_raw(given, read);
    return;
  }
  if (read.claude.transparent)
    check_transparent(given, read);
  if (read.output.open_for_each_reply)
    check_compat(given, read);
  else if (given.has("reply-timeout"))
    throw option_error{given.where("reply-timeout"),
                       "has a meaning with --compat cc-bridge only",
                       "Add that, or leave this out."};
  if (read.claude.host_answers_permissions
      && read.output.format == format_out::text)
    throw option_error{given.where("permission-prompts"),
                       "the host can't see permission requests in text output",
                       "Add --output-format stream-json, or use none."};
}

/// A Claude that outlives the agent is found again in the state's directory.
void check_keep(const option_sources& given, const options& read) {
  if (!read.claude.keep)
    return;
  auto refuse = [&](std::string what) {
    throw option_error{given.where("keep-claude"), std::move(what),
                       "Leave one of the two out."};
  };
  if (read.claude.is_raw())
    refuse("can't go with --mode raw, of which no state is kept");
  if (read.attach.only)
    refuse("can't go with --attach-only, which starts no Claude");
  if (read.state.directory.empty())
    refuse("can't go with --state-dir none: the next agent would not find it");
}

void check_state(const option_sources& given, const options& read) {
  if (read.claude.is_raw() || !read.state.directory.empty())
    return;
  for (auto name : {"fresh", "sync", "keep-events"})
    if (given.has(name))
      throw option_error{given.where(name),
                         "has no meaning with --state-dir none, of which "
                         "nothing outlives the agent",
                         "Leave one of the two out."};
}

/// Claude's options that are the agent's own business, and why.
struct reserved_option {
  std::string_view name;
  std::string_view why;
  std::string_view advice;
};

constexpr std::array reserved{
  reserved_option{"--input-format", "the agent speaks stream-json with Claude",
                  "What the host speaks is container-agent's own "
                  "--input-format, before --."},
  reserved_option{"--output-format", "the agent speaks stream-json with Claude",
                  "What the host hears is container-agent's own "
                  "--output-format, before --."},
};

/// "--model opus" as one argument: Claude would not know such an option.
bool is_two_words(std::string_view argument) {
  if (argument.size() < 3 || !argument.starts_with("--")
      || !is_letter(argument[2]))
    return false;
  auto name = argument.substr(0, argument.find('='));
  return name.find(' ') != std::string_view::npos;
}

void check_claude_arguments(const option_sources& given, const options& read) {
  const auto& arguments = read.claude.arguments;
  for (const auto& argument : arguments)
    if (argument.find('\0') != std::string::npos)
      throw option_error{given.where("claude-args"),
                         "an argument has a NUL character in it",
                         "Check the file's \\u escapes."};
  if (read.claude.mode == options::bridge_mode::raw)
    return;
  for (std::string_view argument : arguments) {
    if (is_two_words(argument))
      throw option_error{given.where("claude-args"),
                         in_quotes(argument)
                           + " is one argument for Claude, which "
                             "has no such option",
                         "Give each word on its own, best after --."};
    auto name = argument.substr(0, argument.find('='));
    for (const auto& option : reserved)
      if (name == option.name)
        throw option_error{"Claude's argument " + std::string{name},
                           std::string{option.why}, std::string{option.advice}};
    if (name == "--permission-prompt-tool"
        && read.claude.host_answers_permissions)
      throw option_error{"Claude's argument " + std::string{name},
                         "permission requests go to the host already",
                         "Add --permission-prompts none, before --."};
  }
}

void check_variables(const option_sources& given,
                     const options::claude_section& claude) {
  auto own = [&](std::string_view option, std::string_view name) {
    if (name == "CLAUDECODE")
      throw option_error{given.where(option),
                         "CLAUDECODE is never passed: Claude would take itself "
                         "for a part of another session",
                         "Leave it out."};
    if (name.starts_with("CONTAINER_AGENT_"))
      throw option_error{given.where(option),
                         std::string{name}
                           + " is the agent's own and never "
                             "passed",
                         "Choose another name."};
  };
  for (std::string_view variable : claude.environment) {
    auto equals = variable.find('=');
    auto name = variable.substr(0, equals);
    if (equals == std::string_view::npos)
      throw option_error{given.where("env"), in_quotes(variable) + " has no =",
                         "Write NAME=VALUE; --env-pass NAME passes the agent's "
                         "own value on."};
    if (!is_variable_name(name) || variable.find('\0') != std::string::npos)
      throw option_error{given.where("env"),
                         in_quotes(name) + " can't be a variable's name",
                         "Use letters, digits and _, no digit first."};
    own("env", name);
  }
  for (std::string_view name : claude.pass) {
    bool is_pattern = name.ends_with('*');
    auto stem = is_pattern ? name.substr(0, name.size() - 1) : name;
    if (!is_variable_name(stem) && !(is_pattern && stem.empty()))
      throw option_error{given.where("env-pass"),
                         in_quotes(name) + " can't be a variable's name",
                         "Use letters, digits and _, no digit first; one * at "
                         "the end stands for any rest."};
    if (!is_pattern)
      own("env-pass", name);
  }
}

void check_attach(const option_sources& given) {
  bool off = false;
  given.read("no-attach", off);
  if (!off)
    return;
  for (auto name : {"attach-only", "attach-pid"})
    if (given.has(name))
      throw option_error{given.where(name), "can't go with --no-attach",
                         "Leave one of the two out."};
}

} // namespace

void refuse_contradictions(const option_sources& given, const options& read) {
  check_pipes(given, read.pipes);
  check_formats(given, read);
  check_keep(given, read);
  check_state(given, read);
  check_claude_arguments(given, read);
  check_variables(given, read.claude);
  check_attach(given);
  check_health(given, read);
  check_control(given, read);
  if (read.supervision.delay > read.supervision.delay_max)
    throw option_error{
      given.where(given.has("restart-delay") ? "restart-delay"
                                             : "restart-delay-max"),
      "the first delay, " + format_duration(read.supervision.delay)
        + ", is longer than the longest, "
        + format_duration(read.supervision.delay_max),
      "Raise --restart-delay-max or lower --restart-delay."};
}

} // namespace container_agent
