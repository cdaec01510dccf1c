#include "test/simulation/judge.hpp"

#include <gtest/gtest.h>

// Negative controls: each thing that the judge looks for is shown to it once,
// and once more without it. A judge that never objects would be worth nothing.
namespace container_agent::simulation {

namespace {

agent_options mortal() {
  agent_options options;
  options.mortal = true;
  return options;
}

agent_options with_replies() {
  agent_options options;
  options.replies = true;
  return options;
}

class judges : public testing::Test {
public:
  explicit judges(agent_options options = {}) : bench{run, 100, options} {}

  run_context run{1, {}};
  judge bench;

  const std::string line
    = R"({"type":"user","message":{"role":"user","content":"hi"},"uuid":"u1"})";
  const std::string result
    = R"({"result":"yes","type":"result","user_message_uuids":["u1"]})";
  const std::string asks
    = R"({"type":"control_request","request_id":"q1","request":{}})";
  const std::string cancelled
    = R"({"type":"control_cancel_request","request_id":"q1"})";
  const std::string lost
    = R"({"type":"control_response","response":{"subtype":"error",)"
      R"("request_id":"c1","error":"Claude has ended"}})";

  /// The host writes a prompt, and the log of the input gets it.
  void write_prompt() {
    bench.input.know(line, {expectation::kind::prompt, "u1", {}});
    bench.host_wrote("u1", line);
    bench.input.deliver(line + '\n', false);
    written_ += line.size() + 1;
  }

  void accept(const std::string& more = "") {
    record(R"("accepted","time":"T","uuid":"u1")" + more + R"(,"input_to":)"
           + std::to_string(written_) + '}');
  }

  void fail(const std::string& reason) {
    record(R"("failed","time":"T","uuid":"u1","reason":")" + reason + "\"}");
  }

  /// The agent appends a record of its own.
  std::string record(const std::string& from_subtype) {
    auto all = R"({"type":"container_agent","subtype":)" + from_subtype;
    bench.agent_appended(all + '\n');
    return all;
  }

  /// Claude writes a line, and it comes into the log.
  void log_line(const std::string& text, const std::string& session = "") {
    bench.claude_wrote(text, session);
    bench.claude_moved(text + '\n');
  }

  void answer() {
    bench.claude_was_sent("u1", line);
    log_line(result, "s1");
    bench.turn_ended("u1");
  }

  bool objects(const std::string& to) const {
    return run.violation && run.violation->find(to) != std::string::npos;
  }

  bool misses(const std::string& what) const {
    return bench.owed().find(what) != std::string::npos;
  }

private:
  std::size_t written_ = 0;
};

/// Agents may die.
class judges_of_many : public judges {
public:
  judges_of_many() : judges{mortal()} {}
};

/// The host has text, a reply for each prompt.
class judges_of_replies : public judges {
public:
  judges_of_replies() : judges{with_replies()} {}
};

} // namespace

TEST_F(judges, have_nothing_against_a_good_run) {
  bench.launched("");
  write_prompt();
  accept();
  answer();
  EXPECT_TRUE(misses("the line `{\"type\":\"container_agent\""));
  bench.host_read(R"({"type":"container_agent","subtype":"accepted",)"
                  R"("time":"T","uuid":"u1","input_to":)"
                  + std::to_string(line.size() + 1) + '}');
  bench.host_read(result);
  bench.output_ended("");
  EXPECT_FALSE(run.violation) << *run.violation;
  EXPECT_EQ(bench.owed(), "");
}

// -- what is missing ----------------------------------------------------------

TEST_F(judges, miss_the_end_of_a_prompt) {
  write_prompt();
  accept();
  EXPECT_TRUE(misses("an end of prompt u1"));
  EXPECT_NE(bench.owed_prompts(), "");
  fail("crashed");
  EXPECT_EQ(bench.owed_prompts(), "");
}

TEST_F(judges, miss_the_record_of_a_line) {
  bench.input.deliver("hello\n", false);
  EXPECT_TRUE(misses("a record for line 1"));
}

TEST_F(judges, miss_a_line_of_claudes_in_the_log) {
  bench.claude_wrote("one", "");
  EXPECT_TRUE(misses("Claude's line `one` in the log"));
}

TEST_F(judges, miss_a_line_that_the_host_has_not_read) {
  log_line("one");
  EXPECT_TRUE(misses("the line `one`"));
  bench.host_read("one");
  EXPECT_EQ(bench.owed(), "");
}

