#include "actors/host_voice.hpp"
#include "test/actors/outboxes.hpp"
#include "test/support/actor_ports.hpp"
#include "test/support/recording_log.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sstream>

namespace container_agent::test {

namespace {

class host_voices : public testing::Test {
public:
  fake_clock clock;
  counting_random random;
  recording_log log;
  outbox<host_output> out;

  std::unique_ptr<host_voice> make(voice_kind kind) {
    return make_host_voice(kind, {clock, random, log}, out);
  }

  /// Makes a voice say everything it can.
  void say_all(host_voice& voice) {
    voice.ready({1, 77, false}, "s1");
    voice.accepted("u1", 0);
    voice.rejected("too_long", "17 bytes", 4, "u1", "{\x1b");
    voice.claude_exited({}, "u1");
    voice.restarting({"claude_process", 1, {}, "why"});
    voice.resent("u1", 1);
    voice.failed("u1", "crashed", "4 times");
    voice.session_lost("s1", "why");
    voice.continued("u1", "c1", 1);
    voice.restored({true, {}, {}, {}});
    voice.status(R"({"state":"ready"})");
    voice.stopping("SIGTERM");
  }

  /// The subtypes of the records that went out.
  std::string subtypes() {
    std::string result;
    std::istringstream text{bytes_in(out)};
    for (std::string line; std::getline(text, line);)
      result += nlohmann::json::parse(line)["subtype"].get<std::string>() + ' ';
    return result;
  }

  codec::envelope answer(std::string text) {
    codec::envelope result;
    result.type = "result";
    result.subtype = "success";
    result.result = std::move(text);
    return result;
  }
};

} // namespace

TEST_F(host_voices, stream_json_says_everything) {
  auto voice = make(voice_kind::stream_json);
  say_all(*voice);
  EXPECT_EQ(subtypes(),
            "ready accepted rejected claude_exited restarting resent failed "
            "session_lost continued restored status stopping ");
}

TEST_F(host_voices, transparent_says_faults_and_what_was_asked_for) {
  auto voice = make(voice_kind::transparent);
  say_all(*voice);
  EXPECT_EQ(subtypes(),
            "rejected claude_exited restarting failed session_lost status ");
}

TEST_F(host_voices, text_says_errors_and_what_was_asked_for) {
  auto voice = make(voice_kind::text);
  say_all(*voice);
  EXPECT_EQ(bytes_in(out), "error: line 4 rejected, too_long: 17 bytes; "
                           "it begins: {\\x1b\n"
                           "error: no answer, crashed: 4 times\n"
                           "{\"state\":\"ready\"}\n");
}

TEST_F(host_voices, stream_json_and_transparent_relay_claudes_bytes) {
  for (auto kind : {voice_kind::stream_json, voice_kind::transparent}) {
    auto voice = make(kind);
    voice->claude_lines(bytes{"a\nb\n"});
    voice->answered(answer("yes"));
    EXPECT_EQ(bytes_in(out), "a\nb\n");
  }
}

TEST_F(host_voices, text_relays_the_result_only) {
  auto voice = make(voice_kind::text);
  voice->claude_lines(bytes{"a\nb\n"});
  voice->answered(answer("two\nlines"));
  auto items = empty_out(out);
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(items[0].data.view(), "two\nlines\n");
  EXPECT_TRUE(items[0].ends_reply);
}

TEST_F(host_voices, an_error_in_text_is_one_line) {
  auto voice = make(voice_kind::text);
  auto failed = answer("first\nsecond\r\nthird");
  failed.is_error = true;
  voice->answered(failed);
  EXPECT_EQ(bytes_in(out), "error: first second  third\n");
}

TEST_F(host_voices, an_error_in_text_says_the_best_that_is_known) {
  auto voice = make(voice_kind::text);
  codec::envelope failed;
  failed.is_error = true;
  failed.subtype = "error_max_turns";
  voice->answered(failed);
  EXPECT_EQ(bytes_in(out), "error: error_max_turns\n");
  failed.first_error = "too many turns";
  voice->answered(failed);
  EXPECT_EQ(bytes_in(out), "error: too many turns\n");
  failed.result = "Prompt is too long";
  voice->answered(failed);
  EXPECT_EQ(bytes_in(out), "error: Prompt is too long\n");
}

TEST_F(host_voices, a_subtype_that_is_an_error_needs_no_is_error) {
  auto voice = make(voice_kind::text);
  auto failed = answer("");
  failed.subtype = "error_during_execution";
  voice->answered(failed);
  EXPECT_EQ(bytes_in(out), "error: error_during_execution\n");
}

TEST_F(host_voices, records_wait_for_the_end_of_a_long_line_in_order) {
  auto voice = make(voice_kind::stream_json);
  voice->claude_lines(bytes{"a\nlong"});
  voice->stopping("one");
  voice->claude_lines(bytes{"er"});
  voice->stopping("two");
  EXPECT_EQ(voice->deferred(), 2u);
  EXPECT_EQ(bytes_in(out), "a\nlonger");
  voice->claude_lines(bytes{"\n"});
  EXPECT_EQ(voice->deferred(), 0u);
  auto text = bytes_in(out);
  EXPECT_EQ(text.front(), '\n');
  EXPECT_LT(text.find("one"), text.find("two"));
}

TEST_F(host_voices, a_line_that_was_not_finished_is_ended_once) {
  auto voice = make(voice_kind::stream_json);
  voice->claude_lines(bytes{"half"});
  voice->end_line();
  voice->end_line();
  EXPECT_EQ(bytes_in(out), "half\n");
}

TEST_F(host_voices, nothing_is_nothing) {
  auto voice = make(voice_kind::stream_json);
  voice->claude_lines(bytes{"half"});
  voice->claude_lines(bytes{});
  voice->stopping("x");
  EXPECT_EQ(voice->deferred(), 1u) << "still within the line";
}

TEST_F(host_voices, text_says_of_a_duplicate_that_it_is_one) {
  auto voice = make(voice_kind::text);
  voice->accepted("u1", 0);
  EXPECT_EQ(bytes_in(out), "");
  voice->duplicate("u1", "");
  EXPECT_EQ(bytes_in(out), "error: duplicate: a prompt with the uuid u1 was "
                           "accepted before\n");
}

TEST_F(host_voices, a_duplicate_of_a_failed_prompt_is_answered_with_its_end) {
  make(voice_kind::stream_json)->duplicate("u1", "crashed");
  EXPECT_EQ(subtypes(), "accepted failed ");
  make(voice_kind::text)->duplicate("u1", "crashed");
  auto replies = empty_out(out);
  ASSERT_EQ(replies.size(), 1u) << "one prompt, one reply";
  EXPECT_TRUE(
    replies[0].data.view().starts_with("error: no answer, crashed: it was"))
    << replies[0].data.view();
}

} // namespace container_agent::test
