#pragma once

#include "test/support/agent_process.hpp"
#include "test/support/messages_api.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// The real agent with the real Claude Code against the offline stand-in for
/// the Messages API: every row of the table in docs/claude-code.md.
namespace container_agent::test {

using testing::HasSubstr;

/// How long a turn may take. Claude Code is 360 MB to load, and other tests or
/// a build may run beside it: some 15 s were seen.
inline constexpr std::chrono::seconds turn_patience{90};

/// The pinned Claude Code. It may not be there: the tests fail then.
std::filesystem::path claude_code_command();

/// A different uuid at each call.
std::string new_uuid();

/// What a `result` line tells of the prompts that it answers.
bool answers(const json& line, std::string_view uuid);

/// Whether this is a `command_lifecycle` of the prompt with this state.
bool is_lifecycle(const json& line, std::string_view uuid,
                  std::string_view state);

/// What a host writes to interrupt a turn.
json interrupt_request(std::string_view request_id);

/// What a host writes to answer a `can_use_tool` request.
json allow(const json& request);
json deny(const json& request, std::string_view why);

/// Each test has its own API, its own HOME and a folder to work in, both empty.
class claude_code : public testing::Test {
protected:
  claude_code();

  /// Fails the test, with what to do, when Claude Code is not installed.
  void SetUp() override;

  /// For an agent with Claude Code, with more options and arguments for
  /// Claude Code. A restart comes without a noticeable wait.
  agent_options options(std::vector<std::string> args = {},
                        std::vector<std::string> claude_args = {}) const;

  [[nodiscard]] std::filesystem::path home() const { return dir_ / "home"; }
  [[nodiscard]] std::filesystem::path work() const { return dir_ / "work"; }

  /// Removes what Claude Code has kept of its conversations.
  void forget_conversations() const;

  /// Sends the prompt and waits for its `result`.
  json ask(agent_process& agent, const std::string& text,
           const std::string& uuid = new_uuid());

  /// Sends a prompt with `SLOW` in it and waits until its turn runs: Claude
  /// Code has said so and has asked the API.
  void begin_slow_turn(agent_process& agent, const std::string& text,
                       const std::string& uuid);

  messages_api api_;

private:
  temp_dir dir_;
};

/// The number of the running Claude Code; throws when no `ready` was read yet,
/// because a signal to -1 would go to every process there is.
pid_t claude_pid(const agent_process& agent);

/// `result` of the prompt with this uuid.
json wait_for_result(agent_process& agent, const std::string& uuid);

/// All the lines so far, in order, parsed; what is no JSON is left out.
std::vector<json> seen(const agent_process& agent);

} // namespace container_agent::test
