#include "test/actors/claude_session_fixture.hpp"

#include <gmock/gmock.h>

namespace container_agent::test {

namespace {

using testing::HasSubstr;

class claude_session_prompts : public claude_session_fixture {};

} // namespace

// -- one prompt's life --------------------------------------------------------

TEST_F(claude_session_prompts, one_prompts_life) {
  ready();
  prompt("u1");
  auto accepted = record();
  EXPECT_EQ(accepted["subtype"], "accepted");
  EXPECT_EQ(accepted["uuid"], "u1");
  EXPECT_EQ(accepted["position"], 0);
  EXPECT_EQ(to_claude(), user_line("u1") + '\n');
  EXPECT_EQ(session().status().in_flight, 1u);
  answer("u1");
  EXPECT_EQ(to_host(), claude::turn("u1", "hi", "yes"));
  EXPECT_EQ(session().status().in_flight, 0u);
  EXPECT_EQ(session().status().answered, 1u);
  EXPECT_EQ(session().status().failed, 0u);
}

TEST_F(claude_session_prompts, text_becomes_a_user_message_with_a_uuid) {
  ready();
  host("say \"hi\"");
  auto uuid = record()["uuid"].get<std::string>();
  EXPECT_EQ(uuid, codec::make_uuid(1, 2));
  auto line = json::parse(to_claude());
  EXPECT_EQ(line["uuid"], uuid);
  EXPECT_EQ(line["message"]["content"], "say \"hi\"");
}

TEST_F(claude_session_prompts,
       a_prompt_without_uuid_gets_one_and_keeps_its_bytes) {
  ready();
  host(
    R"( {"uuid":null, "type":"user","message":{"content":"a","role":"user"}})");
  auto uuid = record()["uuid"].get<std::string>();
  EXPECT_EQ(
    to_claude(),
    R"( {"uuid":null, "type":"user","message":{"content":"a","role":"user"},"uuid":")"
      + uuid + "\"}\n");
}

TEST_F(claude_session_prompts, a_blank_line_is_nothing) {
  ready();
  host("");
  host(" \t\r");
  EXPECT_EQ(to_host(), "");
  EXPECT_EQ(to_claude(), "");
  EXPECT_EQ(session().status().lines, 2u);
}

TEST_F(claude_session_prompts, a_line_at_which_it_failed_counts_once) {
  ready();
  random.throws = 1;
  EXPECT_THROW(host("hi"), std::runtime_error);
  host("hi");
  EXPECT_EQ(session().status().lines, 1u);
  EXPECT_EQ(subtypes(), "accepted");
}

TEST_F(claude_session_prompts, one_turn_at_a_time) {
  ready();
  prompt("u1");
  prompt("u2");
  prompt("u3");
  auto accepted = records();
  ASSERT_EQ(accepted.size(), 3u);
  EXPECT_EQ(accepted[1]["position"], 1);
  EXPECT_EQ(accepted[2]["position"], 2);
  EXPECT_EQ(to_claude(), user_line("u1") + '\n');
  answer("u1");
  EXPECT_EQ(to_claude(), user_line("u2") + '\n');
  answer("u2");
  EXPECT_EQ(to_claude(), user_line("u3") + '\n');
}

TEST_F(claude_session_prompts, the_next_goes_out_with_the_result_not_before) {
  ready();
  prompt("u1");
  prompt("u2");
  to_claude();
  claude(claude::lifecycle("u1", "queued") + claude::lifecycle("u1", "started")
         + claude::init() + claude::replay("u1", "hi")
         + claude::assistant("yes"));
  EXPECT_EQ(to_claude(), "");
  claude(claude::result({"u1"}, "yes"));
  EXPECT_EQ(to_claude(), user_line("u2") + '\n');
}

TEST_F(claude_session_prompts, a_duplicate_is_accepted_again_but_not_run) {
  ready();
  prompt("u1");
  records();
  to_claude();
  prompt("u1", "other text");
  auto again = record();
  EXPECT_EQ(again["subtype"], "accepted");
  EXPECT_EQ(again["duplicate"], true);
  answer("u1");
  EXPECT_EQ(to_claude(), "") << "not while in flight";
  to_host();
  prompt("u1");
  EXPECT_EQ(record()["duplicate"], true);
  EXPECT_EQ(to_claude(), "") << "nor after its answer";
  EXPECT_EQ(session().status().accepted, 1u);
}

TEST_F(claude_session_prompts, the_name_of_the_session_is_learnt_before_init) {
  ready();
  prompt("u1");
  claude(claude::lifecycle("u1", "queued", "s7"));
  EXPECT_EQ(session().status().session_id, "s7");
  EXPECT_EQ(session().launch_plan().session_id, "s7");
}

TEST_F(claude_session_prompts, the_session_may_change) {
  ready();
  prompt("u1", "/clear");
  claude(claude::init("s7"));
  claude(claude::init("s8"));
  EXPECT_EQ(session().launch_plan().session_id, "s8");
}

