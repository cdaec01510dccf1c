#include "main/attach/attaching_child_process.hpp"

#include "actors/core/loggers.hpp"

#include <unistd.h>

#include <vector>

namespace container_agent::runtime {

attaching_child_process::attaching_child_process(
  event_loop& loop, file_watch& files, event_log& log, claude_child& spawned,
  child_logs logs, attach_settings settings)
  : log_{log},
    settings_{settings},
    search_{table_, settings.claude, ::getpid(), ::geteuid()},
    attached_{loop, table_, logs},
    watch_{loop, files, log},
    spawned_{spawned},
    current_{&spawned} {}

child_process::launch_result
attaching_child_process::launch(const child_command& command,
                                std::uint64_t input_from) {
  // A Claude that an earlier agent has left goes before any other.
  auto looks = settings_.only
               || (first_ && !spawned_.found()
                   && (settings_.look || settings_.pid != 0));
  attach_policy choice;
  if (looks) {
    choice = look(command);
    if (auto result = try_attach(choice, input_from); result.attached) {
      watch_.stop();
      waiting_ = false;
      current_ = &attached_;
      return result;
    }
    tell_refused(choice);
  }
  first_ = false;
  if (settings_.only) {
    wait(command, choice);
    launch_result result;
    result.waiting = true;
    return result;
  }
  current_ = &spawned_;
  return spawned_.launch(command, input_from);
}

attach_policy attaching_child_process::look(const child_command& command) {
  return first_ && settings_.pid != 0 ? search_.find(settings_.pid)
                                      : search_.find(names_of(command));
}

child_process::launch_result
attaching_child_process::try_attach(attach_policy& choice,
                                    std::uint64_t input_from) {
  first_ = false;
  if (!choice.attach)
    return {};
  const auto& found = *choice.attach;
  auto result = attached_.attach(found.pid, found.start_time, input_from);
  if (result.error)
    choice.refused.push_back({found.pid, "not_attached", result.what,
                              "It may have ended, or another agent was "
                              "quicker."});
  else
    log_.write(log_level::info, loggers::claude_process, "claude_attached",
               {{"pid", found.pid},
                {"input", found.input.target},
                {"output", found.output.target}});
  return result;
}

void attaching_child_process::wait(const child_command& command,
                                   const attach_policy& choice) {
  if (!std::exchange(waiting_, true))
    log_.write(log_level::info, loggers::claude_process, "attach_waits",
               {{"command", command.program}});
  std::vector<std::int32_t> in_the_way;
  for (const auto& x : choice.refused) {
    in_the_way.push_back(x.pid);
    in_the_way.insert(in_the_way.end(), x.users.begin(), x.users.end());
  }
  watch_.start(command, in_the_way, [this] {
    if (auto call = on_appeared_)
      call();
  });
}

// Each once: while one is waited for there are many looks.
void attaching_child_process::tell_refused(const attach_policy& choice) {
  for (const auto& x : choice.refused)
    if (told_.emplace(x.pid, x.reason).second)
      log_.write(log_level::warn, loggers::claude_process, "attach_refused",
                 {{"pid", x.pid},
                  {"reason", x.reason},
                  {"detail", x.detail},
                  {"advice", x.advice}});
}

void attaching_child_process::on_exit(notification notify) {
  attached_.on_exit(notify);
  spawned_.on_exit(std::move(notify));
}

void attaching_child_process::on_appeared(notification notify) {
  on_appeared_ = std::move(notify);
}

std::optional<attach_refusal> attach_problem(std::int32_t pid, bool claude) {
  process_table table;
  process_discovery search{table, claude, ::getpid(), ::geteuid()};
  auto choice = search.find(pid);
  if (choice.attach)
    return std::nullopt;
  return choice.refused.front();
}

} // namespace container_agent::runtime
