#include "test/simulation/judge.hpp"
#include "test/simulation/kernel_fifo.hpp"
#include "test/simulation/lifeline.hpp"

#include <gtest/gtest.h>

// What the judge lets pass when an agent has died (`--keep-claude`), and what
// it does not: each once with it, and once without.
namespace container_agent::simulation {

namespace {

class kept_judges : public testing::Test {
public:
  run_context run{1, {}};
  judge bench{run, 100, 5};

  const std::string line
    = R"({"type":"user","message":{"role":"user","content":"hi"},"uuid":"u1"})";
  const std::string result
    = R"({"result":"yes","type":"result","user_message_uuids":["u1"]})";

  void write_prompt() {
    bench.input.know(line, {expectation::kind::prompt, "u1", {}});
    bench.host_wrote("u1", line);
    bench.input.deliver(line + '\n', false);
  }

  void record(const std::string& from_subtype) {
    bench.host_read(R"({"type":"container_agent","subtype":)" + from_subtype);
  }

  void accept() {
    record(R"("accepted","time":"T","uuid":"u1","position":0})");
  }

  void die(const judge::legacy& left, const std::string& half = "") {
    bench.agent_dies(left.dealt_with);
    bench.agent_is_heard(left, half);
  }

  judge::legacy all_dealt_with() const {
    judge::legacy left;
    left.dealt_with = line.size() + 1;
    return left;
  }

  void fail(const std::string& reason) {
    record(R"("failed","time":"T","uuid":"u1","reason":")" + reason + "\"}");
  }

  bool objects(const std::string& to) const {
    return run.violation && run.violation->find(to) != std::string::npos;
  }
};

} // namespace

TEST_F(kept_judges, object_to_a_prompt_that_is_lost_with_the_agent) {
  write_prompt();
  die(all_dealt_with());
  EXPECT_TRUE(objects("nobody knows of it"));
}

TEST_F(kept_judges, let_the_next_agent_read_what_was_not_dealt_with) {
  write_prompt();
  die({});
  bench.input.deliver(line + '\n', false);
  accept();
  EXPECT_FALSE(run.violation) << *run.violation;
}

TEST_F(kept_judges, miss_the_end_of_a_prompt_whose_record_was_lost) {
  write_prompt();
  auto left = all_dealt_with();
  left.told = {1};
  left.accepted = {"u1"};
  die(left);
  EXPECT_FALSE(run.violation) << *run.violation;
  EXPECT_NE(bench.owed().find("an end of prompt u1"), std::string::npos);
  accept(); // nobody has asked again
  EXPECT_TRUE(objects("not next"));
}

TEST_F(kept_judges, let_a_failure_that_was_noted_go_unsaid) {
  write_prompt();
  auto left = all_dealt_with();
  left.told = {1};
  left.accepted = left.failed = {"u1"};
  die(left);
  EXPECT_EQ(bench.owed(), "");
  fail("crashed");
  EXPECT_TRUE(objects("ended twice"));
}

TEST_F(kept_judges, let_lines_be_lost_with_a_claude_that_dies_alone) {
  bench.launched("");
  bench.claude_wrote("one", "s1");
  auto lines = bench.output_is_lost("s1", {});
  bench.claude_wrote("two", "");
  bench.loss_is_heard(lines, "");
  bench.launched("s1");
  bench.host_read("two");
  EXPECT_FALSE(run.violation) << *run.violation;
}

TEST_F(kept_judges, object_to_lines_that_are_lost_without_that) {
  bench.claude_wrote("one", "s1");
  die({});
  bench.claude_wrote("two", "");
  bench.host_read("two");
  EXPECT_TRUE(objects("where Claude wrote `one`"));
}

TEST_F(kept_judges, let_half_a_line_that_is_lost_be_ended_where_it_was) {
  bench.claude_wrote("one two", "s1");
  auto lines = bench.output_is_lost("s1", {});
  bench.loss_is_heard(lines, "one");
  bench.host_read("one");
  EXPECT_FALSE(run.violation) << *run.violation;
}

TEST_F(kept_judges, object_to_a_session_that_nobody_told) {
  bench.output_is_lost("s9", {});
  EXPECT_TRUE(objects("a session that nobody told"));
}

TEST_F(kept_judges, let_a_result_be_told_as_lost_after_a_loss_only) {
  write_prompt();
  accept();
  bench.claude_wrote(result, "s1");
  bench.host_read(result);
  bench.output_is_lost("s1", {});
  fail("result_lost");
  EXPECT_FALSE(run.violation) << *run.violation;
  fail("crashed");
  EXPECT_TRUE(objects("ended twice"));
}

TEST_F(kept_judges, object_to_one_that_is_told_as_lost_without_that) {
  write_prompt();
  accept();
  bench.claude_wrote(result, "s1");
  bench.host_read(result);
  fail("result_lost");
  EXPECT_TRUE(objects("ended twice"));
}

TEST_F(kept_judges, let_a_dead_agents_record_be_torn) {
  const std::string half = R"({"type":"container_agent","subtype":"sta)";
  die({}, half);
  bench.host_read(half);
  EXPECT_FALSE(run.violation) << *run.violation;
  bench.host_read(half);
  EXPECT_TRUE(objects("a torn record"));
}

TEST_F(kept_judges, let_the_next_agent_go_on_behind_a_line_that_was_ended) {
  bench.claude_wrote("one two", "");
  bench.claude_wrote("three", "");
  bench.host_read("one");
  die({});
  bench.host_read("three");
  EXPECT_FALSE(run.violation) << *run.violation;
}

TEST_F(kept_judges, let_the_result_of_what_was_failed_come_or_not) {
  write_prompt();
  accept();
  fail("shutting_down");
  bench.claude_wrote(result, "s1");
  bench.claude_wrote("two", "");
  die({});
  bench.host_read("two");
  EXPECT_FALSE(run.violation) << *run.violation;
}

// -- what agents die with -----------------------------------------------------

TEST(lifelines, end_before_or_after_a_call) {
  for (bool after : {false, true}) {
    lifeline life;
    int calls = 0;
    int deaths = 0;
    life.on_death = [&] { ++deaths; };
    auto call = [&] { return life.call([&] { return ++calls; }, -1); };
    life.die_at(2, after);
    EXPECT_EQ(call(), 1);
    EXPECT_EQ(call(), after ? 2 : -1);
    EXPECT_FALSE(life.alive());
    EXPECT_EQ(call(), -1);
    EXPECT_EQ(deaths, 1);
  }
}

TEST(kernel_fifos, take_up_to_pipe_buf_whole_or_not_at_all) {
  run_context run{1, {}};
  kernel_fifo fifo{run, {5000, 64 * 1024}};
  EXPECT_EQ(fifo.write(std::string(4096, 'a')), 4096);
  EXPECT_EQ(fifo.write(std::string(1000, 'b')), -1);
  EXPECT_EQ(errno, EAGAIN);
  EXPECT_EQ(fifo.write(std::string(4097, 'c')), 904);
}

TEST(kernel_fifos, pass_a_mark_behind_what_came_before_it) {
  run_context run{1, {}};
  kernel_fifo fifo{run, {5000, 64 * 1024}};
  bool passed = false;
  fifo.give("one");
  fifo.mark([&] { passed = true; });
  fifo.give("two");
  EXPECT_EQ(fifo.take(100), "one");
  EXPECT_FALSE(passed); // not before that was dealt with
  EXPECT_EQ(fifo.take(100), "two");
  EXPECT_TRUE(passed);
}

} // namespace container_agent::simulation
