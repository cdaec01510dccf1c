#include "test/claude_code/claude_code.hpp"
#include "test/support/all_tests.hpp"
#include "test/support/kept_host.hpp"

#include <csignal>
#include <map>
#include <random>

/// The real Claude Code outlives the agent.
namespace container_agent::test {

namespace {

class keep_claude_code : public claude_code {
public:
  std::unique_ptr<kept_host> host;

  void SetUp() override {
    claude_code::SetUp();
    host = std::make_unique<kept_host>(
      options().args, std::vector<std::string>{}, claude_code_command());
    host->start_agent();
  }

  std::map<pid_t, int> pids; // of the `ready` records

  json wait_ready() {
    return host->wait_for(
      [&](const json& line) {
        if (line.value("subtype", "") != "ready")
          return false;
        ++pids[line["pid"].get<pid_t>()];
        return true;
      },
      "ready", deadline{turn_patience});
  }

  void begin_slow(const std::string& text, const std::string& uuid) {
    host->prompt(text, uuid);
    host->wait_for(
      [&](const json& line) { return is_lifecycle(line, uuid, "started"); },
      text, deadline{turn_patience});
    api_.wait_started(text, 1, turn_patience);
  }

  std::size_t results_of(const std::string& uuid) const {
    std::size_t count = 0;
    std::istringstream lines{host->stream()};
    for (std::string line; std::getline(lines, line);)
      if (line.find("\"result\"") != std::string::npos)
        if (auto record = json::parse(line, nullptr, false);
            record.is_object() && answers(record, uuid))
          ++count;
    return count;
  }
};

} // namespace

TEST_F(keep_claude_code,
       answers_through_the_next_agent_when_killed_in_mid_turn) {
  auto claude = wait_ready()["pid"];
  auto uuid = new_uuid();
  begin_slow("SLOW one", uuid);
  host->kill_agent();
  host->start_agent();
  auto ready = wait_ready();
  EXPECT_EQ(ready["pid"], claude);
  EXPECT_TRUE(ready["attached"].get<bool>());
  api_.release();
  EXPECT_EQ(host->wait_for_result(uuid)["result"],
            "You said: SLOW one (this is turn 1 of our conversation)");
  EXPECT_EQ(api_.runs("SLOW one").started, 1U);
  EXPECT_EQ(results_of(uuid), 1U);
}

TEST_F(keep_claude_code, gets_the_hosts_answer_through_the_next_agent) {
  wait_ready();
  auto uuid = new_uuid();
  auto file = work() / "allowed";
  host->prompt("TOUCH " + file.string(), uuid);
  auto request = host->wait_for(
    [](const json& line) {
      return line.value("type", "") == "control_request";
    },
    "a permission request", deadline{turn_patience});
  host->kill_agent();
  host->start_agent();
  wait_ready();
  host->write(allow(request).dump() + '\n');
  EXPECT_FALSE(host->wait_for_result(uuid)["is_error"].get<bool>());
  EXPECT_TRUE(std::filesystem::exists(file));
}

TEST_F(keep_claude_code, goes_on_through_an_upgrade_and_then_ends_in_order) {
  auto claude = wait_ready()["pid"].get<pid_t>();
  auto uuid = new_uuid();
  begin_slow("SLOW one", uuid);
  EXPECT_EQ(host->end_agent(SIGTERM).code, 0);
  host->start_agent();
  EXPECT_EQ(wait_ready()["pid"], claude);
  api_.release();
  EXPECT_FALSE(host->wait_for_result(uuid)["is_error"].get<bool>());
  EXPECT_EQ(host->end_agent(SIGINT).code, 0);
  wait_gone(claude);
  EXPECT_FALSE(std::filesystem::exists(host->log_dir() / "shim.sock"));
}

TEST_F(keep_claude_code, kills_of_the_agent_lose_and_double_nothing) {
  const unsigned seed = 20261124;
  std::mt19937 random{seed};
  auto number = [&](std::size_t least, std::size_t most) {
    return std::uniform_int_distribution<std::size_t>{least, most}(random);
  };
  std::vector<std::string> uuids;
  auto claude = wait_ready()["pid"].get<pid_t>();
  const int kills = all_tests() ? 50 : 15;
  for (int killed = 0; killed < kills; ++killed) {
    uuids.push_back(new_uuid());
    auto text = "n" + std::to_string(killed) + ' ';
    host->prompt(killed % 2 == 0
                   ? "LONG " + std::to_string(number(1, 150'000)) + ' ' + text
                   : text + std::string(number(1, 3000), 'x'),
                 uuids.back());
    auto goal = host->stream().size() + number(1, 2'000);
    while (host->stream().size() < goal)
      host->step(number(1, 10'000), deadline{turn_patience});
    host->kill_agent();
    host->start_agent();
  }
  host->wait_for_result(uuids.back());
  for (const auto& uuid : uuids)
    EXPECT_EQ(results_of(uuid), 1U) << uuid;
  EXPECT_EQ(::kill(claude, 0), 0) << "it was never started again";
  std::istringstream lines{host->stream()};
  for (std::string line; std::getline(lines, line);)
    EXPECT_TRUE(line.empty() || json::accept(line)) << line.substr(0, 400);
}

} // namespace container_agent::test
