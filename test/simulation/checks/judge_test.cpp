#include "test/simulation/judge.hpp"

#include <gtest/gtest.h>

// Negative controls: each thing that the judge looks for is shown to it once,
// and once more without it. A judge that never objects would be worth nothing.
namespace container_agent::simulation {

namespace {

class judges : public testing::Test {
public:
  run_context run{1, {}};
  judge bench{run, 100, 5};

  const std::string line
    = R"({"type":"user","message":{"role":"user","content":"hi"},"uuid":"u1"})";
  const std::string result
    = R"({"result":"yes","type":"result","user_message_uuids":["u1"]})";

  /// The host writes a prompt, and the agent reads it.
  void write_prompt() {
    bench.input.know(line, {expectation::kind::prompt, "u1", {}});
    bench.host_wrote("u1", line);
    bench.input.deliver(line + '\n', false);
  }

  void accept(const std::string& rest = R"(,"position":0})") {
    record(R"("accepted","time":"T","uuid":"u1")" + rest);
  }

  /// The host reads a record of the agent's.
  void record(const std::string& from_subtype) {
    bench.host_read(R"({"type":"container_agent","subtype":)" + from_subtype);
  }

  /// Claude answers, and the host reads that.
  void answer() {
    bench.claude_was_sent("u1", line);
    bench.claude_wrote(result, "s1");
    bench.turn_ended("u1");
    bench.host_read(result);
  }

