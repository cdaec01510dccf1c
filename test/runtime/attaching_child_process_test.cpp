#include "main/runtime/attaching_child_process.hpp"

#include "test/runtime/child_fixture.hpp"
#include "test/support/fifo.hpp"
#include "test/support/loose_process.hpp"
#include "test/support/recording_log.hpp"
#include "test/support/temp_dir.hpp"

#include <csignal>

namespace container_agent::test {

namespace {

using runtime::attaching_child_process;

/// A child that is started, as none is looked for.
class spawning_test : public child_fixture {
public:
  recording_log log;
  runtime::fifo_watch watch{loop, log};

  // A child gets more than it takes, ends, and is started again.
  std::size_t overfeed(bool claude) {
    attaching_child_process process{
      loop, watch, log, child, {false, false, 0, claude}};
    process.on_exit([this] { ++exits; });
    EXPECT_FALSE(process.launch(shell("sleep 600")).error);
    process.input().write(bytes{std::string(1'000'000, 'x')});
    auto pending = process.input().pending();
    EXPECT_FALSE(process.signal_group(SIGKILL));
    EXPECT_TRUE(run_until([&] { return exits == 1; }));
    EXPECT_EQ(log.count("input_dropped"), 0U);
    for (int i = 2; i <= 3; ++i) { // it is told once
      EXPECT_FALSE(process.launch(shell("exit 0")).error);
      EXPECT_TRUE(run_until([&] { return exits == i; }));
    }
    return pending;
  }
};

} // namespace

TEST_F(spawning_test, bytes_that_no_child_got_are_counted_at_the_next_launch) {
  auto pending = overfeed(false);
  EXPECT_GT(pending, 0U);
  EXPECT_EQ(log.count("input_dropped"), 1U);
  EXPECT_EQ(log.field("input_dropped", "bytes"), std::to_string(pending));
}

TEST_F(spawning_test, so_are_those_that_one_did_not_get_that_was_attached_to) {
  temp_dir dir;
  make_fifo(dir / "in");
  make_fifo(dir / "out");
  loose_process::options sleeper;
  sleeper.argv = {"/bin/sleep", "600"};
  sleeper.arrange = on_fifos(dir / "in", dir / "out");
  loose_process guest{sleeper};
  attaching_child_process process{
    loop, watch, log, child, {true, false, guest.pid(), false}};
  process.on_exit([this] { ++exits; });
  ASSERT_TRUE(process.launch(shell("exit 0")).attached);
  process.input().write(bytes{std::string(1'000'000, 'x')});
  auto pending = process.input().pending();
  EXPECT_GT(pending, 0U);
  guest.kill();
  EXPECT_TRUE(run_until([&] { return exits == 1; }));
  EXPECT_FALSE(process.launch(shell("exit 0")).error);
  EXPECT_EQ(log.count("input_dropped"), 1U);
  EXPECT_EQ(log.field("input_dropped", "bytes"), std::to_string(pending));
  EXPECT_TRUE(run_until([&] { return exits == 2; }));
}

TEST_F(spawning_test, prompts_are_sent_again_and_not_counted) {
  EXPECT_GT(overfeed(true), 0U);
  EXPECT_EQ(log.count("input_dropped"), 0U);
}

} // namespace container_agent::test