// -- whose turn has ended -----------------------------------------------------

TEST_F(claude_session_prompts, a_result_for_somebody_else_ends_no_turn) {
  ready();
  prompt("u1");
  claude(claude::lifecycle("u1", "started"));
  claude(claude::result({"background"}, "?"));
  EXPECT_EQ(session().status().in_flight, 1u);
  claude(claude::result({"u1"}, "yes"));
  EXPECT_EQ(session().status().in_flight, 0u);
}

TEST_F(claude_session_prompts,
       a_result_without_names_ends_no_turn_if_claude_names) {
  ready();
  prompt("u1");
  claude(claude::lifecycle("u1", "started") + claude::result({}, "?"));
  EXPECT_EQ(session().status().in_flight, 1u);
}

TEST_F(claude_session_prompts, without_lifecycle_turns_end_in_order) {
  settings.queue.in_flight = 2;
  ready();
  prompt("u1");
  prompt("u2");
  claude(claude::result({}, "one"));
  EXPECT_EQ(log.field("prompt_answered", "uuid"), "u1");
  claude(claude::result({}, "two"));
  EXPECT_EQ(log.field("prompt_answered", "uuid"), "u2");
}

TEST_F(claude_session_prompts, an_error_result_is_an_answer_and_no_crash) {
  ready();
  prompt("u1");
  claude(claude::lifecycle("u1", "started") + claude::interrupted({"u1"})
         + claude::lifecycle("u1", "cancelled"));
  EXPECT_EQ(session().status().answered, 1u);
  EXPECT_EQ(subtypes(), "accepted");
}

TEST_F(claude_session_prompts, a_prompt_swallowed_by_claude_fails) {
  ready();
  prompt("u1");
  prompt("u2");
  records();
  to_claude();
  claude(claude::lifecycle("u1", "completed"));
  auto failed = record();
  EXPECT_EQ(failed["subtype"], "failed");
  EXPECT_EQ(failed["uuid"], "u1");
  EXPECT_EQ(failed["reason"], "no_result");
  EXPECT_EQ(to_claude(), user_line("u2") + '\n');
}

TEST_F(claude_session_prompts, a_replay_of_a_prompt_done_before_closes_it) {
  ready();
  prompt("u1");
  answer("u1"); // tells that this Claude Code reports lifecycles
  prompt("u2");
  records();
  claude(claude::replay("u2", "hi")); // and no word of queued or started
  EXPECT_EQ(record()["reason"], "no_result");
  EXPECT_EQ(session().status().in_flight, 0u);
}

TEST_F(claude_session_prompts, the_replay_of_a_running_prompt_closes_nothing) {
  ready();
  prompt("u1");
  claude(claude::lifecycle("u1", "queued") + claude::replay("u1", "hi"));
  EXPECT_EQ(session().status().in_flight, 1u);
}

TEST_F(claude_session_prompts,
       two_in_flight_may_be_answered_by_one_merged_result) {
  settings.queue.in_flight = 2;
  ready();
  prompt("u1");
  prompt("u2");
  prompt("u3");
  EXPECT_EQ(to_claude(), user_line("u1") + '\n' + user_line("u2") + '\n');
  claude(claude::lifecycle("u1", "started") + claude::lifecycle("u2", "started")
         + claude::result({"u1", "u2"}, "both"));
  EXPECT_EQ(session().status().answered, 2u);
  EXPECT_EQ(to_claude(), user_line("u3") + '\n');
  claude(claude::lifecycle("u1", "completed")
         + claude::lifecycle("u2", "completed"));
  EXPECT_EQ(session().status().failed, 0u);
}

// -- what is refused ----------------------------------------------------------

TEST_F(claude_session_prompts, a_bad_line_is_rejected_with_its_number) {
  ready();
  host("fine");
  host(R"({"type":"user","uuid":"u7"})");
  auto all = records();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1]["subtype"], "rejected");
  EXPECT_EQ(all[1]["reason"], "invalid_json");
  EXPECT_EQ(all[1]["line"], 2);
  EXPECT_EQ(all[1]["uuid"], "u7");
  EXPECT_EQ(session().status().rejected, 1u);
}

TEST_F(claude_session_prompts, a_line_too_long_is_rejected_with_its_size) {
  ready();
  session().accept_line(host_line{5, "", line_ending::too_long, 20'000'000});
  auto r = record();
  EXPECT_EQ(r["reason"], "too_long");
  EXPECT_THAT(r["detail"].get<std::string>(), HasSubstr("20000000 bytes"));
  EXPECT_EQ(r["line"], 5);
}

TEST_F(claude_session_prompts, a_rejection_shows_how_the_line_begins) {
  ready();
  host("{\"type\":\"fr\x1bob\"}");
  auto r = record();
  EXPECT_EQ(r["excerpt"], "{\"type\":\"fr\\x1bob\"}");
  session().accept_line(host_line{7, "{head", line_ending::too_long, 20});
  EXPECT_EQ(record()["excerpt"], "{head");
}