TEST_F(judges, miss_a_status) {
  bench.input.know("{status}", {expectation::kind::status, {}, {}});
  bench.input.deliver("{status}\n", false);
  EXPECT_TRUE(misses("a status"));
}

TEST_F(judges, miss_what_became_of_a_request) {
  bench.requests.delivered("c1");
  EXPECT_TRUE(misses("what became of request c1"));
  bench.agent_appended(lost + '\n');
  bench.host_read(lost);
  EXPECT_FALSE(run.violation) << *run.violation;
  EXPECT_EQ(bench.owed(), "");
}

TEST_F(judges, miss_word_of_a_session_that_was_lost) {
  log_line("init", "s1");
  bench.claude_wrote("No conversation found", "");
  bench.claude_moved("No conversation found\n");
  bench.launched("");
  EXPECT_FALSE(run.violation) << *run.violation;
  EXPECT_TRUE(misses("word of a session"));
  record(R"("session_lost","time":"T"})");
  EXPECT_FALSE(misses("word of a session"));
}

// -- prompts ------------------------------------------------------------------

TEST_F(judges, object_to_a_prompt_that_ends_twice) {
  write_prompt();
  accept();
  answer();
  fail("crashed");
  EXPECT_TRUE(objects("ended twice: result, then failed"));
}

