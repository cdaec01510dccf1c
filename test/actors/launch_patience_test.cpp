#include "actors/child/launch_patience.hpp"

#include "messages/errors.hpp"
#include "test/actors/claude_process_fixture.hpp"

#include <gtest/gtest.h>

namespace container_agent::test {

namespace {

using namespace std::chrono_literals;

constexpr launch_patience::time_point start{1000s};
const auto missing = std::make_error_code(std::errc::no_such_file_or_directory);
const auto busy = std::make_error_code(std::errc::text_file_busy);

/// Can't be launched as long as its program is away.
class child_of_a_program : public fake_child {
public:
  using fake_child::fake_child;

  std::error_code away;

  launch_result launch(const child_command& command,
                       std::uint64_t input_from) override {
    launch_error = away;
    launch_what = "cannot run \"claude\": no such file";
    return fake_child::launch(command, input_from);
  }
};

/// A Claude whose program is replaced while it does not run.
class replaced_programs : public claude_processes {
public:
  child_of_a_program claude{events, to_child, output_log};
  child_link patient{
    claude,
    output_log,
    {.command = {"claude", {"-p"}, {}, {}}, .launch_patience = 60s},
    context};

  void start_patient() {
    process = spawn<claude_process>(patient, context);
    introduce(process);
  }

  void run_once() {
    start_patient();
    launch();
    allow();
    claude.exit(0);
    settle();
    ASSERT_TRUE(end_of(process));
  }

  void launch() {
    claude_processes::launch({"", false, 0, patient.last_end().generation});
  }

  void take_program_away(std::error_code error = missing) {
    claude.away = error;
  }
};

} // namespace

TEST(launch_patiences, wait_for_a_program_that_was_there) {
  launch_patience patience{60s};
  EXPECT_FALSE(patience.failed(missing, start));
  patience.launched();
  EXPECT_EQ(patience.failed(missing, start), 100ms);
  EXPECT_EQ(patience.failed(busy, start + 100ms), 200ms);
}

TEST(launch_patiences, try_a_last_time_at_the_limit_and_then_no_more) {
  launch_patience patience{60s};
  patience.launched();
  auto now = start;
  while (auto wait = patience.failed(missing, now)) {
    EXPECT_LE(*wait, launch_patience::longest_delay);
    now += *wait;
  }
  EXPECT_EQ(now, start + 60s);
  EXPECT_FALSE(patience.failed(missing, start + 100s));
}

TEST(launch_patiences, begin_anew_once_it_has_run_again) {
  launch_patience patience{1s};
  patience.launched();
  EXPECT_TRUE(patience.failed(missing, start));
  patience.launched();
  EXPECT_FALSE(patience.since());
  EXPECT_EQ(patience.failed(missing, start + 1h), 100ms);
}

TEST(launch_patiences, do_not_wait_for_what_will_not_pass) {
  launch_patience patience{60s};
  patience.launched();
  EXPECT_FALSE(patience.failed(
    std::make_error_code(std::errc::argument_list_too_long), start));
  launch_patience none{0s};
  none.launched();
  EXPECT_FALSE(none.failed(missing, start));
}

TEST(launch_patiences, wait_for_room_on_a_full_disk_without_a_limit) {
  const auto full = std::make_error_code(std::errc::no_space_on_device);
  launch_patience patience{0s};
  for (auto now = start; now < start + 1h; now += 5s)
    ASSERT_TRUE(patience.failed(full, now));
}

TEST_F(replaced_programs, are_started_once_they_are_back) {
  run_once();
  start_patient();
  take_program_away();
  launch();
  EXPECT_TRUE(lives(process)) << "no failure that the supervisor would count";
  take_program_away(busy);
  advance(100ms);
  EXPECT_TRUE(lives(process));
  claude.away = {};
  advance(30s);
  EXPECT_EQ(conversation.take<child_started>().generation, 1U);
  EXPECT_EQ(conversation.take<child_started>().generation, 2U);
}

TEST_F(replaced_programs, are_a_failure_after_the_patience) {
  run_once();
  start_patient();
  take_program_away();
  launch();
  advance(59s);
  EXPECT_TRUE(lives(process));
  advance(1s);
  auto end = end_of(process);
  ASSERT_TRUE(end);
  EXPECT_EQ(describe(*end),
            "launch_failed: cannot run \"claude\": no such file");
  // The next one does not begin to wait again: the supervisor counts it.
  start_patient();
  launch();
  EXPECT_TRUE(end_of(process));
}

TEST_F(replaced_programs, are_waited_for_by_the_next_actor_too) {
  run_once();
  start_patient();
  take_program_away();
  launch();
  kill(process);
  start_patient();
  launch();
  EXPECT_TRUE(lives(process));
  claude.away = {};
  advance(30s);
  EXPECT_EQ(conversation.count<child_started>(), 2U);
}

TEST_F(replaced_programs, are_not_waited_for_at_the_end) {
  run_once();
  start_patient();
  take_program_away();
  launch();
  tell(process, close_child_input{});
  settle();
  EXPECT_TRUE(end_of(process));
}

TEST_F(replaced_programs, that_never_ran_are_no_replaced_ones) {
  start_patient();
  take_program_away();
  launch();
  EXPECT_TRUE(end_of(process));
}

} // namespace container_agent::test
