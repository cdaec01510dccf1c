#pragma once

#include "actors/core/ports.hpp"
#include "main/attach/attached_process.hpp"
#include "main/loop/event_loop.hpp"
#include "main/loop/file_watch.hpp"
#include "main/process/claude_child.hpp"
#include "main/process/exec_watch.hpp"
#include "main/process/process_discovery.hpp"
#include "main/process/process_table.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <utility>

namespace container_agent::runtime {

/// When running processes are looked for. See docs/attach.md.
struct attach_settings {
  bool look = true;  ///< at the first launch, for any that can be attached to
  bool only = false; ///< never start one: at each launch, and wait
  std::int32_t pid = 0; ///< at the first launch, this one
  bool claude = true;   ///< only what speaks stream-json
};

/// A child that is attached to if it runs already, and else started by
/// `claude_child`.
class attaching_child_process final : public child_process {
public:
  /// `spawned` starts what isn't there.
  attaching_child_process(event_loop& loop, file_watch& files, event_log& log,
                          claude_child& spawned, child_logs logs,
                          attach_settings settings);

  launch_result launch(const child_command& command,
                       std::uint64_t input_from) override;

  bool running() const override { return current_->running(); }
  std::int32_t pid() const override { return current_->pid(); }
  child_exit exit_status() const override { return current_->exit_status(); }
  outlet& input() override { return current_->input(); }
  inlet& output() override { return current_->output(); }
  byte_source& error_output() override { return current_->error_output(); }
  void close_input() override { current_->close_input(); }
  std::error_code signal_group(int signal) override {
    return current_->signal_group(signal);
  }
  void kill_harder() override { current_->kill_harder(); }
  bool is_guest() const override { return current_->is_guest(); }
  void let_go() override { current_->let_go(); }
  void on_exit(notification notify) override;
  bool only_attaches() const override { return settings_.only; }
  void on_appeared(notification notify) override;

private:
  attach_policy look(const child_command& command);
  launch_result try_attach(attach_policy& choice, std::uint64_t input_from);
  void wait(const child_command& command, const attach_policy& choice);
  void tell_refused(const attach_policy& choice);

  event_log& log_;
  attach_settings settings_;
  process_table table_;
  process_discovery search_;
  attached_process attached_;
  exec_watch watch_;
  claude_child& spawned_;
  child_process* current_;
  bool first_ = true;
  bool waiting_ = false;
  std::set<std::pair<std::int32_t, std::string>> told_; // pid and reason
  notification on_appeared_;
};

/// Looks as `launch` would, and says why `pid` can't be attached to; nothing
/// if it can.
std::optional<attach_refusal> attach_problem(std::int32_t pid, bool claude);

} // namespace container_agent::runtime
