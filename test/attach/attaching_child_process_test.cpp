#include "main/attach/attaching_child_process.hpp"

#include "test/process/child_fixture.hpp"
#include "test/process/keeping_agent.hpp"
#include "test/support/fifo.hpp"
#include "test/support/loose_process.hpp"
#include "test/support/recording_log.hpp"
#include "test/support/temp_dir.hpp"

#include <csignal>
#include <optional>

namespace container_agent::test {

namespace {

using runtime::attaching_child_process;

class attaching_test : public child_fixture {
public:
  recording_log log;
  runtime::file_watch watch{loop, log};
  temp_dir dir;

  loose_process::options cat_on_fifos() const {
    make_fifo(dir / "in");
    make_fifo(dir / "out");
    loose_process::options cat;
    cat.argv = {"/bin/cat"};
    cat.arrange = on_fifos(dir / "in", dir / "out");
    return cat;
  }
};

} // namespace

TEST_F(attaching_test, one_is_started_as_none_is_looked_for) {
  attaching_child_process process{
    loop, watch, log, child, {input, events}, {false, false, 0, false}};
  auto result = process.launch(shell("exit 3"), 0);
  EXPECT_FALSE(result.attached);
  process.on_exit([this] { ++exits; });
  ASSERT_TRUE(run_until([&] { return exits == 1; }));
  EXPECT_EQ(process.exit_status().exit_code, 3);
}

// Both work on the same logs: the next child gets what comes after what the
// first one has got.
TEST_F(attaching_test, one_is_started_after_the_one_that_was_attached_to) {
  loose_process guest{cat_on_fifos()};
  attaching_child_process process{
    loop,  watch,           log,
    child, {input, events}, {true, false, guest.pid(), false}};
  process.on_exit([this] { ++exits; });
  auto result = process.launch(command("cat"), 0);
  ASSERT_TRUE(result.attached);
  EXPECT_TRUE(process.is_guest());
  EXPECT_EQ(result.input_from, 0u);
  input.append("one\n");
  process.input().let_go(input.end());
  ASSERT_TRUE(run_until([&] { return process.input().position() == 4; }));
  guest.kill();
  ASSERT_TRUE(run_until([&] { return exits == 1; }));
  auto got = process.input().position();
  ASSERT_FALSE(process.launch(command("cat"), got).error);
  EXPECT_FALSE(process.is_guest());
  input.append("two\n");
  process.input().let_go(input.end());
  process.close_input();
  collect();
  wait_end();
  EXPECT_EQ(output, "two\n");
}

TEST_F(attaching_test, a_kept_one_goes_before_any_other) {
  loose_process guest{cat_on_fifos()};
  std::optional<keeping_agent> agent{std::in_place, loop, dir.path()};
  auto pid = agent->child.launch(command("cat"), 0).pid;
  agent.reset();
  agent.emplace(loop, dir.path());
  attaching_child_process process{loop,
                                  watch,
                                  log,
                                  agent->child,
                                  {agent->input, agent->events},
                                  {true, false, guest.pid(), false}};
  auto result = process.launch(command("cat"), 0);
  EXPECT_TRUE(result.attached);
  EXPECT_EQ(result.pid, pid);
  EXPECT_FALSE(process.is_guest());
  agent->child.conclude(false);
}

} // namespace container_agent::test