  bool objects(const std::string& to) const {
    return run.violation && run.violation->find(to) != std::string::npos;
  }
};

} // namespace

TEST_F(judges, have_nothing_against_a_good_run) {
  bench.launched("");
  write_prompt();
  accept();
  answer();
  bench.output_ended("");
  EXPECT_FALSE(run.violation) << *run.violation;
  EXPECT_EQ(bench.owed(), "");
}

TEST_F(judges, miss_the_end_of_a_prompt) {
  write_prompt();
  accept();
  EXPECT_NE(bench.owed().find("an end of prompt u1"), std::string::npos);
}

TEST_F(judges, miss_the_record_of_a_line) {
  bench.input.deliver("hello\n", false);
  EXPECT_NE(bench.owed().find("a record for line 1"), std::string::npos);
}

TEST_F(judges, miss_a_line_of_claudes) {
  bench.claude_wrote("one", "");
  EXPECT_NE(bench.owed().find("Claude's line `one`"), std::string::npos);
}

TEST_F(judges, miss_a_status) {
  bench.input.know("{status}", {expectation::kind::status, {}, {}});
  bench.input.deliver("{status}\n", false);
  EXPECT_NE(bench.owed().find("a status"), std::string::npos);
}

TEST_F(judges, object_to_a_prompt_that_ends_twice) {
  write_prompt();
  accept();
  answer();
  record(R"("failed","time":"T","uuid":"u1","reason":"crashed"})");
  EXPECT_TRUE(objects("ended twice"));
}

TEST_F(judges, object_to_an_answer_before_the_prompt_was_accepted) {
  write_prompt();
  answer();
  EXPECT_TRUE(objects("was not accepted"));
}

TEST_F(judges, object_to_a_prompt_that_runs_to_its_end_twice) {
  bench.turn_ended("u1");
  EXPECT_FALSE(run.violation);
  bench.turn_ended("u1");
  EXPECT_TRUE(objects("ran to its end twice"));
}

TEST_F(judges, object_to_a_prompt_that_one_claude_gets_twice) {
  bench.claude_was_sent("u1", line);
  bench.claude_was_sent("u1", line);
  EXPECT_TRUE(objects("sent twice"));
}

TEST_F(judges, let_the_next_claude_have_a_prompt_again) {
  bench.claude_was_sent("u1", line);
  bench.launched("");
  bench.claude_was_sent("u1", line);
  EXPECT_FALSE(run.violation);
}

TEST_F(judges, object_to_a_prompt_that_was_changed_on_its_way) {
  write_prompt();
  bench.claude_was_sent("u1", line + "x");
  EXPECT_TRUE(objects("was written as"));
}

TEST_F(judges, object_to_a_doubled_line) {
  bench.claude_wrote("one", "");
  bench.claude_wrote("two", "");
  bench.host_read("one");
  EXPECT_FALSE(run.violation);
  bench.host_read("one");
  EXPECT_TRUE(objects("where Claude wrote `two`"));
}

TEST_F(judges, object_to_a_line_out_of_order) {
  bench.claude_wrote("one", "");
  bench.claude_wrote("two", "");
  bench.host_read("two");
  EXPECT_TRUE(objects("where Claude wrote `one`"));
}

TEST_F(judges, object_to_a_line_from_nowhere) {
  bench.host_read("one");
  EXPECT_TRUE(objects("has not written"));
}

TEST_F(judges, object_to_a_torn_line) {
  bench.output_ended("half");
  EXPECT_TRUE(objects("torn line"));
}

TEST_F(judges, object_to_a_torn_record) {
  record(R"("accepted","time":"T","uu)");
  EXPECT_TRUE(objects("torn record"));
}

TEST_F(judges, let_a_dead_claudes_long_half_line_come_or_not) {
  bench.claude_cut("a long li");
  bench.claude_wrote("two", "");
  bench.claude_cut("a long li");
  bench.host_read("two");
  bench.host_read("a long li");
  EXPECT_FALSE(run.violation);
}

TEST_F(judges, object_to_a_dead_claudes_half_line_that_was_held) {
  bench.claude_cut("short");
  bench.host_read("short");
  EXPECT_TRUE(objects("has not written"));
}

TEST_F(judges, do_not_take_a_line_for_the_same_one_that_was_cut_before_its_lf) {
  for (auto comes : {false, true}) {
    bench.claude_cut("started");
    bench.claude_wrote("started", "");
    bench.claude_wrote("done", "");
    if (comes)
      bench.host_read("started");
    bench.host_read("started");
    bench.host_read("done");
    EXPECT_FALSE(run.violation) << *run.violation;
  }
}

TEST_F(judges, let_the_agent_end_a_line_that_goes_on_and_nothing_more) {
  bench.claude_writes = [] { return std::string{"a long line"}; };
  bench.host_read("a long");
  EXPECT_FALSE(run.violation) << *run.violation;
  bench.host_read("a long line");
  EXPECT_TRUE(objects("behind a line that was ended"));
}

TEST_F(judges, let_it_end_a_dead_claudes_line_before_all_of_it_is_out) {
  bench.claude_cut("a long line");
  bench.host_read("a long");
  EXPECT_FALSE(run.violation) << *run.violation;
}

TEST_F(judges, let_a_control_message_be_refused_when_there_is_no_claude) {
  for (const std::string line : {"{c}", "{d}"})
    bench.input.know(line, {expectation::kind::passed_on, {}, {}});
  bench.input.deliver("{c}\n{d}\n", false);
  EXPECT_EQ(bench.owed(), "");
  record(
    R"("rejected","time":"T","reason":"claude_unavailable","detail":"","line":2})");
  EXPECT_FALSE(run.violation) << *run.violation;
  bench.input.deliver("{c}\n", false);
  record(R"("rejected","time":"T","reason":"queue_full","line":3})");
  EXPECT_TRUE(objects("wrong reason"));
}

TEST_F(judges, object_to_records_in_another_order_than_their_lines) {
  bench.input.deliver("{bad}\n", false);
  write_prompt();
  accept();
  EXPECT_TRUE(objects("not next"));
}

TEST_F(judges, object_to_a_rejection_of_the_wrong_line_or_for_a_wrong_reason) {
  bench.input.deliver("{bad}\n", false);
  record(R"("rejected","time":"T","reason":"too_long","detail":"","line":1})");
  EXPECT_TRUE(objects("wrong reason"));
  run.violation.reset();
  record(R"("rejected","time":"T","reason":"invalid_json","line":2})");
  EXPECT_TRUE(objects("not next"));
}

TEST_F(judges, object_to_a_new_prompt_that_is_called_a_duplicate) {
  write_prompt();
  accept(R"(,"position":0,"duplicate":true})");
  EXPECT_TRUE(objects("duplicate"));
}

TEST_F(judges, object_to_a_duplicate_that_is_accepted_anew) {
  write_prompt();
  accept();
  write_prompt();
  accept();
  EXPECT_TRUE(objects("duplicate"));
}

TEST_F(judges, object_to_a_status_that_nobody_has_asked_for) {
  record(R"("status","time":"T","state":"ready"})");
  EXPECT_TRUE(objects("nobody has asked"));
}

TEST_F(judges, object_to_a_request_that_is_cancelled_without_being_open) {
  const std::string asks
    = R"({"type":"control_request","request_id":"q1","request":{}})";
  const std::string cancelled
    = R"({"type":"control_cancel_request","request_id":"q1"})";
  bench.claude_wrote(asks, "");
  bench.host_read(asks);
  bench.host_read(cancelled);
  EXPECT_FALSE(run.violation) << *run.violation;
  bench.host_read(cancelled);
  EXPECT_TRUE(objects("not open"));
}

TEST_F(judges, object_to_a_claude_that_forgets_its_session) {
  bench.claude_wrote("init", "s1");
  bench.launched("");
  EXPECT_TRUE(objects("the conversation is in \"s1\""));
}

TEST_F(judges, let_a_claude_begin_anew_once_its_session_was_refused) {
  bench.claude_wrote("init", "s1");
  bench.session_refused();
  bench.launched("");
  EXPECT_FALSE(run.violation);
}

} // namespace container_agent::simulation
