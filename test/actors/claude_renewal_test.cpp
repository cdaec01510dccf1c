#include "messages/errors.hpp"
#include "test/actors/claude_process_fixture.hpp"

#include <gmock/gmock.h>

#include <csignal>

/// A child that is ended to be started again, and one that is of no use.
namespace container_agent::test {

namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class claude_renewals : public claude_processes {
public:
  void SetUp() override {
    start();
    launch();
    allow();
    conversation.forget();
  }

  void renew(bool at_once, bool fault = false) {
    tell(process, renew_child{"memory", at_once, fault});
    settle();
  }

  child_ended take_end() { return conversation.take<child_ended>(); }
};

} // namespace

TEST_F(claude_renewals, begin_with_the_end_of_stdin) {
  renew(false);
  EXPECT_TRUE(child.input_closed());
  EXPECT_THAT(child.signals, IsEmpty());
  child.exit(0);
  settle();
  auto end = take_end();
  EXPECT_EQ(end.renewal, "memory");
  EXPECT_FALSE(end.asked);
  ASSERT_TRUE(end_of(process));
  EXPECT_TRUE(is(*end_of(process), agent_error::child_renewed));
  EXPECT_EQ(describe(*end_of(process)), "child_renewed: memory");
}

TEST_F(claude_renewals, go_on_with_signals_if_that_does_not_do) {
  renew(false);
  advance(claude_process::renewal_timeout - 1ms);
  EXPECT_THAT(child.signals, IsEmpty());
  advance(1ms);
  EXPECT_THAT(child.signals, ElementsAre(SIGTERM));
  advance(claude_process::renewal_timeout);
  EXPECT_EQ(take_end().renewal, "memory");
  EXPECT_FALSE(child.running());
}

TEST_F(claude_renewals, at_once_are_a_kill) {
  renew(true);
  EXPECT_THAT(child.signals, testing::Contains(SIGKILL));
  EXPECT_EQ(take_end().renewal, "memory");
}

TEST_F(claude_renewals, that_are_the_childs_fault_count_as_its_failure) {
  renew(true, true);
  take_end();
  EXPECT_TRUE(is(*end_of(process), agent_error::child_ended));
}

TEST_F(claude_renewals, asked_for_twice_are_one) {
  renew(false);
  advance(1000ms);
  renew(false);
  advance(claude_process::renewal_timeout - 1000ms);
  EXPECT_THAT(child.signals, ElementsAre(SIGTERM));
}

TEST_F(claude_renewals, go_on_under_the_next_claude_process) {
  renew(false);
  kill(process);
  start();
  allow();
  advance(claude_process::renewal_timeout * 2);
  EXPECT_FALSE(child.running());
  EXPECT_EQ(take_end().renewal, "memory");
}

TEST_F(claude_renewals, give_way_to_a_shutdown) {
  renew(false);
  tell(process, close_child_input{});
  settle();
  child.exit(0);
  settle();
  auto end = take_end();
  EXPECT_TRUE(end.asked);
  EXPECT_EQ(end.renewal, "");
  EXPECT_EQ(end_of(process), caf::error{});
}

TEST_F(claude_renewals, leave_the_input_to_the_next_child) {
  renew(false);
  give("for the next\n");
  EXPECT_EQ(child.received(), "");
  EXPECT_EQ(link.input_position(), 0u);
}

TEST_F(claude_renewals, of_a_child_that_has_ended_do_nothing) {
  child.output_stays_open = true;
  child.exit(3);
  settle();
  renew(true);
  advance(claude_process::linger_timeout);
  auto end = take_end();
  EXPECT_EQ(end.renewal, "");
  EXPECT_EQ(end.exit_code, 3);
}

// -- a child that closes its stdout and lives on ------------------------------

TEST_F(claude_renewals, a_mute_child_is_killed_after_a_while) {
  child.stdout_pipe().end();
  advance(claude_process::mute_timeout - 1ms);
  EXPECT_TRUE(child.running());
  advance(1ms);
  EXPECT_FALSE(child.running());
  auto end = take_end();
  EXPECT_EQ(end.signal, SIGKILL);
  EXPECT_FALSE(is_wanted(end)) << "its own fault";
}

TEST_F(claude_renewals, a_child_that_closes_its_stdout_to_end_is_let_be) {
  child.stdout_pipe().end();
  advance(100ms);
  child.exit(0);
  settle();
  EXPECT_EQ(take_end().exit_code, 0);
  EXPECT_THAT(child.signals, testing::Not(testing::Contains(SIGTERM)));
}

TEST_F(claude_renewals, the_next_guest_that_is_mute_is_killed_as_well) {
  child.attach_only = true;
  for (int guest = 0; guest < 2; ++guest) {
    child.stdout_pipe().end();
    advance(claude_process::mute_timeout);
    EXPECT_FALSE(child.running()) << guest;
    launch({"", false, 0, take_end().generation});
  }
}

} // namespace container_agent::test
