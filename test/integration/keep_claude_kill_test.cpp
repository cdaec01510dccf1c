#include "test/integration/common.hpp"
#include "test/support/all_tests.hpp"
#include "test/support/json_text.hpp"
#include "test/support/kept_host.hpp"

#include <map>
#include <random>

/// Agents killed at random moments under load: what Claude has written and what
/// the host has read are the same bytes.
namespace container_agent::test {

namespace {

/// AGENT_ALL_TESTS: as many as are promised.
int kills() {
  return all_tests() ? 1000 : 60;
}

constexpr std::size_t longest_line = 200 * 1024;

class load {
public:
  load(kept_host& host, unsigned seed) : host_{host}, random_{seed} {}

  std::size_t number(std::size_t least, std::size_t most) {
    return std::uniform_int_distribution<std::size_t>{least, most}(random_);
  }

  /// Lines of 100 bytes to 200 KiB, in prompts and in answers.
  void prompt() {
    auto uuid = "u-" + std::to_string(sent_.size());
    sent_.push_back(uuid);
    auto line
      = number(0, 3) == 0 ? number(1000, longest_line) : number(100, 3000);
    if (number(0, 3) == 0)
      host_.prompt(std::string(line, 'p'), uuid);
    else
      host_.prompt("flood " + std::to_string(number(line, 4 * longest_line))
                     + ' ' + std::to_string(line),
                   uuid);
  }

  /// Prompts without an answer, that the host has read.
  std::size_t open() {
    static constexpr std::string_view mark = R"("state":"completed")";
    const auto& stream = host_.stream();
    for (auto at = stream.find(mark, looked_); at != std::string::npos;
         at = stream.find(mark, looked_)) {
      looked_ = at + mark.size();
      ++answered_;
    }
    looked_
      = std::max(looked_, stream.size() - std::min(stream.size(), mark.size()));
    return sent_.size() - std::min(sent_.size(), answered_);
  }

  [[nodiscard]] const std::vector<std::string>& sent() const { return sent_; }

private:
  kept_host& host_;
  std::mt19937 random_;
  std::vector<std::string> sent_;
  std::size_t looked_ = 0;
  std::size_t answered_ = 0;
};

/// What the child says it wrote, but for the answers to the agents.
std::string written(const kept_host& host) {
  std::string result;
  std::istringstream in{read_file(host.state_dir() / "stdout")};
  std::string line;
  while (std::getline(in, line))
    if (line.find(R"("request_id":"container_agent:)") == std::string::npos)
      result += line + '\n';
  return result;
}

std::size_t first_difference(const std::string& a, const std::string& b) {
  auto end = std::min(a.size(), b.size());
  return static_cast<std::size_t>(
    std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(end),
                  b.begin())
      .first
    - a.begin());
}

void expect_same(const std::string& is, const std::string& should) {
  if (is == should)
    return;
  auto at = first_difference(is, should);
  auto from = at < 200 ? 0 : at - 200;
  ADD_FAILURE() << "read " << is.size() << " bytes, written " << should.size()
                << ", different at " << at << ":\n"
                << is.substr(from, 400) << "\n-- instead of\n"
                << should.substr(from, 400);
}

/// Kills the Claude of this host, if there is one at the moment.
void kill_claude(const kept_host& host) {
  auto pid = host.claude_pid();
  auto program
    = read_file("/proc/" + std::to_string(pid) + "/cmdline"); // or it is gone
  if (pid > 1 && program.find(fake_claude_binary()) != std::string::npos)
    ::kill(pid, SIGKILL);
}

/// Kills the shim above it, which takes Claude along.
void kill_shim(const kept_host& host) {
  auto claude = status_of(host.claude_pid());
  if (claude.empty())
    return;
  auto above = std::stoi(claude["PPid"]);
  if (read_file("/proc/" + std::to_string(above) + "/comm") == "agent-shim\n")
    ::kill(above, SIGKILL);
}

/// What the host was told of the end of its prompts.
class ends_told {
public:
  explicit ends_told(const std::string& stream) : stream_{stream} {}

  /// Reads what has come.
  void look() {
    for (auto end = stream_.find('\n', looked_); end != std::string::npos;
         end = stream_.find('\n', looked_)) {
      take(std::string_view{stream_}.substr(looked_, end - looked_));
      looked_ = end + 1;
    }
  }

  [[nodiscard]] bool told(const std::string& uuid) const {
    return ends_.contains(uuid);
  }

