#include "main/app/checks.hpp"

#include "main/app/settings.hpp"
#include "main/app/trials.hpp"
#include "main/attach/attaching_child_process.hpp"
#include "main/cli/environment.hpp"
#include "main/cli/value_text.hpp"
#include "main/fifo/fifo_path.hpp"
#include "main/loop/fd.hpp"
#include "main/process/launch_failure.hpp"
#include "main/server/http_access.hpp"
#include "main/server/socket_place.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace container_agent {

using runtime::last_error;

namespace {

using namespace std::chrono_literals;
using verdict = finding::verdict;

/// Docker and Compose send SIGKILL 10 s after SIGTERM. The drain may take as
/// much of that as its default; the steps after it need the rest.
constexpr std::chrono::milliseconds docker_leaves = 7s;

/// What all steps after the drain may take, rounded up.
constexpr std::chrono::milliseconds steps_after_drain = 4s;

/// Any of these is a way for Claude to log in.
constexpr std::array log_in_variables{
  "ANTHROPIC_API_KEY",       "ANTHROPIC_AUTH_TOKEN",
  "CLAUDE_CODE_OAUTH_TOKEN", "CLAUDE_CODE_USE_BEDROCK",
  "CLAUDE_CODE_USE_VERTEX",  "CLAUDE_CODE_USE_FOUNDRY",
};

finding ok(std::string what, std::string where, std::string detail = {}) {
  return {verdict::ok, std::move(what),    std::move(where), std::move(detail),
          {},          exit_code::graceful};
}

/// The path as the child sees it from its own folder.
std::string seen_from(const std::string& directory, const std::string& path) {
  if (path.starts_with('/') || directory.empty())
    return path;
  return directory + '/' + path;
}

finding check_pipe(std::string what, const std::string& path,
                   const options::pipe_section& pipes) {
  try {
    runtime::fifo_path{path, static_cast<mode_t>(pipes.permissions)}.check();
  } catch (const runtime::fifo_in_use& error) {
    return {verdict::problem,
            std::move(what),
            path,
            error.what(),
            "Two agents on one pipe would each get a part of what the host "
            "writes.",
            exit_code::already_running};
  } catch (const runtime::fifo_error& error) {
    return {verdict::problem,
            std::move(what),
            path,
            error.what(),
            "The pipes' places are --pipe-dir and --instance.",
            exit_code::bad_pipe};
  }
  struct stat status;
  bool there = ::lstat(path.c_str(), &status) == 0;
  return ok(std::move(what), path, there ? "is there" : "will be made");
}

finding check_control(const options::control_section& control) {
  if (control.path.empty())
    return ok("control socket", "", "none");
  try {
    runtime::socket_place::check(control.path);
    return ok("control socket", control.path, "will be made");
  } catch (const runtime::socket_error& error) {
    // The listener may well be the agent that is checked here.
    auto harmless = error.why() == runtime::socket_error::kind::in_use
                    || (error.why() == runtime::socket_error::kind::unusable
                        && !control.asked_for);
    return {harmless ? verdict::warning : verdict::problem,
            "control socket",
            control.path,
            error.what(),
            "Its place is --control-socket, or follows from --pipe-dir and "
            "--instance.",
            harmless ? exit_code::graceful : exit_code::bad_pipe};
  }
}

finding check_directory(const std::string& directory) {
  if (directory.empty())
    return ok("working folder", "", "the agent's own");
  struct stat status;
  std::error_code error;
  if (::stat(directory.c_str(), &status) != 0)
    error = last_error();
  else if (!S_ISDIR(status.st_mode))
    error = std::make_error_code(std::errc::not_a_directory);
  else if (::access(directory.c_str(), X_OK) != 0)
    error = last_error();
  if (!error)
    return ok("working folder", directory);
  return {verdict::problem,
          "working folder",
          directory,
          runtime::describe_launch_failure(
            {}, {}, runtime::launch_step::directory, error),
          "Make it, or name another one: --cwd DIR.",
          exit_code::bad_usage};
}

finding check_command(const options::claude_section& claude,
                      const std::vector<std::string>& environment) {
  child_command command;
  command.program = claude.command;
  command.environment = environment;
  command.directory = claude.directory;
  auto program = runtime::find_program(command);
  auto reason = program.reason;
  if (!program.error) {
    auto file = seen_from(claude.directory, program.path);
    struct stat status;
    if (::stat(file.c_str(), &status) == 0 && S_ISREG(status.st_mode)
        && ::access(file.c_str(), X_OK) == 0)
      return ok("command", claude.command, program.path);
    reason = runtime::describe_launch_failure(
      command, program.path, runtime::launch_step::exec, last_error());
  }
  std::string advice = "Name another one: --claude-command CMD.";
  if (claude.command.find(' ') != std::string::npos)
    advice = "The command is one word; give its arguments as --claude-args or "
             "after --.";
  else if (claude.mode == options::bridge_mode::claude)
    advice = "Install Claude Code (npm install -g @anthropic-ai/claude-code), "
             "or say where it is: --claude-command PATH.";
  return {verdict::problem, "command", claude.command,
          reason,           advice,    exit_code::claude_not_found};
}

/// A program that is only attached to may be missing for now.
finding check_command_to_wait_for(finding found) {
  if (found.result != verdict::problem)
    return found;
  found.result = verdict::warning;
  found.advice = "With --attach only it is waited for.";
  found.code = exit_code::graceful;
  return found;
}

finding check_attach(const options& settings) {
  auto pid = settings.attach.pid;
  auto process = "process " + std::to_string(pid);
  auto problem = runtime::attach_problem(
    pid, settings.claude.mode == options::bridge_mode::claude);
  if (!problem)
    return ok("attach to", "", process);
  return {verdict::problem, "attach to",     process,
          problem->detail,  problem->advice, exit_code::claude_not_found};
}

/// Claude must be able to write its transcripts, or a restart can't resume the
/// session.
finding check_home(const std::vector<std::string>& environment) {
  std::string folder{variable_in(environment, "CLAUDE_CONFIG_DIR")};
  // Claude makes this folder if it is missing, but not its own home.
  if (!folder.empty() && ::access(folder.c_str(), F_OK) != 0)
    return ok("Claude's folder", folder, "will be made");
  if (folder.empty())
    folder = variable_in(environment, "HOME");
  auto error = folder.empty() ? std::error_code{} : try_to_make_in(folder);
  if (!folder.empty() && !error)
    return ok("Claude's folder", folder);
  return {verdict::warning,
          "Claude's folder",
          folder,
          folder.empty() ? "HOME is not set" : error.message(),
          "Set HOME (or CLAUDE_CONFIG_DIR) to a folder that can be written: "
          "Claude keeps there what it resumes from.",
          exit_code::graceful};
}

finding check_log_in(const std::vector<std::string>& environment) {
  for (auto name : log_in_variables)
    if (!variable_in(environment, name).empty())
      return ok("log-in", "", std::string{name} + " is set");
  std::string folder{variable_in(environment, "CLAUDE_CONFIG_DIR")};
  if (folder.empty())
    folder = std::string{variable_in(environment, "HOME")} + "/.claude";
  auto file = folder + "/.credentials.json";
  if (::access(file.c_str(), R_OK) == 0)
    return ok("log-in", file);
  return {verdict::warning,
          "log-in",
          "",
          "no key in the environment, no log-in in " + folder,
          "Set ANTHROPIC_API_KEY, or run claude once and log in; unless its "
          "settings say how it gets a key.",
          exit_code::graceful};
}

finding check_http(http_address where) {
  try {
    (void)listen_at(where); // only for a moment; changes port 0
    return ok("HTTP", where.text(), "can be listened at");
  } catch (const runtime::socket_error& error) {
    // The listener may well be the agent that is checked here.
    auto harmless = error.why() == runtime::socket_error::kind::in_use;
    return {harmless ? verdict::warning : verdict::problem,
            "HTTP",
            where.text(),
            error.what(),
            "Its address is --http.",
            harmless ? exit_code::graceful : exit_code::bad_pipe};
  }
}

finding check_token(const std::string& path) {
  if (read_token(path))
    return ok("HTTP token", path);
  return {verdict::problem,
          "HTTP token",
          path,
          "has no token in its first line",
          "Put one there that is hard to guess, such as from: openssl rand "
          "-hex 32.",
          exit_code::bad_usage};
}

finding check_drain(const options::shutdown_section& shutdown) {
  auto time = format_duration(shutdown.drain_timeout);
  if (shutdown.drain_timeout <= docker_leaves)
    return ok("drain timeout", time);
  auto needed = std::chrono::ceil<std::chrono::seconds>(shutdown.drain_timeout
                                                        + steps_after_drain);
  return {verdict::warning,
          "drain timeout",
          time,
          "Docker kills a container 10s after SIGTERM",
          "Give it more: docker run --stop-timeout "
            + std::to_string(needed.count())
            + ", stop_grace_period, or terminationGracePeriodSeconds.",
          exit_code::graceful};
}

/// If the delays alone fill the window, the limit is never reached, and a child
/// that can't start is restarted for ever.
finding check_restarts(const options::supervision_section& supervision) {
  std::chrono::milliseconds total{0};
  auto delay = supervision.delay;
  for (std::uint64_t i = 0; i < supervision.max_restarts; ++i) {
    total += delay;
    delay = std::min(delay * 2, supervision.longest_delay());
  }
  auto limit = std::to_string(supervision.max_restarts) + " in "
               + format_duration(supervision.window);
  if (total < supervision.window)
    return ok("restarts", limit);
  return {verdict::warning,
          "restarts",
          limit,
          "the delays between them take " + format_duration(total),
          "Raise --restart-window, or the agent never gives up.",
          exit_code::graceful};
}

finding check_settings(const options& settings) {
  auto fault = settings_fault(settings);
  if (fault.empty())
    return ok("options", settings.config_file, "fit together");
  return {verdict::problem,
          "options",
          settings.config_file,
          fault,
          "See container-agent --help.",
          exit_code::bad_usage};
}

/// "PATH: ", unless the detail already names the path, as those of pipes do.
std::string place_of(const finding& x) {
  if (x.where.empty() || x.detail.find(x.where) != std::string::npos)
    return {};
  return x.where + (x.detail.empty() ? "" : ": ");
}

} // namespace

