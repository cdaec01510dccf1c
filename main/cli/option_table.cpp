#include "main/cli/option_table.hpp"

#include "main/cli/environment.hpp"
#include "main/cli/option_values.hpp"

namespace container_agent {

namespace {

using namespace std::chrono_literals;

// Bounds of what can be asked for. They keep a slip of the pen from becoming a
// memory fault.
constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t mib = 1024 * kib;
constexpr std::uint64_t gib = 1024 * mib;
constexpr std::uint64_t tib = 1024 * gib;
constexpr std::int64_t most_bytes = std::int64_t{1} << 62;
constexpr std::int32_t most_pid = 4 * 1024 * 1024; // PID_MAX_LIMIT of Linux

std::string check_instance(const std::string& name) {
  constexpr std::size_t most = 64;
  auto is_allowed = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-';
  };
  bool fits = name.size() <= most && std::ranges::all_of(name, is_allowed)
              && std::isalpha(static_cast<unsigned char>(name[0])) != 0;
  return fits ? "" : in_quotes(name) + " can't be an instance's name";
}

/// The agent opens its pipes for reading and writing.
std::string check_pipe_mode(const std::string& text) {
  auto digits = text.substr(text.starts_with('0') ? 1 : 0);
  bool fits = digits.size() == 3 && digits[0] >= '6'
              && digits.find_first_not_of("01234567") == digits.npos;
  return fits ? "" : in_quotes(text) + " is no such mode";
}

std::string check_variable(const std::string& assignment) {
  auto name = assignment.substr(0, assignment.find('='));
  if (name.size() == assignment.size())
    return in_quotes(assignment) + " has no =";
  return name.ends_with('*') ? in_quotes(name) + " can't be a variable's name"
                             : complaint_about_variable(name);
}

void add_places(option_adder add, options& o) {
  add.text("--pipe-dir", "DIR", o.pipes.directory,
           "folder of the two pipes, made if missing");
  add
    .text("--instance", "NAME", o.pipes.instance,
          "they are NAME.in.fifo and NAME.out.fifo")
    ->check(check_instance,
            "a letter, then letters, digits, _ and -, 64 in all");
  add.text("--state-dir", "DIR", o.state.directory,
           "where the conversation is kept, for the next agent "
           "[PIPE-DIR/NAME.state]; none: in memory");
  add.text("--control-socket", "PATH", o.control.path,
           "where subcommands ask [beside the pipes]; none: nowhere");
  add
    .text("--config", "FILE", o.config_file,
          "read options from it: max-queue = 100")
    ->configurable(false);
}

std::string check_address(const std::string& address) {
  return parse_http_address(address) ? ""
                                     : in_quotes(address) + " is no address";
}

void add_access(option_adder add, options& o) {
  add
    .special(
      "--pipe-mode", "OCTAL",
      [&o](const std::string& text) {
        constexpr int octal = 8;
        o.pipes.permissions
          = static_cast<std::uint32_t>(std::stoul(text, nullptr, octal));
      },
      "permissions of pipes that are made", "0660")
    ->check(check_pipe_mode, "from 0600 to 0777, such as 0660");
  add
    .special(
      "--http", "ADDRESS",
      [&o](const auto& text) { o.http.address = parse_http_address(text); },
      "serve health, metrics and the live view there")
    ->check(check_address, "numbers, 127.0.0.1:8080 or [::1]:8080");
  add.text("--http-token-file", "FILE", o.http.token_file,
           "whoever reads them has to know what is in it");
}

void add_protocol(option_adder add, options& o) {
  using mode = options::bridge_mode;
  using input = options::input_format;
  using output = options::output_format;
  add.choice<mode>("--mode", "MODE",
                   {{"claude", mode::claude}, {"raw", mode::raw}},
                   o.claude.mode, "claude; raw: any program's bytes");
  add.choice<input>("--input-format", "FORMAT",
                    {{"auto", input::automatic},
                     {"text", input::text},
                     {"stream-json", input::stream_json}},
                    o.input.format, "auto, text, stream-json");
  add.choice<output>(
    "--output-format", "FORMAT",
    {{"stream-json", output::stream_json}, {"text", output::text}},
    o.output.format, "stream-json, text");
  add.choice<bool>("--compat", "cc-bridge", {{"cc-bridge", true}},
                   o.output.open_for_each_reply,
                   "text in and out, the output closed after each answer");
  add.time("--reply-timeout", o.output.reply_timeout, 1ms,
           "how long such an answer waits");
  add.flag("--transparent", o.claude.transparent,
           "add nothing, queue nothing: for hosts that speak Claude's "
           "whole protocol");
  add.flag("--exit-on-eof", o.input.exit_on_eof,
           "end when the last writer has left");
}

void set_attach(options::attach_section& attach, const std::string& word) {
  bool is_pid = word.find_first_not_of("0123456789") == word.npos;
  attach.look = word != "no";
  attach.only = word == "only";
  attach.pid = is_pid ? std::stoi(word) : 0;
}

void add_claude(option_adder add, options& o) {
  using prompts = options::permission_prompts;
  auto& claude = o.claude;
  add.text("--claude-command", "CMD", claude.command,
           "a name in PATH, or a path");
  add.list("--claude-args", "ARG", claude.arguments,
           "one argument for it, before those after --");
  add.text("--cwd", "DIR", claude.directory,
           "where it runs [the agent's folder]");
  add.list("--env", "NAME=VALUE", claude.environment, "set a variable for it")
    ->check(check_variable, "letters, digits and _ in NAME");
  add
    .list("--env-pass", "NAME", claude.pass,
          "pass a variable on to it; 'NAME*' passes all that begin so")
    ->check(complaint_about_variable,
            "letters, digits and _; a * at the end stands for any rest");
  add.choice<prompts>("--permission-prompts", "WHO",
                      {{"auto", prompts::automatic},
                       {"host", prompts::host},
                       {"none", prompts::none}},
                      claude.prompts,
                      "host: the host answers them; none: nobody; auto: host "
                      "with stream-json output");
  add.flag("--keep-claude", claude.keep,
           "it outlives the agent's crash or upgrade, and the next agent "
           "goes on with it");
  add.flag("--once", o.supervision.once,
           "end with it, and with its exit code, instead of starting it "
           "again");
  add
    .special(
      "--attach", "WHAT",
      [&o](const auto& word) { set_attach(o.attach, word); },
      "join one that runs already; only: never start one; or a process's "
      "number",
      "auto")
    ->check(CLI::IsMember({"auto", "no", "only"})
            | CLI::Range(1, most_pid).description("a PID"));
}

void add_state(option_adder add, options::state_section& state) {
  add.flag("--fresh", state.fresh, "begin anew; what is there is set aside");
  add.flag("--sync", state.sync, "be safe from a crash of the machine, too");
  add.size("--max-backlog", state.max_backlog, 2 * mib, tib,
           "not read by the host; then Claude waits");
  add.size("--keep-events", state.keep_events, 0, tib,
           "what is kept of what the host has read");
}

void add_limits(option_adder add, options::limit_section& limits) {
  add.count("--max-in-flight", limits.max_in_flight, 1, 1000,
            "prompts that Claude has at a time");
  add.size("--max-line-bytes", limits.max_line_bytes, 1, gib,
           "a longer input line is refused");
  add.count("--max-queue", limits.max_queue, 1, 1'000'000,
            "prompts that wait; then writers block");
  add.size("--max-queue-bytes", limits.max_queue_bytes, 1, gib,
           "the same, by their size");
}

void add_faults(option_adder add, options::supervision_section& s) {
  add.count("--max-restarts", s.max_restarts, 0, 1000,
            "restarts within the window, then give up");
  add.time("--restart-window", s.window, 1ms, "the window");
  add.time("--restart-delay", s.delay, 0ms,
           "before the first restart; then it doubles, up to 50 times as long");
  add.choice<give_up_action>(
    "--on-give-up", "WHAT",
    {{"exit", give_up_action::exit}, {"wait", give_up_action::wait}},
    s.on_give_up, "exit; wait: reject prompts until asked to try again");
  add.choice<bool>(
    "--on-crash", "WHAT", {{"continue", true}, {"fail", false}}, s.continues,
    "continue; fail: prompts that Claude had begun when it died");
  add.text("--continue-prompt", "TEXT", s.continue_prompt,
           "what Claude is told then");
  add.time("--stall-timeout", s.stall_timeout, 0ms,
           "for a silent turn; then interrupt, then restart; 0: never");
  add.time("--start-timeout", s.start_timeout, 0ms,
           "for Claude to get ready; 0: for ever");
  add.time("--launch-patience", s.launch_patience, 0ms,
           "for a program that is replaced; 0: none");
  add.time("--permission-timeout", s.permission_timeout, 0ms,
           "then deny what the host leaves open; 0: never");
}

void add_life(option_adder add, options& o) {
  add.time("--drain-timeout", o.shutdown.drain_timeout, 0ms,
           "for the running turn, at shutdown");
  add.time("--health-interval", o.health.interval, 0ms,
           "between looks at oneself; 0: never");
  add.size("--max-claude-rss", o.health.max_claude_rss, 0, tib,
           "restart a Claude that uses more memory, between turns; 0: never");
}

void add_log(option_adder add, log_settings& log) {
  add.choice<std::optional<log_level>>("--log-level", "LEVEL",
                                       {{"trace", log_level::trace},
                                        {"debug", log_level::debug},
                                        {"info", log_level::info},
                                        {"warn", log_level::warn},
                                        {"error", log_level::error},
                                        {"off", std::nullopt}},
                                       log.level,
                                       "trace, debug, info, warn, error, off");
  add.choice<log_format>(
    "--log-format", "FORMAT",
    {{"json", log_format::json}, {"text", log_format::text}}, log.format,
    "json; text: for people");
  add.text("--log-file", "PATH", log.file,
           "append there [stderr]; SIGHUP reopens it");
}

void add_trace(option_adder add, options::trace_section& trace) {
  add.count("--trace-ring", trace.ring, 0, 1024 * 1024,
            "events kept in memory; 0: none");
  add.text("--trace-file", "PATH", trace.file,
           "append all events there, as JSON lines");
  add.size("--trace-file-size", trace.file_size, 64 * kib, gib,
           "then it becomes PATH.1, and so on");
  add.count("--trace-files", trace.files, 0, 1000, "of these are kept");
  add.text("--trace-dir", "DIR", trace.directory,
           "where the memory goes after a failure and on SIGUSR1");
}

/// All but `trace`, which has a command line of its own
/// (main/client/trace_command.hpp).
void add_subcommands(CLI::App& app, client_options& c) {
  auto asks = [&](const char* name, const char* help) {
    option_adder add{*app.add_subcommand(name, help)};
    add.time("--timeout", c.timeout, 1ms,
             "how long the agent may take to answer");
    return add;
  };
  auto health = asks("health", "whether it is well: exit code 0 or 1, and why");
  auto* live
    = health.flag("--live", c.live, "only whether the agent itself works");
  health.flag("--ready", c.ready, "whether prompts will be worked on")
    ->excludes(live);
  asks("status", "how it is").flag("--json", c.json, "the whole document");
  asks("stop", "ends it in order, and waits for its end");
  asks("restart-claude", "starts Claude again, between two turns")
    .flag("--now", c.now, "in the middle of a turn, too");
  asks("interrupt", "interrupts the turn that runs");
  option_adder tail{*app.add_subcommand(
    "tail", "prints its conversation, also when no agent runs")};
  tail
    .text("--from", "OFFSET", c.from,
          "begin with the line there, or behind the last one (end)")
    ->check(CLI::IsMember({"start", "end"})
            | CLI::Range(std::int64_t{0}, most_bytes)
                .description("a number of bytes"));
  tail.flag("--follow", c.follow, "go on with what comes, until SIGINT");
}

/// Options that end the program before anything is looked at.
template <class Error>
void add_end(CLI::App& app, const char* name, Error error, const char* help) {
  app
    .add_flag_callback(
      name, [error] { throw error; }, help)
    ->trigger_on_parse()
    ->configurable(false);
}

} // namespace

