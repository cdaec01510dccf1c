#include "test/claude_code/claude_code.hpp"
#include "test/support/loose_process.hpp"

#include <csignal>
#include <cstdlib>

/// The agent joins a Claude Code that runs already, on FIFOs.
namespace container_agent::test {

namespace {

class running_claude_code : public claude_code {
protected:
  running_claude_code() {
    make_fifo(work() / "in");
    make_fifo(work() / "out");
  }

  loose_process::options claude() const {
    loose_process::options o;
    o.argv = {claude_code_command(), "-p",
              "--input-format",      "stream-json",
              "--output-format",     "stream-json",
              "--verbose",           "--replay-user-messages"};
    o.env = {{"PATH", std::getenv("PATH")},
             {"HOME", home()},
             {"ANTHROPIC_BASE_URL", api_.url()},
             {"ANTHROPIC_API_KEY", "dummy"},
             {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"},
             {"DISABLE_AUTOUPDATER", "1"},
             {"IS_SANDBOX", "1"}};
    o.cwd = work();
    o.arrange = on_fifos(work() / "in", work() / "out");
    return o;
  }

  agent_options attaching(const loose_process& claude) const {
    auto o = options({"--attach", std::to_string(claude.pid())});
    o.attach = true;
    return o;
  }
};

} // namespace

TEST_F(running_claude_code, is_joined_by_one_agent_after_the_other) {
  loose_process claude{this->claude()};
  {
    agent_process agent{attaching(claude)};
    auto ready = agent.wait_for_record("ready", deadline{turn_patience});
    EXPECT_EQ(ready["pid"], claude.pid()) << ready;
    EXPECT_EQ(ready["attached"], true) << ready;
    ask(agent, "my name is Ada");
    EXPECT_EQ(agent.stop(), (exit_status{0, 0}));
  }
  ASSERT_TRUE(claude.lives());
  agent_process agent{attaching(claude)};
  agent.wait_for_record("ready", deadline{turn_patience});
  EXPECT_EQ(ask(agent, "RECALL it")["result"],
            "Until now you said: my name is Ada");
}

TEST_F(running_claude_code, that_is_killed_in_mid_turn_is_resumed) {
  loose_process claude{this->claude()};
  agent_process agent{attaching(claude)};
  agent.wait_for_record("ready", deadline{turn_patience});
  auto session = ask(agent, "my name is Ada")["session_id"];
  auto uuid = new_uuid();
  begin_slow_turn(agent, "SLOW one", uuid);
  claude.kill();
  EXPECT_TRUE(agent.wait_for_record("claude_exited").at("exit_code").is_null());
  auto ready = agent.wait_for_record("ready", deadline{turn_patience});
  EXPECT_EQ(ready["attached"], false) << ready;
  EXPECT_EQ(ready["session_id"], session) << ready;
  api_.wait_started("SLOW one", 2);
  api_.release();
  EXPECT_EQ(wait_for_result(agent, uuid)["session_id"], session);
  EXPECT_EQ(api_.runs("SLOW one").finished, 1U);
}

} // namespace container_agent::test
