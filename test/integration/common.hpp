#pragma once

#include "test/support/agent_process.hpp"
#include "test/support/programs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <sstream>
#include <string>
#include <vector>

/// What the tests of the real program share. Each of them starts its own agent
/// in a directory of its own, so they may run side by side.
namespace container_agent::test {

using testing::HasSubstr;

inline constexpr auto first_uuid = "11111111-1111-4111-8111-111111111111";
inline constexpr auto second_uuid = "22222222-2222-4222-8222-222222222222";

inline constexpr exit_status graceful{0, 0};

/// A restart without a noticeable wait.
inline std::vector<std::string> fast_restarts() {
  return {"--restart-delay", "1ms"};
}

inline std::vector<std::string> lines_of(const std::filesystem::path& file) {
  std::vector<std::string> lines;
  std::istringstream in(read_file(file));
  std::string line;
  while (std::getline(in, line))
    lines.push_back(line);
  return lines;
}

/// With a Claude that keeps what it reads.
inline agent_options recording() {
  agent_options options;
  options.claude_args = {"--record-stdin"};
  return options;
}

/// The user messages that such a Claude got, as they came.
inline std::vector<std::string> forwarded(const agent_process& agent) {
  std::vector<std::string> result;
  for (const auto& line : lines_of(agent.state_dir() / "stdin"))
    if (line.find("\"initialize\"") == std::string::npos)
      result.push_back(line);
  return result;
}

/// How often this line is in the file.
inline std::size_t count_in(const std::filesystem::path& file,
                            const std::string& line) {
  auto lines = lines_of(file);
  return static_cast<std::size_t>(std::count(lines.begin(), lines.end(), line));
}

inline bool is_uuid(const std::string& text) {
  static const std::regex shape("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
  return std::regex_match(text, shape);
}

/// UTC with milliseconds, as in 2026-11-23T13:07:25.142Z.
inline bool is_timestamp(const std::string& text) {
  static const std::regex shape(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)");
  return std::regex_match(text, shape);
}

/// A user message with a uuid, in one line.
inline std::string user_line(const std::string& text, const std::string& uuid) {
  return json{{"type", "user"},
              {"message", {{"role", "user"}, {"content", text}}},
              {"uuid", uuid}}
    .dump();
}

/// The number behind "grandchild: " in an answer of the stand-in.
inline pid_t grandchild_in(const json& result) {
  auto text = result.at("result").get<std::string>();
  return std::stoi(text.substr(text.find(": ") + 2));
}

/// Something that Claude waits for in the middle of a turn: `prompt()` begins
/// such a turn, `open()` lets it go on.
class gate {
public:
  explicit gate(const agent_process& agent, const std::string& name = "gate")
    : path_(agent.dir() / name) {
    make_fifo(path_);
  }

  [[nodiscard]] std::string prompt() const { return "gate " + path_.string(); }

  /// Waits until the turn has begun.
  void open() const { open_write_close(path_, "x"); }

private:
  std::filesystem::path path_;
};

} // namespace container_agent::test
