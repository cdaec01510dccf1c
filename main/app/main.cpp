#include "main/app/checks.hpp"
#include "main/app/wiring.hpp"
#include "main/cli/environment.hpp"
#include "main/cli/options.hpp"
#include "main/cli/secret_files.hpp"
#include "main/cli/value_text.hpp"
#include "main/client/client.hpp"
#include "main/client/tail.hpp"
#include "main/client/trace_command.hpp"
#include "main/fifo/fifo_place.hpp"
#include "main/log/logging.hpp"
#include "main/log/redaction.hpp"
#include "main/loop/event_loop.hpp"
#include "main/loop/signals.hpp"
#include "main/server/socket_place.hpp"
#include "main/shim/shim_place.hpp"
#include "main/storage/log.hpp"
#include "messages/agent_assert.hpp"
#include "messages/agent_version.hpp"
#include "messages/errors.hpp"

#include <csignal>
#include <cstdio>
#include <exception>
#include <optional>
#include <unistd.h>
#include <variant>

namespace {

using namespace container_agent;

std::int32_t leave(const early_exit& end) {
  std::fputs(end.text.c_str(), end.code == 0 ? stdout : stderr);
  return end.code;
}

std::int32_t run_client(int argc, char** argv,
                        const std::vector<std::string>& environment) {
  auto parsed = parse_client_options(argc, argv, environment);
  if (const auto* end = std::get_if<early_exit>(&parsed))
    return leave(*end);
  const auto& settings = std::get<client_options>(parsed);
  if (settings.command == "tail")
    return tail_events(settings);
  return leave(ask_agent(settings));
}

void log_start(event_log& log, const options& settings) {
  for (const auto& warning : settings.warnings)
    log.write(log_level::warn, "agent", "option_warning", {{"text", warning}});
  log.write(log_level::info, "agent", "started",
            {{"version", agent_version()},
             {"pid", std::int32_t{getpid()}},
             {"input", settings.pipes.input},
             {"output", settings.pipes.output},
             {"control", settings.control.path},
             {"command", redact(settings.claude.command)},
             {"arguments", redact_arguments(settings.claude.arguments)}});
}

// While the loop runs, log records are gathered and written when it is idle.
class gathered_log {
public:
  gathered_log(agent_log& log, runtime::event_loop& loop) : log_{log} {
    log.gather([&loop](auto write) { loop.when_idle(std::move(write)); });
  }
  gathered_log(const gathered_log&) = delete;
  gathered_log& operator=(const gathered_log&) = delete;
  ~gathered_log() { log_.gather({}); }

private:
  agent_log& log_;
};

// While there is a log, it says which assertion has failed.
class logged_assertions {
public:
  explicit logged_assertions(event_log& log) {
    log_ = &log;
    report_failed_assertions([](const failed_assertion& what) {
      log_->write(log_level::error, "agent", "assertion_failed",
                  {{"condition", what.condition},
                   {"file", what.file},
                   {"line", what.line}});
    });
  }
  logged_assertions(const logged_assertions&) = delete;
  logged_assertions& operator=(const logged_assertions&) = delete;
  ~logged_assertions() { report_failed_assertions(nullptr); }

private:
  static inline event_log* log_ = nullptr;
};

void shut_down(agent& running, int signal) {
  switch (signal) {
    case SIGQUIT: return running.shut_down_now("SIGQUIT");
    case SIGINT: return running.shut_down("SIGINT");
    default: return running.upgrade("SIGTERM");
  }
}

std::int32_t run(const options& settings, std::vector<std::string> environment,
                 agent_log& log) {
  runtime::event_loop loop; // first: it prepares the process for a full disk
  logged_assertions reported{log};
  log_start(log, settings);
  gathered_log gathered{log, loop};
  // Comes before the pipes are made, so that a signal is not lost meanwhile. If
  // the agent can't be made, the loop still runs, to clean up.
  std::optional<agent> running;
  auto if_there = [&running](auto act) {
    if (running)
      act(*running);
  };
  runtime::signals signals{
    loop,
    {.on_terminate
     = [&](int n) { if_there([n](agent& a) { shut_down(a, n); }); },
     .on_hangup = [&] { log.reopen(); },
     .on_dump = [&] { if_there([](agent& a) { a.dump_trace("signal"); }); },
     .on_forward = [&](int n) { if_there([n](agent& a) { a.forward(n); }); }}};
  running.emplace(loop, log, settings, std::move(environment));
  auto code = running->run();
  log.write(log_level::info, "agent", "stopped",
            {{"exit_code", code},
             {"meaning", to_string(static_cast<exit_code>(code))}});
  return code;
}

} // namespace

int main(int argc, char** argv) {
  auto own = own_environment();
  if (is_trace_command(argc, argv))
    return run_trace_command(argc, argv, own);
  if (is_client(argc, argv))
    return run_client(argc, argv, own);
  auto parsed = parse_options(argc, argv, own);
  if (const auto* end = std::get_if<early_exit>(&parsed))
    return leave(*end);
  const auto& settings = std::get<options>(parsed);

  if (auto error = read_secret_files(own))
    return leave(*error);
  auto environment
    = child_environment(own, settings.claude.pass, settings.claude.environment);
  auto findings = check_options(settings, environment);
  if (settings.check)
    return leave(check_report(findings));
  if (auto error = start_error(findings))
    return leave(*error);

  auto failed = [](exit_code code, const std::exception& error) {
    return leave({static_cast<std::int32_t>(code),
                  "container-agent: " + std::string{error.what()} + '\n'});
  };
  std::optional<agent_log> log;
  try {
    log.emplace(settings.log);
  } catch (const std::exception& error) {
    return failed(exit_code::bad_usage, error);
  }
  try {
    return run(settings, std::move(environment), *log);
  } catch (const runtime::fifo_in_use& error) {
    return failed(exit_code::already_running, error);
  } catch (const runtime::fifo_error& error) {
    return failed(exit_code::bad_pipe, error);
  } catch (const runtime::socket_error& error) {
    return failed(exit_code::bad_pipe, error);
  } catch (const runtime::shim_error& error) {
    return failed(exit_code::bad_pipe, error);
  } catch (const storage::log_in_use& error) {
    return failed(exit_code::already_running, error);
  } catch (const storage::log_error& error) {
    return failed(exit_code::bad_pipe, error);
  } catch (const std::exception& error) {
    log->write(log_level::error, "agent", "internal_error",
               {{"what", error.what()}});
    return failed(exit_code::internal_error, error);
  }
}