std::vector<finding>
check_options(const options& settings,
              const std::vector<std::string>& environment) {
  const auto& pipes = settings.pipes;
  std::vector<finding> result{check_settings(settings)};
  for (const auto& warning : settings.warnings)
    result.push_back({verdict::warning, "environment", "", warning,
                      "Correct its name, or remove it.", exit_code::graceful});
  result.push_back(check_pipe("input pipe", pipes.input, pipes));
  result.push_back(check_pipe("output pipe", pipes.output, pipes));
  result.push_back(check_control(settings.control));
  result.push_back(check_system_calls(settings));
  result.push_back(check_state_directory(settings));
  auto folder = check_directory(settings.claude.directory);
  result.push_back(folder);
  // If the folder is missing, everything in it would be missing, too.
  if (folder.result == verdict::ok) {
    auto command = check_command(settings.claude, environment);
    result.push_back(settings.attach.only
                       ? check_command_to_wait_for(std::move(command))
                       : std::move(command));
  }
  if (settings.attach.pid != 0)
    result.push_back(check_attach(settings));
  if (settings.claude.mode == options::bridge_mode::claude) {
    result.push_back(check_home(environment));
    result.push_back(check_log_in(environment));
  }
  result.push_back(check_drain(settings.shutdown));
  result.push_back(check_restarts(settings.supervision));
  result.push_back(check_log_file(settings.log.file));
  if (!settings.trace.file.empty())
    result.push_back(check_trace_file(settings.trace.file));
  if (settings.trace.ring > 0 || !settings.trace.file.empty())
    result.push_back(check_trace_directory(settings.trace.directory));
  if (settings.http.address)
    result.push_back(check_http(*settings.http.address));
  if (!settings.http.token_file.empty())
    result.push_back(check_token(settings.http.token_file));
  return result;
}