  /// Prompts that the host was told of.
  [[nodiscard]] std::size_t count() const { return ends_.size(); }

  /// How many ends each prompt has got.
  [[nodiscard]] const std::map<std::string, int>& ends() const { return ends_; }

  /// Lines that are no JSON.
  [[nodiscard]] int torn() const { return torn_; }

private:
  void take(std::string_view text) {
    auto line = json::parse(text, nullptr, false);
    auto type = text_in(line, "type");
    if (!line.is_object())
      torn_ += text.empty() ? 0 : 1;
    else if (type == "result")
      ++ends_[host_uuid(text_in(line, "user_message_uuid"))];
    else if (type == "container_agent"
             && text_in(line, "subtype") == "continued")
      continued_[text_in(line, "continue_uuid")] = text_in(line, "uuid");
    else if (type == "container_agent" && text_in(line, "subtype") == "failed")
      ++ends_[text_in(line, "uuid")];
  }

  std::string host_uuid(const std::string& uuid) const {
    auto i = continued_.find(uuid);
    return i == continued_.end() ? uuid : i->second;
  }

  const std::string& stream_;
  std::map<std::string, std::string> continued_;
  std::map<std::string, int> ends_;
  std::size_t looked_ = 0;
  int torn_ = 0;
};

} // namespace

// Agents, shims, Claudes, in any combination; the host may see lines again
// after that, and the log holds each once. The one that dies second may be in
// the middle of a line, whose rest nobody has then.
TEST(keep_claude_kill, whatever_is_killed_each_prompt_has_its_end) {
  const unsigned seed = 20261129;
  const auto last_kill = kills();
  kept_host host{{"--log-level", "warn", "--max-restarts", "1000",
                  "--restart-window", "1s", "--keep-events", "16GiB"}};
  load traffic{host, seed};
  ends_told told{host.stream()};
  host.start_agent();
  int claudes = 0;
  for (int killed = 0; killed < last_kill; ++killed) {
    for (auto left = traffic.number(0, 300'000); left > 0;) {
      told.look();
      while (traffic.sent().size() < told.count() + 4)
        traffic.prompt();
      auto size = traffic.number(1, 30'000); // the host is slow
      left -= std::min(left, host.step(size, deadline{}));
    }
    auto which = traffic.number(1, 7); // each of three, and all together
    if ((which & 1) != 0)
      kill_claude(host);
    if ((which & 2) != 0)
      kill_shim(host);
    claudes += (which & 3) != 0 ? 1 : 0;
    if ((which & 4) != 0) {
      host.kill_agent();
      host.start_agent();
    }
  }
  for (const auto& uuid : traffic.sent())
    while (!told.told(uuid)) {
      host.step(1024 * 1024, deadline{});
      told.look();
    }
  auto log = host.events();
  ends_told in_log{log};
  in_log.look();
  for (const auto& uuid : traffic.sent())
    EXPECT_EQ(in_log.ends().at(uuid), 1) << uuid;
  EXPECT_LE(told.torn(), claudes);
}

TEST(keep_claude_kill, random_kills_lose_tear_and_double_nothing) {
  const unsigned seed = 20261124;
  const auto last_kill = kills();
  kept_host host{{"--log-level", "warn"}, {"--record-stdout"}};
  load traffic{host, seed};
  host.start_agent();
  for (int killed = 0; killed < last_kill; ++killed) {
    for (auto left = traffic.number(0, 300'000); left > 0;) {
      while (traffic.open() < 4)
        traffic.prompt();
      auto size = traffic.number(1, 30'000); // the host is slow
      left -= std::min(left, host.step(size, deadline{}));
    }
    host.kill_agent();
    host.start_agent();
  }
  auto last = traffic.sent().back();
  host.wait_for(
    [&](const json& line) {
      return line.value("command_uuid", "") == last
             && line.value("state", "") == "completed";
    },
    "the end of the last command");
  expect_same(host.claude_lines(), written(host));
  EXPECT_EQ(lines_of(host.state_dir() / "starts").size(), 1U);
  std::map<std::string, int> runs;
  for (const auto& uuid : lines_of(host.state_dir() / "runs"))
    ++runs[uuid];
  for (const auto& uuid : traffic.sent())
    EXPECT_EQ(runs[uuid], 1) << uuid;
  std::istringstream lines{host.stream()};
  for (std::string line; std::getline(lines, line);)
    ASSERT_TRUE(json::accept(line)) << "torn: " << line.substr(0, 400);
}

} // namespace container_agent::test
