#include "test/actors/claude_session_fixture.hpp"

#include <gmock/gmock.h>

namespace container_agent::test {

namespace {

using testing::HasSubstr;

class claude_session_relay : public claude_session_fixture {
public:
  static std::string without_lf(std::string line) {
    line.pop_back();
    return line;
  }
};

} // namespace

// -- the agent's own handshake ------------------------------------------------

TEST_F(claude_session_relay, a_new_child_is_asked_to_initialize) {
  start();
  EXPECT_EQ(to_claude(), codec::control_request_line(
                           "container_agent:initialize:1", "initialize"));
  EXPECT_FALSE(session().status().ready);
  EXPECT_EQ(to_host(), "");
}

TEST_F(claude_session_relay, ready_is_told_once_claude_has_answered) {
  start_ready();
  auto r = record();
  EXPECT_EQ(r["subtype"], "ready");
  EXPECT_EQ(r["pid"], 1001);
  EXPECT_EQ(r["attached"], false);
  EXPECT_EQ(r["resumed"], false);
  EXPECT_TRUE(r["session_id"].is_null());
  EXPECT_EQ(relayed, "") << "the answer is none of the host's business";
}

TEST_F(claude_session_relay,
       an_answer_to_an_older_initialize_makes_nobody_ready) {
  start();
  claude(claude::initialized("container_agent:initialize:0"));
  EXPECT_FALSE(session().status().ready);
  EXPECT_EQ(to_host(), "");
}

TEST_F(claude_session_relay, own_answers_are_left_out_and_nothing_around_them) {
  ready();
  auto before = claude::assistant("a") + "not json\n";
  auto behind = claude::init() + claude::assistant("b");
  claude(before + claude::initialized("container_agent:initialize:1") + behind);
  EXPECT_EQ(to_host(), before + behind);
}

TEST_F(claude_session_relay, answers_to_the_host_are_passed_on) {
  ready();
  auto lines = claude::initialized("h1") + claude::permission("q1");
  claude(lines);
  EXPECT_EQ(to_host(), lines);
}

TEST_F(claude_session_relay, whatever_claude_says_passes_byte_for_byte) {
  ready();
  const std::string odd
    = "\n\r\n  {\"type\" : \"brand_new\",\"x\":1}  \r\n[1]\n\xff\xfe\n"
      "{\"type\":\"result\"\n{}\n"
      + std::string{"\0\n", 2};
  claude(odd);
  EXPECT_EQ(to_host(), odd);
}

TEST_F(claude_session_relay, output_that_is_no_json_is_logged_by_size_only) {
  ready();
  claude("Segmentation fault\n\n");
  EXPECT_EQ(log.count("claude_output_not_json"), 1u);
  EXPECT_EQ(log.field("claude_output_not_json", "bytes"), "18");
}

// Wherever a piece of output ends: what the host reads, and what the agent
// understands, stays the same.
TEST_F(claude_session_relay, a_split_at_every_byte_changes_nothing) {
  const auto transcript
    = R"({"type":"system","subtype":"background_tasks_changed","tasks":[]})"
      + ('\n' + claude::turn("u1", "hi", "an answer"))
      + claude::can_use_tool("q") + claude::permission("q")
      + claude::turn("u2", "ho", "\\u00e9");
  for (std::size_t at = 0; at <= transcript.size(); ++at) {
    memory_log in;
    memory_log given;
    memory_log all;
    claude_session d{settings, {in, given, all}, context};
    auto feed = [&](const std::string& part) {
      all.put(part);
      d.read_events();
    };
    d.on_child_started(child_started{1, 1001, false});
    feed(claude::initialized("container_agent:initialize:1"));
    for (auto uuid : {"u1", "u2"})
      d.accept_line(host_line{1, user_line(uuid)});
    d.read_events();
    auto begin = all.end();
    feed(transcript.substr(0, at));
    feed(transcript.substr(at));
    ASSERT_EQ(all.shown(begin, d.shown_to()), transcript) << "split at " << at;
    ASSERT_EQ(d.status().answered, 2u) << "split at " << at;
    ASSERT_EQ(d.status().session_id, claude::session);
  }
}

TEST_F(claude_session_relay, own_records_never_stand_within_a_long_line) {
  ready();
  claude(R"({"type":"assistant","text":"a long)");
  prompt("u1");
  claude("er and long");
  host("{bad");
  EXPECT_EQ(to_host(), "") << "not before it is whole";
  claude("er\"}\n");
  auto rest = to_host();
  EXPECT_TRUE(
    rest.starts_with("{\"type\":\"assistant\",\"text\":\"a longer and "
                     "longer\"}\n{\"type\":\"container_agent\","
                     "\"subtype\":\"accepted\""))
    << rest;
  EXPECT_THAT(rest, HasSubstr("\"rejected\""));
}

TEST_F(claude_session_relay, a_long_result_is_understood_piece_by_piece) {
  ready();
  prompt("u1");
  auto line = claude::result({"u1"}, std::string(10'000, 'x'));
  for (std::size_t at = 0; at < line.size(); at += 100)
    claude(line.substr(at, 100));
  EXPECT_EQ(session().status().answered, 1u);
}

TEST_F(claude_session_relay, claude_waits_when_too_much_waits_for_the_host) {
  settings.max_backlog = 1000;
  ready();
  while (events.end() < session().output_limit())
    claude("x\n");
  EXPECT_GE(events.end(), 1000u);
  session().on_host_output(host_output_window{events.end()});
  EXPECT_LT(events.end(), session().output_limit());
}

TEST_F(claude_session_relay, a_very_long_line_goes_out_before_it_is_whole) {
  ready();
  claude(std::string(event_reader::max_held_line, 'x'));
  EXPECT_EQ(to_host(), "");
  claude("y");
  EXPECT_EQ(to_host().size(), event_reader::max_held_line + 1);
  claude("z\n");
  EXPECT_EQ(to_host(), "z\n");
}

TEST_F(claude_session_relay, control_messages_overtake_prompts) {
  ready();
  prompt("u1");
  prompt("u2");
  to_claude();
  const std::string interrupt
    = R"({"type":"control_request","request_id":"i1","request":{"subtype":"interrupt"}})";
  host(interrupt);
  EXPECT_EQ(to_claude(), interrupt + '\n');
}

TEST_F(claude_session_relay, control_messages_wait_for_a_child_that_starts) {
  start();
  to_claude();
  host(R"({"type":"keep_alive"})");
  host(R"({"type":"control_cancel_request","request_id":"c1"})");
  prompt("u1");
  EXPECT_EQ(to_claude(), "");
  claude(claude::initialized("container_agent:initialize:1"));
  EXPECT_EQ(to_claude(),
            "{\"type\":\"keep_alive\"}\n"
            "{\"type\":\"control_cancel_request\",\"request_id\":\"c1\"}\n"
              + user_line("u1") + '\n');
}

TEST_F(claude_session_relay, held_control_messages_have_a_limit) {
  for (std::size_t i = 0; i + 1 < claude_outbox::max_held; ++i)
    host(R"({"type":"keep_alive"})");
  EXPECT_TRUE(session().may_read_input());
  host(R"({"type":"keep_alive"})");
  EXPECT_FALSE(session().may_read_input());
  start_ready();
  to_claude();
  to_host();
  EXPECT_TRUE(session().may_read_input());
}

TEST_F(claude_session_relay, a_full_queue_does_not_block_a_permission) {
  settings.queue.prompts = 1;
  ready();
  prompt("u1");
  prompt("u2");
  claude(claude::can_use_tool("q1"));
  to_host();
  to_claude();
  EXPECT_TRUE(session().may_read_input())
    << "the answer may stand behind prompts";
  prompt("u3");
  auto refused = record();
  EXPECT_EQ(refused["subtype"], "rejected");
  EXPECT_EQ(refused["reason"], "queue_full");
  EXPECT_EQ(refused["uuid"], "u3");
  host(without_lf(claude::permission("q1")));
  EXPECT_EQ(to_claude(), claude::permission("q1"));
  EXPECT_FALSE(session().may_read_input()) << "answered: writers block again";
}

TEST_F(claude_session_relay, a_refused_prompt_may_come_again) {
  settings.queue.prompts = 1;
  ready();
  prompt("u1");
  prompt("u2");
  claude(claude::can_use_tool("q1"));
  prompt("u3");
  host(without_lf(claude::permission("q1")));
  answer("u1");
  answer("u2");
  to_host();
  to_claude();
  prompt("u3");
  EXPECT_EQ(to_claude(), user_line("u3") + '\n');
}

TEST_F(claude_session_relay, a_withdrawn_permission_blocks_nothing) {
  settings.queue.prompts = 1;
  ready();
  prompt("u1");
  prompt("u2");
  claude(claude::can_use_tool("q1"));
  claude(R"({"type":"control_cancel_request","request_id":"q1"})"
         "\n");
  to_host();
  EXPECT_FALSE(session().may_read_input());
}

// -- status -------------------------------------------------------------------

TEST_F(claude_session_relay, every_status_request_gets_its_document) {
  ready();
  host(R"({"type":"container_agent","subtype":"status"})");
  host(R"({"type":"container_agent","subtype":"status"})");
  EXPECT_EQ(session().status_requests(), 2u);
  EXPECT_EQ(to_claude(), "");
  session().answer_status(R"({"state":"ready"})");
  EXPECT_EQ(session().status_requests(), 0u);
  auto all = records();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1]["subtype"], "status");
  EXPECT_EQ(all[1]["state"], "ready");
}

// -- transparent --------------------------------------------------------------

TEST_F(claude_session_relay, transparent_injects_nothing_and_holds_no_queue) {
  settings.transparent = true;
  settings.encoder = encoder_kind::transparent;
  start();
  EXPECT_TRUE(session().status().ready);
  EXPECT_EQ(to_claude(), "");
  const std::string no_uuid
    = R"({"type":"user","message":{"role":"user","content":"a"}})";
  host(no_uuid);
  prompt("u2");
  prompt("u2");
  EXPECT_EQ(to_claude(),
            no_uuid + '\n' + user_line("u2") + '\n' + user_line("u2") + '\n');
  answer("u2");
  EXPECT_EQ(to_host(), claude::turn("u2", "hi", "yes"));
}

TEST_F(claude_session_relay, transparent_still_lets_no_bad_line_pass) {
  settings.transparent = true;
  settings.encoder = encoder_kind::transparent;
  start();
  host(R"({"type":"user"})");
  EXPECT_EQ(to_claude(), "");
  EXPECT_EQ(record()["reason"], "invalid_json");
}

TEST_F(claude_session_relay,
       a_result_behind_a_terminal_escape_ends_its_prompt) {
  ready();
  prompt("u1");
  prompt("u2");
  records();
  to_claude();
  const auto said = "\xef\xbb\xbf" + claude::lifecycle("u1", "started")
                    + "\x1b[?25h\x1b[0m" + claude::result({"u1"}, "yes");
  claude(said);
  EXPECT_EQ(to_host(), said) << "byte for byte";
  EXPECT_EQ(session().status().answered, 1u);
  EXPECT_EQ(to_claude(), user_line("u2") + '\n');
}

// -- text output --------------------------------------------------------------

TEST_F(claude_session_relay, text_output_is_the_result_and_nothing_else) {
  settings.encoder = encoder_kind::text;
  start_ready();
  host("hi");
  EXPECT_EQ(to_host(), "");
  auto uuid = codec::make_uuid(1, 2);
  claude(claude::turn(uuid, "hi", "a\\nb"));
  EXPECT_EQ(to_host(), "a\nb\n");
}

TEST_F(claude_session_relay,
       text_output_of_an_answer_over_the_limit_is_an_error) {
  settings.encoder = encoder_kind::text;
  settings.max_answer = 10;
  ready();
  prompt("u1");
  answer("u1", "12345678901");
  EXPECT_EQ(to_host(), "error: the answer is over the limit of text output\n");
  prompt("u2");
  answer("u2", "1234567890");
  EXPECT_EQ(to_host(), "1234567890\n");
}

TEST_F(claude_session_relay,
       half_a_surrogate_pair_costs_the_answer_one_character) {
  settings.encoder = encoder_kind::text;
  ready();
  prompt("u1");
  answer("u1", R"(Half: \ud83d, whole: \ud83d\ude00)");
  EXPECT_EQ(to_host(), "Half: \xef\xbf\xbd, whole: \xf0\x9f\x98\x80\n");
}

TEST_F(claude_session_relay,
       one_reply_a_prompt_hides_what_answers_another_one) {
  settings.encoder = encoder_kind::replies;
  ready();
  prompt("u1");
  claude(claude::lifecycle("u1", "started"));
  claude(claude::result({"cron"}, "tick"));
  EXPECT_EQ(to_host(), "");
  claude(claude::result({"u1"}, "yes"));
  EXPECT_EQ(to_host(), "yes\n\xFF");
}

TEST_F(claude_session_relay,
       one_reply_for_each_prompt_that_is_refused_or_fails) {
  settings.encoder = encoder_kind::replies;
  ready();
  host("\xff");
  prompt("u1");
  claude(claude::lifecycle("u1", "completed"));
  std::istringstream replies{to_host()};
  int count = 0;
  for (std::string reply; std::getline(replies, reply, reply_end); ++count)
    EXPECT_TRUE(reply.starts_with("error: ")) << reply;
  EXPECT_EQ(count, 2);
}

TEST_F(claude_session_relay, prompts_and_answers_are_not_logged_above_debug) {
  ready();
  prompt("u1", "secret");
  answer("u1", "secret");
  host("{\"secret");
  crash();
  for (const auto& r : log.records) {
    if (r.level < log_level::info)
      continue;
    for (const auto& [name, value] : r.fields)
      EXPECT_EQ(value.find("secret"), std::string::npos) << r.event;
  }
}

} // namespace container_agent::test
