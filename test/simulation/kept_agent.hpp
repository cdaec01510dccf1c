#pragma once

#include "actors/dialogue.hpp"
#include "main/runtime/move_note.hpp"
#include "main/runtime/whole_lines.hpp"
#include "test/simulation/company.hpp"
#include "test/simulation/kept_house.hpp"
#include "test/simulation/kept_ports.hpp"

#include <optional>
#include <string>

namespace container_agent::simulation {

/// The journal, as `runtime::journal_file` writes it. The last entry of an
/// agent that dies may be half.
class simulated_journal final : public journal {
public:
  /// Takes what an earlier agent has left, and begins a new one with it.
  simulated_journal(run_context& run, lifeline& life, std::string& text);

  const codec::kept_conversation& conversation() const { return now_; }

  void accepted(const std::string& uuid, const bytes& line,
                std::uint64_t input) override;
  void sent(const std::string& uuid, std::uint32_t times, bool again) override;
  void continued(const std::string& uuid, const std::string& as) override;
  void begun(const std::string& uuid) override;
  void answering(const std::string& uuid) override;
  void lifecycle() override;
  void launched() override;
  void ready() override;
  void settings(const std::vector<codec::host_setting>& all,
                std::uint64_t input) override;
  void asks(const std::string& request) override;
  void asked(const std::string& request, std::string_view answer,
             std::uint64_t input) override;
  void closed(const std::string& uuid, std::uint64_t result_end) override;
  void failed(const std::string& uuid, std::string_view why) override;
  void forgotten(const std::string& uuid) override;
  void session(const std::string& id, bool anew, std::uint32_t failed) override;
  void input_taken(std::uint64_t input) override;

private:
  void append(const std::string& entry);

  chance dice_;
  lifeline& life_;
  std::string& text_;
  codec::kept_conversation now_;
};

/// Claude, as an agent sees it: what `runtime::kept_child` does, with the same
/// parts, over the house.
class kept_claude final : public child_process {
public:
  kept_claude(run_context& run, lifeline& life, kept_house& house,
              runtime::move_note& note, runtime::pipe_calls& calls);

  bool found() const { return found_; }
  runtime::move_note::standing output_standing() const { return standing_; }
  runtime::output_mover& mover() { return mover_; }
  void lose_output(std::uint64_t until);
  void before_start(notification notify) { before_start_ = std::move(notify); }

  launch_result launch(const child_command& command) override;
  bool running() const override { return runs_; }
  std::int32_t pid() const override { return pid_; }
  child_exit exit_status() const override { return status_; }
  byte_sink& input() override { return input_; }
  byte_source& output() override { return output_; }
  byte_source& error_output() override { return errors_; }
  void close_input() override;
  std::error_code signal_group(int signal) override;
  void on_exit(notification notify) override { notify_ = std::move(notify); }
  void on_appeared(notification notify) override {
    on_room_ = std::move(notify);
  }

private:
  launch_result take_over();
  launch_result start(const child_command& command);
  void watch(bool is_ours);
  void end();
  void look_for_room();

  run_context& run_;
  lifeline& life_;
  kept_house& house_;
  runtime::move_note& note_;
  runtime::pipe_calls& calls_;
  runtime::output_mover mover_;
  runtime::whole_lines writer_;
  kept_sink input_;
  peeked_source output_;
  errors_source errors_;
  bool found_;
  runtime::move_note::standing standing_;
  bool first_ = true;
  bool runs_ = false;
  bool ours_ = false;
  std::int32_t pid_ = 0;
  child_exit status_;
  notification before_start_;
  notification notify_;
  bool waits_for_room_ = false;
  notification on_room_;
};

/// An agent's own parts with `--keep-claude`, put together as main/kept_parts
/// and main/wiring do.
class kept_agent {
public:
  /// `host_input` and `host_output`: the host's FIFOs.
  kept_agent(run_context& run, const newcomer& agent, kept_house& house,
             kernel_fifo& host_input, kernel_fifo& host_output,
             const dialogue_config& config);

  agent_ports ports() { return {input, output_, claude, protocol_}; }

  /// Whether there was no Claude any more; and whose result had gone with it.
  bool claude_found() const { return claude.found(); }

  /// As it begins; and as it is.
  const codec::kept_conversation& conversation() const {
    return notes_.conversation();
  }

  /// Its first words to the host.
  void speak_first(const newcomer& agent);

private:
  runtime::move_note note_;
  simulated_calls calls_;
  simulated_journal notes_;

public:
  kept_claude claude;
  spooled_source input;

private:
  kept_host_sink output_;
  dialogue protocol_;
};

} // namespace container_agent::simulation