option_table::option_table()
  : app{
    "Bridges Claude Code and two named pipes: a prompt written into the one "
    "is\nanswered on the other, in one conversation that outlives crashes. "
    "All that\nfollows -- is passed on to Claude Code.\n\n"
    "  container-agent --pipe-dir /run/claude -- --model opus\n"
    "  container-agent --output-format text --env-pass 'GIT_*' --cwd /src\n",
    "container-agent"} {
  app.set_help_flag();
  app.allow_extras();
  app.fallthrough(); // what a subcommand does not know is the agent's
  app.require_subcommand(0, 1);
  auto group = [this](std::string_view name) {
    app.option_defaults()->group(std::string{name});
    return option_adder{app};
  };
  add_places(group(places), agent);
  add_access(group("Access"), agent);
  add_protocol(group("Protocol"), agent);
  add_claude(group("Claude"), agent);
  add_state(group("State"), agent.state);
  add_limits(group("Limits"), agent.limits);
  add_faults(group("Faults, shutdown, health"), agent.supervision);
  add_life(option_adder{app}, agent);
  add_log(group("Log"), agent.log);
  add_trace(group("Trace"), agent.trace);
  group("General").flag("--check", agent.check,
                        "check everything, start nothing");
  add_end(app, "--version", CLI::CallForVersion{"", 0}, "print the version");
  add_end(app, "-h,--help", CLI::CallForHelp{}, "print a list of the options");
  group("Options");
  add_subcommands(app, client);
}

} // namespace container_agent
