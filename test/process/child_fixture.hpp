#pragma once

#include "main/process/claude_child.hpp"
#include "test/loop/loop_fixture.hpp"

#include <string>

namespace container_agent::test {

inline child_command command(std::string program,
                             std::vector<std::string> arguments = {}) {
  return {std::move(program), std::move(arguments), {"PATH=/usr/bin:/bin"}, {}};
}

inline child_command shell(std::string script) {
  return command("sh", {"-c", std::move(script)});
}

/// A child, alone with its logs in memory.
struct own_child {
  storage::log input{{.directory = {}, .name = "claude_input"}};
  storage::log events{{.directory = {}, .name = "events"}};
  runtime::claude_child process;

  explicit own_child(runtime::event_loop& loop)
    : process{loop, {input, events}, {}} {}
};

/// A child of its own for each test, over logs in memory, with all its stdout
/// collected.
class child_fixture : public loop_fixture {
public:
  storage::log input{{.directory = {}, .name = "claude_input"}};
  storage::log events{{.directory = {}, .name = "events"}};
  runtime::claude_child child{loop, {input, events}, {}};
  std::string output;
  bool output_ended = false;
  int exits = 0;

  child_fixture() {
    child.on_exit([this] { ++exits; });
  }

  void launch(const child_command& what) {
    output.clear();
    output_ended = false;
    auto result = child.launch(what, input.end());
    ASSERT_FALSE(result.error) << result.what;
    ASSERT_GT(result.pid, 0);
    collect();
  }

  /// Whole lines for its stdin.
  void say(std::string_view lines) {
    input.append(lines);
    child.input().let_go(input.end());
  }

  void collect() {
    child.output().move([this](const inlet::result& moved) {
      output += text_in(events, events.end() - moved.moved, events.end());
      output_ended = moved.at_end;
      if (!moved.at_end && !moved.error)
        collect();
    });
  }

  /// Until the child was reaped and its stdout has ended.
  void wait_end() {
    ASSERT_TRUE(run_until([this] { return !child.running() && output_ended; }));
  }

  void wait_output(std::string_view text) {
    ASSERT_TRUE(
      run_until([&] { return output.find(text) != std::string::npos; }))
      << output;
  }

  /// What a shell script prints.
  std::string output_of(const child_command& what) {
    launch(what);
    wait_end();
    return output;
  }
};

} // namespace container_agent::test