early_exit check_report(const std::vector<finding>& findings) {
  constexpr std::array names{"ok", "warning", "problem"};
  constexpr std::size_t verdict_width = 9;
  constexpr std::size_t what_width = 17;
  early_exit report;
  std::array<std::size_t, 3> counts{};
  for (const auto& x : findings) {
    auto index = static_cast<std::size_t>(x.result);
    ++counts[index];
    std::string line = names[index];
    line.resize(std::max(line.size() + 1, verdict_width), ' ');
    line += x.what;
    line.resize(std::max(line.size() + 1, verdict_width + what_width), ' ');
    line += place_of(x);
    report.text += line + x.detail + '\n';
    if (!x.advice.empty())
      report.text += std::string(verdict_width, ' ') + x.advice + '\n';
    if (x.result == verdict::problem && report.code == 0)
      report.code = static_cast<std::int32_t>(x.code);
  }
  auto count = [](std::size_t n, std::string name) {
    return std::to_string(n) + ' ' + name + (n == 1 ? "" : "s");
  };
  report.text += '\n' + count(counts[2], "problem") + ", "
                 + count(counts[1], "warning") + ". Nothing was started.\n";
  return report;
}

std::optional<early_exit> start_error(const std::vector<finding>& findings) {
  auto found = std::find_if(findings.begin(), findings.end(), [](auto& x) {
    return x.result == verdict::problem;
  });
  if (found == findings.end())
    return std::nullopt;
  std::string text = "container-agent: " + found->what + ": ";
  text += place_of(*found);
  text += found->detail + "\n  " + found->advice + '\n';
  return early_exit{static_cast<std::int32_t>(found->code), std::move(text)};
}

} // namespace container_agent
