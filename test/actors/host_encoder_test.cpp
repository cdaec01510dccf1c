#include "actors/session/host_encoder.hpp"
#include "test/support/actor_ports.hpp"
#include "test/support/memory_log.hpp"
#include "test/support/recording_log.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sstream>
#include <utility>

namespace container_agent::test {

namespace {

class host_voices : public testing::Test {
public:
  fake_clock clock;
  counting_random random;
  recording_log log;
  memory_log input;
  memory_log to_child;
  memory_log events;
  memory_log replies;

  std::unique_ptr<host_encoder> make(encoder_kind kind) {
    replies.lines = false;
    return make_host_encoder(kind, {clock, random, log},
                             {input, to_child, events, &replies});
  }

  /// What was said since the last call, in records.
  std::string recorded() {
    auto from = std::exchange(seen_events_, events.end());
    return events.shown(from, events.end());
  }

  /// The same, in text.
  std::string replied() {
    auto from = std::exchange(seen_replies_, replies.end());
    return replies.shown(from, replies.end());
  }

  /// Makes an encoder say everything it can.
  void say_all(host_encoder& told) {
    told.ready({1, 77, false}, "s1", 0);
    told.accepted({"u1"});
    told.rejected({"too_long", "17 bytes", 4, "u1", "{\x1b"});
    told.claude_exited({}, "u1", {});
    told.restarting({"claude_process", 1, {}, "why"});
    told.resent("u1", 1);
    told.failed("u1", "crashed", "4 times");
    told.session_lost("s1", "why");
    told.continued("u1", "c1", 1);
    told.restored({true, {}, {}, {}});
    told.status(R"({"state":"ready"})");
    told.stopping("SIGTERM");
  }

