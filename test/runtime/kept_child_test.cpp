#include "main/runtime/kept_child.hpp"

#include "main/runtime/fifo_end.hpp"
#include "main/runtime/orphan_reaper.hpp"
#include "test/runtime/child_fixture.hpp"
#include "test/support/recording_log.hpp"
#include "test/support/temp_dir.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <optional>

namespace container_agent::test {

namespace {

using runtime::keep_place;
using runtime::kept_child;

/// An agent's part of a kept child, of which another one can take over.
class kept_child_test : public loop_fixture {
public:
  temp_dir dir;
  recording_log log;
  std::optional<keep_place> place;
  std::optional<kept_child> child;
  bool ended = false;

  void begin() {
    child.reset();
    place.reset();
    place.emplace(dir / "kept");
    child.emplace(loop, *place);
    child->on_exit([this] { ended = true; });
  }

  child_process::launch_result launch(std::string script) {
    auto result = child->launch(child_fixture::shell(std::move(script)));
    EXPECT_FALSE(result.error) << result.what;
    return result;
  }

  // Until it is a zombie, which nobody has heard of here.
  static void await_end(pid_t pid) {
    siginfo_t found{};
    ASSERT_EQ(
      ::waitid(P_PID, static_cast<id_t>(pid), &found, WEXITED | WNOWAIT), 0);
  }
};

} // namespace

TEST_F(kept_child_test, its_end_is_not_the_reapers_to_take) {
  begin();
  await_end(launch("exit 7").pid);
  runtime::orphan_reaper reaper{loop, log, *child};
  ASSERT_TRUE(run_until([&] { return ended; }));
  EXPECT_EQ(child->exit_status().exit_code, 7);
  EXPECT_EQ(child->exit_status().kind, exit_kind::known);
  EXPECT_EQ(log.count("orphan_reaped"), 0U);
}

TEST_F(kept_child_test, how_one_that_was_taken_over_ended_is_not_known) {
  begin();
  auto pid = launch("read line").pid;
  begin();
  auto taken_over = launch("exit 1");
  EXPECT_TRUE(taken_over.attached);
  EXPECT_EQ(taken_over.pid, pid);
  EXPECT_FALSE(child->signal_group(SIGKILL));
  ASSERT_TRUE(run_until([&] { return ended; }));
  EXPECT_EQ(child->exit_status().kind, exit_kind::unknown);
  ::waitpid(pid, nullptr, 0); // ours after all
}

// It could say nothing, and what it says first would be the end of a dead one's
// line.
TEST_F(kept_child_test,
       the_next_waits_while_a_dead_ones_output_fills_the_pipe) {
  begin();
  await_end(launch("head -c 1048576 /dev/zero").pid);
  ASSERT_TRUE(run_until([&] { return ended; }));
  auto appeared = false;
  child->on_appeared([&] { appeared = true; });
  EXPECT_TRUE(launch("exit 3").waiting);
  EXPECT_FALSE(child->running());
  loop.run_ready();
  EXPECT_FALSE(appeared);
  auto out = place->open(keep_place::stream::out);
  std::string some(64 * 1024, ' ');
  ASSERT_GT(::read(out.get(), some.data(), some.size()), 0);
  ASSERT_TRUE(run_until([&] { return appeared; }));
  EXPECT_FALSE(launch("exit 3").waiting);
  ASSERT_TRUE(run_until([&] { return !child->running(); }));
  EXPECT_EQ(child->exit_status().exit_code, 3);
  EXPECT_TRUE(runtime::read_all(out.get()).ends_with("\x18\n"));
}

TEST_F(kept_child_test, its_orphans_are_the_reapers) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 0); // as other tests may have left it
  begin();
  runtime::orphan_reaper reaper{loop, log, *child};
  launch("(exit 3 &); read line");
  ASSERT_TRUE(run_until([&] { return log.count("orphan_reaped") > 0; }));
  EXPECT_EQ(log.field("orphan_reaped", "exit_code"), "3");
  EXPECT_FALSE(child->signal_group(SIGKILL));
  ASSERT_TRUE(run_until([&] { return ended; }));
  EXPECT_EQ(child->exit_status().signal, SIGKILL);
}

} // namespace container_agent::test