TEST_F(claude_session_prompts, a_cut_line_is_taken_if_it_is_whole_json) {
  ready();
  host(user_line("u1"), line_ending::cut);
  EXPECT_EQ(record()["subtype"], "accepted");
  host("  " + user_line("u2"), line_ending::cut);
  EXPECT_EQ(record()["subtype"], "accepted");
}

TEST_F(claude_session_prompts, a_cut_line_of_half_json_or_text_is_rejected) {
  ready();
  host(R"({"type":"user","mess)", line_ending::cut);
  EXPECT_EQ(record()["reason"], "invalid_json");
  host("delete all files that", line_ending::cut);
  EXPECT_EQ(record()["reason"], "incomplete_line");
  EXPECT_EQ(to_claude(), "");
}

TEST_F(claude_session_prompts,
       a_cut_line_that_text_input_takes_for_text_is_half) {
  settings.input = codec::input_format::text;
  ready();
  host("{half of a prompt", line_ending::cut);
  EXPECT_EQ(record()["reason"], "incomplete_line");
  EXPECT_EQ(to_claude(), "");
}

// -- limits -------------------------------------------------------------------

TEST_F(claude_session_prompts, the_queue_takes_as_many_as_it_may_and_no_more) {
  settings.queue.prompts = 3;
  ready();
  prompt("u0"); // in flight
  EXPECT_TRUE(session().may_read_input());
  prompt("u1");
  prompt("u2");
  to_host();
  EXPECT_TRUE(session().may_read_input());
  prompt("u3");
  EXPECT_FALSE(session().may_read_input()) << "writers block now";
  to_host();
  answer("u0");
  to_host();
  to_claude();
  EXPECT_TRUE(session().may_read_input());
}

TEST_F(claude_session_prompts, the_queue_takes_bytes_up_to_its_limit) {
  settings.queue.bytes = 1000;
  ready();
  prompt("u0");
  prompt("u1", std::string(1000, 'x'));
  to_host();
  to_claude();
  EXPECT_FALSE(session().may_read_input());
  EXPECT_GT(session().status().queued_bytes, 1000u);
}

TEST_F(claude_session_prompts, no_input_while_the_host_does_not_read) {
  settings.max_backlog = 10'000;
  ready();
  while (session().may_read_input())
    host("{");
  EXPECT_GE(events.end(), settings.max_backlog);
  to_host();
  session().on_host_output(host_output_window{events.end()});
  EXPECT_TRUE(session().may_read_input());
}

TEST_F(claude_session_prompts, configuration_is_checked) {
  EXPECT_EQ(claude_session_config{}.validate(), "");
  claude_session_config c;
  c.queue.prompts = 0;
  EXPECT_NE(c.validate(), "");
  c = {};
  c.queue.in_flight = 0;
  EXPECT_NE(c.validate(), "");
  c = {};
  c.transparent = true;
  c.encoder = encoder_kind::text;
  EXPECT_NE(c.validate(), "");
}

// -- what it costs ------------------------------------------------------------

TEST_F(claude_session_prompts, dollars_are_the_processs_tokens_the_turns) {
  auto costs = [&](const std::string& uuid, const char* dollars) {
    prompt(uuid);
    claude(R"({"total_cost_usd":)" + std::string{dollars}
           + R"(,"usage":{"input_tokens":10,"output_tokens":2},)"
             R"("user_message_uuids":[")"
           + uuid + "\"],\"type\":\"result\"}\n");
  };
  ready();
  costs("u1", "0.5");
  costs("u2", "0.75");
  EXPECT_DOUBLE_EQ(session().status().bill.dollars, 0.75);
  EXPECT_EQ(session().status().bill.input_tokens, 20u);
  EXPECT_EQ(session().status().bill.output_tokens, 4u);
  costs("u3", "1e999");
  EXPECT_DOUBLE_EQ(session().status().bill.dollars, 0.75) << "no number";
}

TEST_F(claude_session_prompts, control_that_waits_is_bounded_by_its_bytes) {
  settings.queue.bytes = 1000;
  EXPECT_TRUE(session().may_read_input());
  host(R"({"type":"control_request","request_id":"1","request":{"subtype":")"
       + std::string(1000, 'x') + "\"}}");
  EXPECT_FALSE(session().may_read_input());
  ready();
  EXPECT_TRUE(session().may_read_input());
}

TEST_F(claude_session_prompts,
       input_that_ended_is_not_finished_before_a_status) {
  ready();
  host(R"({"type":"container_agent","subtype":"status"})");
  end_input();
  EXPECT_FALSE(session().finished());
  session().answer_status(R"({"state":"ready"})");
  EXPECT_TRUE(session().finished());
}

} // namespace container_agent::test
