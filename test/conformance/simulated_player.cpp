#include "test/conformance/player.hpp"
#include "test/simulation/child_house.hpp"
#include "test/simulation/claude_life.hpp"

#include <algorithm>
#include <stdexcept>

namespace container_agent::test::conformance {

namespace {

using simulation::child_ports;
using simulation::claude_life;
using simulation::claude_plan;
using simulation::claude_sessions;

/// A simulated Claude whose calendar runs for as long as somebody waits for it.
class simulated_player final : public claude_player {
public:
  void start(const std::vector<std::string>& arguments,
             const std::map<std::string, std::string>& environment) override {
    auto plan = plan_for(arguments);
    plan.logs = environment.contains("ANTHROPIC_LOG");
    text_.clear();
    // Old ones stay: the calendar may still have something to do for them.
    pipes_.push_back(std::make_unique<child_ports>(run_, plan));
    lives_.push_back(std::make_unique<claude_life>(
      run_, judge_, sessions_, plan, behind(arguments, "--resume"),
      pipes_.back()->far_ends()));
    if (answers_released_)
      life().release_answers();
  }

  void write_line(const std::string& line) override {
    pipes_.back()->input.give(line + '\n');
  }

  void close_input() override { pipes_.back()->input.end(); }

  void signal(int number) override {
    settle();
    life().signal(number);
  }

  std::optional<std::string> read_line() override {
    for (;;) {
      auto& output = pipes_.back()->output;
      text_ += output.take(output.available());
      if (auto end = text_.find('\n'); end != std::string::npos) {
        auto line = text_.substr(0, end);
        text_.erase(0, end + 1);
        return line;
      }
      if (output.at_end())
        return std::nullopt;
      if (!step())
        throw std::runtime_error("it does nothing more");
    }
  }

  std::string wait_exit() override {
    while (life().running())
      if (!step())
        throw std::runtime_error("it does not end");
    auto status = life().status();
    return status.signal != 0 ? "signal " + std::to_string(status.signal)
                              : "exit code " + std::to_string(status.exit_code);
  }

  // It asks nobody; what it does takes place before it is seen.
  void wait_asked(const std::string&) override { settle(); }
  void wait_saved(const std::string&, const std::string&) override {}

  void release_answer() override {
    settle();
    answers_released_ = true;
    life().release_answers();
  }

  void release_tool() override {
    settle();
    life().release_tool();
  }

  void damage_transcript(const std::string& session, damage how) override {
    sessions_[session].on_disk = how == damage::directory;
    sessions_[session].unreadable = how == damage::directory;
  }

private:
  /// What stands behind this argument; empty if it is not there.
  static std::string behind(const std::vector<std::string>& arguments,
                            const char* name) {
    auto i = std::find(arguments.begin(), arguments.end(), name);
    return i == arguments.end() || i + 1 == arguments.end() ? "" : *(i + 1);
  }

  static claude_plan plan_for(const std::vector<std::string>& arguments) {
    claude_plan plan;
    plan.latency = simulation::time_span{50};
    plan.obeys_words = true;
    plan.asks_host = !behind(arguments, "--permission-prompt-tool").empty();
    if (auto mode = behind(arguments, "--permission-mode"); !mode.empty())
      plan.mode = mode;
    plan.bypass_allowed = std::find(arguments.begin(), arguments.end(),
                                    "--allow-dangerously-skip-permissions")
                          != arguments.end();
    return plan;
  }

  claude_life& life() { return *lives_.back(); }

  /// One thing happens, if there is anything to happen.
  bool step() {
    if (run_.calendar.ready() == 0) {
      auto due = run_.calendar.next_due();
      if (!due)
        return false;
      run_.calendar.advance_to(*due);
    }
    run_.calendar.run(0);
    return true;
  }

  /// Until it waits for somebody.
  void settle() {
    while (step()) {}
  }

  simulation::run_context run_{1, {}};
  simulation::judge judge_{run_, std::size_t{1} << 30};
  claude_sessions sessions_;
  std::vector<std::unique_ptr<child_ports>> pipes_;
  std::vector<std::unique_ptr<claude_life>> lives_;
  std::string text_; // that was read and not asked for
  bool answers_released_ = false;
};

} // namespace

std::unique_ptr<claude_player> simulated_claude() {
  return std::make_unique<simulated_player>();
}

} // namespace container_agent::test::conformance