  /// The subtypes of the records that went out.
  std::string subtypes() {
    std::string result;
    std::istringstream text{recorded()};
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

private:
  std::uint64_t seen_events_ = 0;
  std::uint64_t seen_replies_ = 0;
};

/// A reply, where the output is opened once a reply.
std::string whole(std::string text) {
  return std::move(text) + reply_end;
}

} // namespace

TEST_F(host_voices, stream_json_says_everything) {
  auto voice = make(encoder_kind::stream_json);
  say_all(*voice);
  EXPECT_EQ(subtypes(),
            "ready accepted rejected claude_exited restarting resent failed "
            "session_lost continued restored status stopping ");
}

TEST_F(host_voices, transparent_says_faults_and_what_was_asked_for) {
  auto voice = make(encoder_kind::transparent);
  say_all(*voice);
  EXPECT_EQ(subtypes(),
            "rejected claude_exited restarting failed session_lost status ");
}

TEST_F(host_voices, text_says_errors_and_what_was_asked_for) {
  auto voice = make(encoder_kind::text);
  say_all(*voice);
  EXPECT_EQ(replied(), "error: line 4 rejected, too_long: 17 bytes; "
                       "it begins: {\\x1b\n"
                       "error: no answer, crashed: 4 times\n"
                       "{\"state\":\"ready\"}\n");
}

TEST_F(host_voices, text_is_told_beside_all_records) {
  for (auto kind : {encoder_kind::text, encoder_kind::replies}) {
    say_all(*make(kind));
    EXPECT_EQ(subtypes(),
              "ready accepted rejected claude_exited restarting resent failed "
              "session_lost continued restored status stopping ");
  }
}

TEST_F(host_voices, whoever_reads_lines_reads_the_result_there) {
  for (auto kind : {encoder_kind::stream_json, encoder_kind::transparent}) {
    make(kind)->answered(answer("yes"));
    EXPECT_EQ(recorded(), "");
    EXPECT_EQ(replied(), "");
  }
}

TEST_F(host_voices, text_tells_the_result_only) {
  make(encoder_kind::text)->answered(answer("two\nlines"));
  EXPECT_EQ(recorded(), "");
  EXPECT_EQ(replied(), "two\nlines\n");
}

TEST_F(host_voices, replies_have_an_end_each) {
  auto voice = make(encoder_kind::replies);
  voice->answered(answer("one"));
  voice->answered(answer("two"));
  EXPECT_EQ(replied(), whole("one\n") + whole("two\n"));
}

TEST_F(host_voices, what_claude_adds_goes_with_the_next_reply) {
  auto voice = make(encoder_kind::replies);
  voice->added(answer("by the way"));
  EXPECT_EQ(replied(), "");
  voice->answered(answer("yes"));
  EXPECT_EQ(
    replied(),
    whole("[Claude has added this by itself, after an earlier answer:]\n"
          "by the way\n[The answer to this prompt:]\nyes\n"));
}

TEST_F(host_voices, what_claude_has_added_last_is_a_reply_at_the_end) {
  auto voice = make(encoder_kind::replies);
  voice->conclude();
  EXPECT_EQ(replied(), "");
  voice->added(answer("by the way"));
  voice->conclude();
  EXPECT_EQ(
    replied(),
    whole("[Claude has added this by itself, after an earlier answer:]\n"
          "by the way\n"));
}

TEST_F(host_voices, of_much_that_claude_adds_the_latest_is_told) {
  auto voice = make(encoder_kind::replies);
  voice->added(answer(std::string(600'000, 'a')));
  voice->added(answer(std::string(600'000, 'b')));
  EXPECT_EQ(log.count("addition_dropped"), 1u);
  voice->conclude();
  auto told = replied();
  EXPECT_EQ(told.find('a', told.find(":]\n")), std::string::npos);
  EXPECT_NE(told.find("bbb"), std::string::npos);
}

TEST_F(host_voices, records_say_where_they_are) {
  auto voice = make(encoder_kind::stream_json);
  events.put("{\"of\":\"Claude\"}\n");
  voice->stopping("x");
  auto record = nlohmann::json::parse(recorded().substr(16));
  EXPECT_EQ(record["offset"], 16);
}

TEST_F(host_voices, records_wait_for_the_end_of_a_line_in_order) {
  auto voice = make(encoder_kind::stream_json);
  events.put("a\nlong");
  voice->stopping("one");
  events.put("er");
  voice->stopping("two");
  EXPECT_EQ(recorded(), "a\nlonger");
  events.put("\n");
  auto text = recorded();
  EXPECT_EQ(text.front(), '\n');
  EXPECT_LT(text.find("one"), text.find("two"));
}

TEST_F(host_voices, an_error_in_text_is_one_line) {
  auto voice = make(encoder_kind::text);
  auto failed = answer("first\nsecond\r\nthird");
  failed.is_error = true;
  voice->answered(failed);
  EXPECT_EQ(replied(), "error: first second  third\n");
}

TEST_F(host_voices, an_error_in_text_says_the_best_that_is_known) {
  auto voice = make(encoder_kind::text);
  codec::envelope failed;
  failed.is_error = true;
  failed.subtype = "error_max_turns";
  voice->answered(failed);
  EXPECT_EQ(replied(), "error: error_max_turns\n");
  failed.first_error = "too many turns";
  voice->answered(failed);
  EXPECT_EQ(replied(), "error: too many turns\n");
  failed.result = "Prompt is too long";
  voice->answered(failed);
  EXPECT_EQ(replied(), "error: Prompt is too long\n");
}

TEST_F(host_voices, a_subtype_that_is_an_error_needs_no_is_error) {
  auto voice = make(encoder_kind::text);
  auto failed = answer("");
  failed.subtype = "error_during_execution";
  voice->answered(failed);
  EXPECT_EQ(replied(), "error: error_during_execution\n");
}

TEST_F(host_voices, text_says_of_a_duplicate_that_it_is_one) {
  auto voice = make(encoder_kind::text);
  voice->accepted({"u1"});
  EXPECT_EQ(replied(), "");
  voice->duplicate("u1", "");
  EXPECT_EQ(replied(), "error: duplicate: a prompt with the uuid u1 was "
                       "accepted before\n");
}

TEST_F(host_voices, a_duplicate_of_a_failed_prompt_is_answered_with_its_end) {
  make(encoder_kind::stream_json)->duplicate("u1", "crashed");
  EXPECT_EQ(subtypes(), "accepted failed ");
  make(encoder_kind::text)->duplicate("u1", "crashed");
  auto reply = replied();
  EXPECT_TRUE(reply.starts_with("error: no answer, crashed: it was")) << reply;
  EXPECT_EQ(reply.find('\n'), reply.size() - 1) << "one prompt, one reply";
}

} // namespace container_agent::test