TEST_F(judges, object_to_the_answer_of_a_prompt_that_was_failed) {
  write_prompt();
  accept();
  fail("crashed");
  answer();
  EXPECT_TRUE(objects("ended twice: failed, then result"));
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

TEST_F(judges, let_a_turn_run_again_whose_result_was_lost_with_claude) {
  bench.claude_wrote(result, "");
  bench.turn_ended("u1");
  bench.claude_lost(result + '\n');
  bench.turn_ended("u1");
  EXPECT_FALSE(run.violation) << *run.violation;
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

TEST_F(judges, object_to_a_prompt_for_a_claude_that_lacks_a_setting) {
  bench.requests.wrote_setting("c1", "set_model", "opus");
  bench.requests.delivered("c1");
  bench.requests.took("set_model", "opus");
  bench.requests.answered("c1", true);
  bench.claude_was_sent("u1", line);
  EXPECT_FALSE(run.violation) << *run.violation;
  bench.launched("");
  bench.claude_was_sent("u2", line);
  EXPECT_TRUE(objects("a Claude whose set_model"));
}

TEST_F(judges, object_to_what_is_done_with_a_prompt_that_is_not_open) {
  record(R"("resent","time":"T","uuid":"u1"})");
  EXPECT_TRUE(objects("was resent"));
  run.violation.reset();
  record(R"("continued","time":"T","uuid":"u1","continue_uuid":"u2"})");
  EXPECT_TRUE(objects("was continued"));
}

TEST_F(judges, know_whose_a_turn_is_that_was_continued) {
  write_prompt();
  accept();
  record(R"("continued","time":"T","uuid":"u1","continue_uuid":"u2"})");
  log_line(R"({"type":"result","user_message_uuids":["u2"]})");
  EXPECT_FALSE(run.violation) << *run.violation;
  EXPECT_EQ(bench.owed_prompts(), "");
}

// -- the log ------------------------------------------------------------------

TEST_F(judges, object_to_a_line_that_comes_into_the_log_twice) {
  bench.claude_wrote("one", "");
  bench.claude_wrote("two", "");
  bench.claude_moved("one\n");
  EXPECT_FALSE(run.violation);
  bench.claude_moved("one\n");
  EXPECT_TRUE(objects("where Claude wrote `two`"));
}

TEST_F(judges, object_to_lines_in_another_order) {
  bench.claude_wrote("one", "");
  bench.claude_wrote("two", "");
  bench.claude_moved("two\n");
  EXPECT_TRUE(objects("where Claude wrote `one`"));
}

TEST_F(judges, object_to_a_line_from_nowhere) {
  bench.claude_moved("one\n");
  EXPECT_TRUE(objects("where Claude wrote nothing"));
}

TEST_F(judges, take_lines_in_pieces_of_any_size) {
  bench.claude_wrote("one", "");
  bench.claude_wrote("two", "");
  for (const auto* piece : {"o", "ne\nt", "wo", "\n"})
    bench.claude_moved(piece);
  EXPECT_FALSE(run.violation) << *run.violation;
}

TEST_F(judges, object_to_a_record_within_a_line_of_claudes) {
  bench.claude_wrote("one", "");
  bench.claude_moved("on");
  record(R"("stopping","time":"T"})");
  EXPECT_TRUE(objects("within a line of Claude's"));
}

TEST_F(judges, object_to_a_torn_record) {
  record(R"("accepted","time":"T","uu)");
  EXPECT_TRUE(objects("torn record"));
  run.violation.reset();
  bench.agent_appended(R"({"type":"container_agent")");
  EXPECT_TRUE(objects("torn record"));
}

TEST_F(judges, object_to_a_record_whose_offset_is_not_behind_it) {
  record(R"("stopping","offset":0,"time":"T"})");
  EXPECT_FALSE(run.violation) << *run.violation;
  record(R"("claude_exited","offset":1000,"time":"T"})");
  EXPECT_TRUE(objects("not behind it"));
}

TEST_F(judges, let_a_dead_claudes_half_line_be_ended_and_come_or_not) {
  for (auto comes : {false, true}) {
    bench.claude_cut("half", "");
    bench.claude_moved("half");
    bench.line_ended();
    log_line("two");
    if (comes)
      bench.host_read("half");
    bench.host_read("two");
    EXPECT_FALSE(run.violation) << *run.violation;
  }
}

TEST_F(judges, object_to_a_line_that_is_ended_while_claude_writes_on) {
  bench.claude_moved("a long");
  bench.line_ended();
  EXPECT_TRUE(objects("cut, where Claude wrote"));
}

TEST_F(judges, let_an_agent_end_it_that_is_about_to_end) {
  run.closing = true;
  bench.claude_moved("a long");
  bench.line_ended();
  EXPECT_FALSE(run.violation) << *run.violation;
  bench.claude_wrote("a long line", "");
  bench.claude_moved(" line\n");
  EXPECT_FALSE(run.violation) << *run.violation;
}

TEST_F(judges, object_to_a_half_line_that_comes_whole) {
  bench.claude_cut("half", "");
  bench.claude_moved("half\n");
  EXPECT_TRUE(objects("the log has `half` where"));
}

TEST_F(judges, do_not_take_a_line_for_the_same_one_that_was_cut_before_its_lf) {
  bench.claude_cut("started", "");
  bench.claude_moved("started");
  bench.line_ended();
  log_line("started");
  log_line("done");
  bench.host_read("started");
  bench.host_read("started");
  bench.host_read("done");
  EXPECT_FALSE(run.violation) << *run.violation;
}

// -- what the host reads ------------------------------------------------------

TEST_F(judges, object_to_what_is_not_in_the_log) {
  bench.host_read("one");
  EXPECT_TRUE(objects("not in the log"));
}

TEST_F(judges, object_to_a_line_that_the_host_reads_twice) {
  log_line("one");
  log_line("two");
  bench.host_read("one");
  bench.host_read("one");
  EXPECT_TRUE(objects("where the log has `two`"));
}

TEST_F(judges, object_to_a_line_that_the_host_does_not_get) {
  log_line("one");
  log_line("two");
  bench.host_read("two");
  EXPECT_TRUE(objects("where the log has `one`"));
}

TEST_F(judges, object_to_what_is_not_for_the_host) {
  auto checkpoint = record(R"("checkpoint","offset":0,"input":0})");
  bench.host_read(checkpoint);
  EXPECT_TRUE(objects("not for it"));
  run.violation.reset();
  const std::string own
    = R"({"type":"control_response","response":{"subtype":"success",)"
      R"("request_id":"container_agent:1"}})";
  log_line(own);
  bench.host_read(own);
  EXPECT_TRUE(objects("not for it"));
}

TEST_F(judges, object_to_a_torn_line) {
  bench.output_ended("half");
  EXPECT_TRUE(objects("torn line"));
}

TEST_F(judges, let_the_host_begin_again_where_it_has_read_to) {
  log_line("one");
  log_line("two");
  bench.host_read("one");
  bench.host_begins_at(0);
  bench.host_read("one");
  bench.host_read("two");
  EXPECT_FALSE(run.violation) << *run.violation;
}

TEST_F(judges, object_to_a_host_that_goes_on_at_the_wrong_place) {
  log_line("one");
  log_line("two");
  bench.host_read("one");
  bench.host_begins_at(2);
  EXPECT_TRUE(objects("where no line begins"));
  run.violation.reset();
  bench.host_begins_at(8);
  EXPECT_TRUE(objects("behind what it has not read: `two`"));
}

// -- records of the host's lines ----------------------------------------------

TEST_F(judges, object_to_a_prompt_that_is_said_to_end_elsewhere) {
  write_prompt();
  record(R"("accepted","time":"T","uuid":"u1","input_to":5})");
  EXPECT_TRUE(objects("does not end at"));
}

TEST_F(judges, object_to_a_prompt_that_is_accepted_as_another) {
  write_prompt();
  record(R"("accepted","time":"T","uuid":"u2"})");
  EXPECT_TRUE(objects("as another prompt"));
}

TEST_F(judges, let_a_control_message_be_refused_when_there_is_no_claude) {
  for (const std::string text : {"{c}", "{d}"})
    bench.input.know(text, {expectation::kind::passed_on, {}, {}});
  bench.input.deliver("{c}\n{d}\n", false);
  EXPECT_EQ(bench.owed(), "");
  record(R"("rejected","time":"T","reason":"claude_unavailable","line":2})");
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
  record(R"("rejected","time":"T","reason":"too_long","line":1})");
  EXPECT_TRUE(objects("wrong reason"));
  run.violation.reset();
  record(R"("rejected","time":"T","reason":"invalid_json","line":2})");
  EXPECT_TRUE(objects("is next"));
}

TEST_F(judges, object_to_a_new_prompt_that_is_called_a_duplicate) {
  write_prompt();
  accept(R"(,"duplicate":true)");
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

TEST_F(judges, object_to_a_status_that_counts_too_many_answers) {
  bench.status_said(R"({"answered":1})", true);
  EXPECT_TRUE(objects("said to be answered"));
}

TEST_F(judges, object_to_an_agent_that_says_twice_that_it_is_stopping) {
  record(R"("stopping","time":"T"})");
  EXPECT_FALSE(run.violation) << *run.violation;
  record(R"("stopping","time":"T"})");
  EXPECT_TRUE(objects("says twice"));
}

// -- requests, tasks ----------------------------------------------------------

TEST_F(judges, object_to_a_request_that_is_cancelled_without_being_open) {
  log_line(asks);
  bench.host_read(asks);
  bench.agent_appended(cancelled + '\n' + cancelled + '\n');
  bench.host_read(cancelled);
  EXPECT_FALSE(run.violation) << *run.violation;
  bench.host_read(cancelled);
  EXPECT_TRUE(objects("not open"));
}

TEST_F(judges, object_to_a_request_that_is_lost_without_being_open) {
  bench.agent_appended(lost + '\n');
  bench.host_read(lost);
  EXPECT_TRUE(objects("not open was lost"));
}

TEST_F(judges, object_to_open_requests_that_are_listed_wrong) {
  bench.launched("");
  bench.requests_listed({});
  log_line(asks);
  bench.host_read(asks);
  bench.requests_listed({"q1"});
  EXPECT_FALSE(run.violation) << *run.violation;
  bench.requests_listed({});
  EXPECT_TRUE(objects("q1 is not listed"));
  run.violation.reset();
  bench.requests_listed({"q1", "q2"});
  EXPECT_TRUE(objects("q2 is listed"));
}

TEST_F(judges, object_to_a_claude_that_is_told_to_end_while_a_task_runs) {
  const std::string shows
    = R"({"type":"system","subtype":"background_tasks_changed",)"
      R"("tasks":[{"task_id":"t1"}]})";
  bench.told_to_end_in("t1");
  EXPECT_FALSE(run.violation) << "the agent can't know of it yet";
  log_line(shows);
  bench.host_read(shows);
  bench.told_to_end_in("t1");
  EXPECT_TRUE(objects("while t1 ran"));
}

// -- sessions -----------------------------------------------------------------

TEST_F(judges, object_to_a_claude_that_forgets_its_session) {
  log_line("init", "s1");
  bench.launched("");
  EXPECT_TRUE(objects("the conversation is in \"s1\""));
}

TEST_F(judges, let_a_claude_begin_anew_whose_session_was_refused) {
  log_line("init", "s1");
  bench.claude_wrote("No conversation found", "");
  bench.claude_moved("No conversation found\n");
  bench.launched("");
  EXPECT_FALSE(run.violation) << *run.violation;
}

TEST_F(judges, object_to_that_before_the_refusal_is_in_the_log) {
  log_line("init", "s1");
  bench.claude_wrote("No conversation found", "");
  bench.launched("");
  EXPECT_TRUE(objects("the conversation is in \"s1\""));
}

// -- one agent after the other ------------------------------------------------

TEST_F(judges_of_many, object_to_a_prompt_that_is_lost_with_the_agent) {
  write_prompt();
  record(R"("checkpoint","input":)" + std::to_string(line.size() + 1) + '}');
  bench.agent_begins(0, false);
  EXPECT_TRUE(objects("nobody knows of it"));
}

TEST_F(judges_of_many, let_the_next_agent_read_what_was_not_dealt_with) {
  write_prompt();
  EXPECT_EQ(bench.dealt_with(), 0u);
  bench.agent_begins(0, false);
  accept();
  EXPECT_FALSE(run.violation) << *run.violation;
  EXPECT_EQ(bench.dealt_with(), line.size() + 1);
}

TEST_F(judges_of_many, object_to_a_prompt_that_the_next_agent_accepts_again) {
  write_prompt();
  accept();
  bench.agent_begins(0, false);
  accept();
  EXPECT_TRUE(objects("not next"));
}

TEST_F(judges_of_many, miss_the_end_of_a_dead_agents_prompt) {
  write_prompt();
  accept();
  bench.agent_begins(0, false);
  EXPECT_TRUE(misses("an end of prompt u1"));
}

TEST_F(judges_of_many, let_the_next_one_end_what_it_was_within) {
  bench.claude_wrote("one two", "");
  bench.claude_moved("one");
  bench.agent_begins(0, false);
  bench.claude_moved(" two\n");
  bench.host_read("one two");
  EXPECT_FALSE(run.violation) << *run.violation;
}

TEST_F(judges_of_many, object_to_a_line_that_is_lost_with_the_agent) {
  bench.claude_wrote("one", "");
  bench.agent_begins(0, false);
  log_line("two");
  EXPECT_TRUE(objects("where Claude wrote `one`"));
}

TEST_F(judges_of_many, keep_a_late_result_of_a_failed_prompt_from_the_host) {
  write_prompt();
  accept();
  fail("shutting_down");
  bench.agent_begins(0, false);
  log_line(result);
  EXPECT_FALSE(run.violation) << *run.violation;
  bench.host_begins_at(0);
  bench.host_read(result);
  EXPECT_TRUE(objects("where the log has"));
}

TEST_F(judges_of_many, object_to_that_result_when_the_host_reads_it) {
  write_prompt();
  accept();
  fail("shutting_down");
  bench.host_read(R"({"type":"container_agent","subtype":"accepted",)"
                  R"("time":"T","uuid":"u1","input_to":)"
                  + std::to_string(line.size() + 1) + '}');
  bench.host_read(R"({"type":"container_agent","subtype":"failed",)"
                  R"("time":"T","uuid":"u1","reason":"shutting_down"})");
  bench.agent_begins(0, false);
  log_line(result);
  EXPECT_FALSE(run.violation) << *run.violation;
  bench.host_read(result);
  EXPECT_TRUE(objects("not for it"));
}

TEST_F(judges_of_many, let_the_next_one_try_a_session_whose_loss_is_not_told) {
  log_line("init", "s1");
  bench.claude_wrote("No conversation found", "");
  bench.claude_moved("No conversation found\n");
  bench.agent_begins(0, false);
  bench.launched("s1");
  EXPECT_FALSE(run.violation) << *run.violation;
}

// -- replies ------------------------------------------------------------------

TEST_F(judges_of_replies, know_the_cause_of_each_reply) {
  write_prompt();
  accept();
  answer();
  EXPECT_TRUE(misses("a reply with"));
  bench.host_read_reply("yes");
  EXPECT_EQ(bench.owed(), "");
}

TEST_F(judges_of_replies, object_to_a_reply_without_one) {
  bench.host_read_reply("yes");
  EXPECT_TRUE(misses("the cause of the reply `yes`"));
}

TEST_F(judges_of_replies, miss_the_reply_of_a_prompt_that_has_failed) {
  write_prompt();
  accept();
  fail("crashed");
  EXPECT_TRUE(misses("a reply with `error: no answer, crashed`"));
  bench.host_read_reply("error: no answer, crashed");
  EXPECT_EQ(bench.owed(), "");
}

} // namespace container_agent::simulation
