#pragma once

#include "test/integration/common.hpp"
#include "test/support/loose_process.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <memory>

namespace container_agent::test {

/// A Claude of the test's own, under a name of its own: agents of other tests
/// look for theirs at the same time.
class attaching : public testing::Test {
public:
  attaching() {
    std::filesystem::copy_file(fake_claude_binary(), program());
    std::filesystem::create_directory(state());
    // Another user's process has to reach it.
    ::chmod(dir_.path().c_str(), 0755);
    make_fifo(in());
    make_fifo(out());
  }

  [[nodiscard]] std::filesystem::path program() const {
    return dir_ / "loose-claude";
  }
  [[nodiscard]] std::filesystem::path in() const { return dir_ / "in"; }
  [[nodiscard]] std::filesystem::path out() const { return dir_ / "out"; }
  [[nodiscard]] std::filesystem::path state() const { return dir_ / "state"; }

  static std::vector<std::string> stream_json() {
    return {"-p",          "--input-format",
            "stream-json", "--output-format",
            "stream-json", "--replay-user-messages"};
  }

  [[nodiscard]] loose_process::options
  claude(std::function<void()> arrange) const {
    loose_process::options o;
    o.argv = {program()};
    for (const auto& argument : stream_json())
      o.argv.push_back(argument);
    o.env = {{"FAKE_CLAUDE_STATE", state()}};
    o.arrange = std::move(arrange);
    return o;
  }

  [[nodiscard]] loose_process::options claude() const {
    return claude(on_fifos(in(), out()));
  }

  [[nodiscard]] agent_options agent(std::vector<std::string> args = {}) const {
    agent_options o;
    o.attach = true;
    o.claude_command = program();
    o.pass_state_dir = false;
    o.args = fast_restarts();
    o.args.insert(o.args.end(),
                  {"--env", "FAKE_CLAUDE_STATE=" + state().string()});
    o.args.insert(o.args.end(), args.begin(), args.end());
    return o;
  }

  /// An agent that is told to attach to this process, and can't.
  [[nodiscard]] std::string refusal_of(pid_t pid) const {
    auto o = agent({"--attach", std::to_string(pid)});
    o.open_input = o.open_output = false;
    agent_process refused{o};
    EXPECT_EQ(refused.wait_exit(), (exit_status{4, 0}));
    EXPECT_EQ(kind_of(refused.input_path()), "missing");
    return refused.stderr_text();
  }

  static std::size_t records(const agent_process& agent,
                             const std::string& subtype) {
    std::size_t result = 0;
    for (const auto& line : agent.passed_over()) {
      auto record = json::parse(line, nullptr, false);
      if (record.is_object() && record.value("type", "") == "container_agent"
          && record.value("subtype", "") == subtype)
        ++result;
    }
    return result;
  }

private:
  temp_dir dir_;
};

} // namespace container_agent::test
