#pragma once

#include "main/runtime/child_process.hpp"
#include "test/runtime/loop_fixture.hpp"

#include <string>

namespace container_agent::test {

/// A child of its own for each test, with all its stdout collected.
class child_fixture : public loop_fixture {
public:
  runtime::posix_child_process child{loop};
  std::string output;
  bool output_ended = false;
  int exits = 0;

  child_fixture() {
    child.on_exit([this] { ++exits; });
  }

  static child_command command(std::string program,
                               std::vector<std::string> arguments = {}) {
    return {
      std::move(program), std::move(arguments), {"PATH=/usr/bin:/bin"}, {}};
  }

  static child_command shell(std::string script) {
    return command("sh", {"-c", std::move(script)});
  }

  void launch(const child_command& what) {
    output.clear();
    output_ended = false;
    auto result = child.launch(what);
    ASSERT_FALSE(result.error) << result.what;
    ASSERT_GT(result.pid, 0);
    collect();
  }

  void collect() {
    child.output().read([this](const byte_source::result& found) {
      output += found.data;
      output_ended = found.at_end;
      if (!found.at_end && !found.error)
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
