#include "main/cli/option_table.hpp"

#include "main/cli/options.hpp"
#include "main/cli/value_text.hpp"

#include <algorithm>
#include <array>

namespace container_agent {

namespace {

using enum option_kind;

constexpr std::string_view pipes = "Pipes";
constexpr std::string_view protocol = "Protocol";
constexpr std::string_view child = "Claude";
constexpr std::string_view state = "State";
constexpr std::string_view limits = "Limits";
constexpr std::string_view life = "Faults, shutdown, health";
constexpr std::string_view log = "Log";
constexpr std::string_view traces = "Trace";
constexpr std::string_view clients = client_group;
constexpr std::string_view general = "General";

constexpr std::array rows{
  option_row{"pipe-dir", one, "DIR", pipes, "/tmp/cc-bridge-pipes",
             "folder of the two pipes, made if missing\n"},
  option_row{"instance", one, "NAME", pipes, "claude",
             "they are NAME.in.fifo and NAME.out.fifo"},
  option_row{"input-pipe", one, "PATH", pipes, "", "read prompts here instead"},
  option_row{"output-pipe", one, "PATH", pipes, "",
             "write answers here instead"},
  option_row{"pipe-mode", one, "OCTAL", pipes, "0660",
             "permissions of pipes that are made"},
  option_row{"keep-pipes", flag, "", pipes, "", "leave own pipes at the end"},
  option_row{"control-socket", one, "PATH", pipes, "",
             "where subcommands ask [beside the pipes];\nnone: nowhere"},
  option_row{"http", one, "ADDRESS", pipes, "",
             "serve health, metrics and the live view, such\n"
             "as at 127.0.0.1:8080"},
  option_row{"http-token-file", one, "FILE", pipes, "",
             "whoever reads them has to know what is in it"},

  option_row{"mode", one, "MODE", protocol, "claude",
             "claude; raw: any program's bytes", "claude raw"},
  option_row{"input-format", one, "FORMAT", protocol, "auto",
             "auto, text, stream-json", "auto text stream-json"},
  option_row{"output-format", one, "FORMAT", protocol, "stream-json",
             "stream-json, text", "stream-json text"},
  option_row{"compat", one, "cc-bridge", protocol, "",
             "text in and out, the output closed after\neach answer",
             "cc-bridge"},
  option_row{"reply-timeout", one, "TIME", protocol, "120s",
             "how long such an answer waits"},
  option_row{"transparent", flag, "", protocol, "",
             "add nothing, queue nothing: for hosts that\n"
             "speak Claude's whole protocol"},
  option_row{"exit-on-eof", flag, "", protocol, "",
             "end when the last writer has left"},

  option_row{"claude-command", one, "CMD", child, "claude",
             "a name in PATH, or a path"},
  option_row{"claude-args", many, "ARG", child, "",
             "one argument for it, before those after --"},
  option_row{"cwd", one, "DIR", child, "",
             "where it runs [the agent's folder]"},
  option_row{"env", many, "NAME=VALUE", child, "", "set a variable for it"},
  option_row{"env-pass", many, "NAME", child, "",
             "pass a variable on to it; 'NAME*' passes all\nthat begin so"},
  option_row{"permission-prompts", one, "WHO", child, "auto",
             "host: the host answers them; none: nobody;\n"
             "auto: host with stream-json output",
             "auto host none"},
  option_row{"keep-claude", flag, "", child, "",
             "it outlives the agent's crash or upgrade, and\n"
             "the next agent goes on with it"},
  option_row{"no-attach", flag, "", child, "",
             "do not look for a Claude that runs already"},
  option_row{"attach-only", flag, "", child, "",
             "never start one: attach to one that runs, or\nwait for it"},
  option_row{"attach-pid", one, "PID", child, "", "attach to this one"},

  option_row{"state-dir", one, "DIR", state, "",
             "where the conversation is kept, for the next\n"
             "agent [PIPE-DIR/NAME.state]; none: in memory"},
  option_row{"fresh", flag, "", state, "",
             "begin anew; what is there is set aside"},
  option_row{"sync", flag, "", state, "",
             "be safe from a crash of the machine, too"},
  option_row{"max-backlog", one, "SIZE", state, "256MiB",
             "not read by the host; then Claude waits"},
  option_row{"keep-events", one, "SIZE", state, "64MiB",
             "what is kept of what the host has read"},

  option_row{"max-in-flight", one, "N", limits, "1",
             "prompts that Claude has at a time"},
  option_row{"max-line-bytes", one, "SIZE", limits, "16MiB",
             "a longer input line is refused"},
  option_row{"max-queue", one, "N", limits, "1024",
             "prompts that wait; then writers block"},
  option_row{"max-queue-bytes", one, "SIZE", limits, "4MiB",
             "the same, by their size"},

  option_row{"max-restarts", one, "N", life, "5",
             "restarts within the window, then give up"},
  option_row{"restart-window", one, "TIME", life, "60s", "the window"},
  option_row{"restart-delay", one, "TIME", life, "200ms",
             "before the first restart; then it doubles"},
  option_row{"restart-delay-max", one, "TIME", life, "10s", "but not beyond"},
  option_row{"restart-jitter", one, "PART", life, "0.2",
             "of each wait is left to chance, 0 to 1"},
  option_row{"restart", many, "RULE", life, "",
             "for one actor: ACTOR=TYPE, then any of ,max=N\n"
             ",window=TIME ,delay=TIME ,delay-max=TIME\n"
             ",jitter=PART; TYPE: permanent, transient,\n"
             "temporary"},
  option_row{"on-give-up", one, "WHAT", life, "exit",
             "exit; wait: reject prompts until asked to\ntry again",
             "exit wait"},
  option_row{"on-crash", one, "WHAT", life, "continue",
             "continue; fail: prompts that Claude had begun\nwhen it died",
             "continue fail"},
  option_row{"continue-prompt", one, "TEXT", life, "",
             "what Claude is told then [Continue from where\nyou left off.]"},
  option_row{"stall-timeout", one, "TIME", life, "30m",
             "for a silent turn; then interrupt, then\nrestart; 0: never"},
  option_row{"start-timeout", one, "TIME", life, "2m",
             "for Claude to get ready; 0: for ever"},
  option_row{"launch-patience", one, "TIME", life, "1m",
             "for a program that is replaced; 0: none"},
  option_row{"permission-timeout", one, "TIME", life, "0",
             "then deny what the host leaves open; 0: never"},
  option_row{"drain-timeout", one, "TIME", life, "7s",
             "for the running turn, at shutdown"},
  option_row{"subreaper", flag, "", life, "",
             "reap orphans, as process 1 always does"},
  option_row{"health-interval", one, "TIME", life, "10s",
             "between looks at oneself; 0: never"},
  option_row{
    "max-claude-rss", one, "SIZE", life, "0",
    "restart a Claude that uses more memory,\nbetween turns; 0: never"},

  option_row{"log-level", one, "LEVEL", log, "info",
             "trace, debug, info, warn, error, off",
             "trace debug info warn error off"},
  option_row{"log-format", one, "FORMAT", log, "json", "json; text: for people",
             "json text"},
  option_row{"log-file", one, "PATH", log, "",
             "append there [stderr]; SIGHUP reopens it"},

  option_row{"trace-ring", one, "N", traces, "4096",
             "events kept in memory; 0: none"},
  option_row{"trace-file", one, "PATH", traces, "",
             "append all events there, as JSON lines"},
  option_row{"trace-file-size", one, "SIZE", traces, "64MiB",
             "then it becomes PATH.1, and so on"},
  option_row{"trace-files", one, "N", traces, "4", "of these are kept"},
  option_row{"trace-dir", one, "DIR", traces, "/tmp/container-agent-trace",
             "where the memory goes after a failure\nand on SIGUSR1"},

  option_row{"timeout", one, "TIME", clients, "5s",
             "how long the agent may take to answer"},
  option_row{"json", flag, "", clients, "", "status: the whole document", "",
             "status"},
  option_row{"live", flag, "", clients, "",
             "health: only whether the agent itself works", "", "health"},
  option_row{"ready", flag, "", clients, "",
             "health: whether prompts will be worked on", "", "health"},
  option_row{"now", flag, "", clients, "",
             "restart-claude: in the middle of a turn, too", "",
             "restart-claude"},
  option_row{"from", one, "OFFSET", clients, "start",
             "tail: begin with the line there, or behind the\n"
             "last one (end)",
             "", "tail"},
  option_row{"follow", flag, "", clients, "",
             "tail: go on with what comes, until SIGINT", "", "tail"},

  option_row{"config", one, "FILE", general, "",
             "read options from it: max-queue = 100"},
  option_row{"check", flag, "", general, "", "check everything, start nothing"},
  option_row{"version", flag, "", general, "", "print the version"},
  option_row{"help", flag, "", general, "", "print a list of the options"},
};

constexpr std::array subcommands{
  subcommand_row{"health",
                 "whether it is well: exit code 0 or 1, and one line why"},
  subcommand_row{"status", "how it is"},
  subcommand_row{"stop", "ends it in order, and waits for its end"},
  subcommand_row{"restart-claude", "starts Claude again, between two turns"},
  subcommand_row{"interrupt", "interrupts the turn that runs"},
  subcommand_row{"tail", "prints its conversation, also when no agent runs"},
};

/// The column at which the help texts begin.
constexpr std::size_t help_column = 31;

std::string help_row(const option_row& row) {
  std::string line = "  --" + std::string{row.name};
  if (!row.metavar.empty())
    line += ' ' + std::string{row.metavar};
  line.resize(std::max(line.size() + 1, help_column), ' ');
  for (char c : row.help) {
    line += c;
    if (c == '\n')
      line.append(help_column, ' ');
  }
  if (!row.initial.empty())
    line += (line.back() == ' ' ? "[" : " [") + std::string{row.initial} + ']';
  return line + '\n';
}

std::string help_row(const subcommand_row& row) {
  constexpr std::size_t column = 19;
  std::string line = "  " + std::string{row.name};
  line.resize(column, ' ');
  return line + std::string{row.help} + '\n';
}

} // namespace

std::span<const option_row> option_table() {
  return rows;
}

std::span<const subcommand_row> subcommand_table() {
  return subcommands;
}

bool is_subcommand(std::string_view word) {
  return std::any_of(subcommands.begin(), subcommands.end(),
                     [&](const auto& row) { return row.name == word; });
}

const option_row* find_option(std::string_view name) {
  auto found = std::find_if(rows.begin(), rows.end(),
                            [&](const auto& row) { return row.name == name; });
  return found == rows.end() ? nullptr : &*found;
}

bool command_line_only(std::string_view name) {
  return name == "help" || name == "version";
}

std::string environment_name(std::string_view option) {
  std::string result = "CONTAINER_AGENT_";
  for (char c : option) {
    if (c == '-')
      result += '_';
    else if (c >= 'a' && c <= 'z')
      result += static_cast<char>(c - 'a' + 'A');
    else
      result += c;
  }
  return result;
}

std::string help_text() {
  std::string text = R"(Usage: container-agent [options] [-- Claude's arguments]
       container-agent SUBCOMMAND [options]

Bridges Claude Code and two named pipes: a prompt written into the one is
answered on the other, in one conversation that outlives crashes.

  container-agent --pipe-dir /run/claude -- --model opus
  container-agent --output-format text --env-pass 'GIT_*' --cwd /src

Subcommands ask the agent that runs (with the same --pipe-dir and --instance):
)";
  for (const auto& row : subcommands)
    text += help_row(row);
  text += "  trace follow     what its actors say to each other, live; "
          "see trace --help\n";
  std::string_view group;
  for (const auto& row : rows) {
    if (row.group != group) {
      group = row.group;
      text += '\n' + std::string{group} + ":\n";
    }
    text += help_row(row);
  }
  text += R"(
TIME is 500ms, 7s, 2m or 1h; SIZE is 4096, 64KiB, 16MiB or 1GiB.
Every option is also read from the environment (CONTAINER_AGENT_MAX_QUEUE)
and from the --config file; the command line comes first, the file last.

Exit codes: 0 orderly end, 1 internal error, 2 bad usage or configuration,
3 bad pipe or state, 4 Claude not found or not to be attached to, 5 gave up
restarting Claude, 6 gave up restarting a part of itself, 7 another agent uses
the pipes or the state.
)";
  return text;
}

} // namespace container_agent
