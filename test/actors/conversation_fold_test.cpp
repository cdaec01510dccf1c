#include "actors/session/conversation_fold.hpp"
#include "messages/records/agent_record.hpp"
#include "test/actors/claude_lines.hpp"
#include "test/actors/dialogue_fixture.hpp"
#include "test/support/memory_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

/// What an agent is told by the logs of the one before.
namespace container_agent::test {

namespace {

using codec::kept_conversation;
using testing::ElementsAre;
using testing::IsEmpty;

/// Logs, line by line.
class folds : public testing::Test {
public:
  memory_log events;
  memory_log to_child;

  kept_conversation state() const {
    return fold_conversation(events, to_child);
  }

  codec::record_time now() const { return {{}, events.end()}; }

  void claude(const std::string& lines) { events.put(lines); }

  void give(const std::string& line) { to_child.put(line + '\n'); }

  void accept(const std::string& uuid, codec::input_range input = {0, 10}) {
    events.put(codec::accepted_record(now(), {uuid, 0, false, input}));
  }

  void fail(const std::string& uuid, const std::string& reason) {
    events.put(codec::failed_record(now(), uuid, reason, "why"));
  }

  void send(const std::string& uuid) {
    give(dialogue_fixture::user_line(uuid));
  }

  void be_ready(std::int32_t pid = 77, bool attached = false) {
    events.put(codec::ready_record(now(), {1, pid, false, attached}, "s", 0));
  }

  void exit() { events.put(codec::claude_exited_record(now(), {}, {})); }

  void checkpoint(const kept_conversation& what) {
    events.put(codec::checkpoint_record(now(), text_of(what)));
  }

  /// A turn is in flight.
  void begin_turn(const std::string& uuid) {
    accept(uuid);
    send(uuid);
    claude(claude::lifecycle(uuid, "started"));
  }

  codec::kept_prompt the_prompt() const {
    auto all = state().prompts;
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? codec::kept_prompt{} : all.front();
  }

  codec::closed_prompt the_closed() const {
    auto all = state().closed;
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? codec::closed_prompt{} : all.front();
  }
};

std::string as_id(std::string_view uuid) {
  return to_string(trace_id_of(uuid));
}

} // namespace

TEST_F(folds, of_nothing_are_nothing) {
  kept_conversation nothing;
  EXPECT_EQ(text_of(state()), text_of(nothing));
}

// -- prompts ------------------------------------------------------------------

TEST_F(folds, a_prompt_that_was_accepted_waits) {
  accept("u-1", {5, 30});
  auto kept = state();
  ASSERT_EQ(kept.prompts.size(), 1u);
  EXPECT_EQ(kept.prompts[0].uuid, "u-1");
  EXPECT_EQ(kept.prompts[0].input.from, 5u);
  EXPECT_EQ(kept.prompts[0].input.to, 30u);
  EXPECT_EQ(kept.prompts[0].sent, 0u);
  EXPECT_EQ(kept.input, 30u);
}

TEST_F(folds, a_prompt_that_was_given_was_sent) {
  accept("u-1");
  send("u-1");
  EXPECT_EQ(the_prompt().sent, 1u);
  EXPECT_EQ(state().to_child, to_child.end());
}

TEST_F(folds, a_prompt_was_sent_as_often_as_a_record_says) {
  accept("u-1");
  send("u-1");
  for (std::uint32_t times : {1, 2}) {
    events.put(codec::resent_record(now(), "u-1", times));
    send("u-1");
    EXPECT_EQ(the_prompt().sent, times + 1);
  }
}

TEST_F(folds, a_duplicate_is_no_prompt) {
  accept("u-1");
  events.put(codec::accepted_record(now(), {"u-1", 0, true}));
  EXPECT_EQ(state().prompts.size(), 1u);
}

TEST_F(folds, a_line_that_was_rejected_is_dealt_with) {
  events.put(codec::rejected_record(now(), {"x", "y", 1, "", "z", {0, 9}}));
  EXPECT_EQ(state().input, 9u);
  events.put(codec::rejected_record(now(), {"x", "y", 1, "", "z", {9, 0}}));
  EXPECT_EQ(state().input, 9u) << "of which more is to come";
}

TEST_F(folds, a_result_closes_the_prompts_that_it_names) {
  be_ready();
  for (auto uuid : {"u-1", "u-2", "u-3"}) {
    accept(uuid);
    send(uuid);
  }
  claude(claude::result({"u-1", "u-3"}, "yes"));
  EXPECT_EQ(the_prompt().uuid, "u-2");
  auto kept = state();
  ASSERT_EQ(kept.closed.size(), 2u);
  EXPECT_EQ(kept.closed[0].uuid, as_id("u-1"));
  EXPECT_EQ(kept.closed[0].failure, "");
  EXPECT_EQ(kept.closed[1].uuid, as_id("u-3"));
}

TEST_F(folds, a_result_closes_nothing_that_claude_was_not_given) {
  be_ready();
  accept("u-1");
  claude(claude::result({"u-1"}, "yes"));
  EXPECT_EQ(the_prompt().uuid, "u-1");
}

TEST_F(folds, a_result_without_a_name_closes_the_first_that_was_given) {
  be_ready();
  accept("u-1");
  accept("u-2");
  send("u-1");
  claude(claude::result({}, "yes"));
  EXPECT_EQ(the_prompt().uuid, "u-2");
  claude(claude::result({}, "yes"));
  EXPECT_EQ(the_prompt().uuid, "u-2");
}

TEST_F(folds, a_result_without_a_name_closes_none_of_a_claude_that_names_them) {
  be_ready();
  begin_turn("u-1");
  claude(claude::result({}, "yes"));
  EXPECT_EQ(the_prompt().uuid, "u-1");
}

TEST_F(folds, a_result_of_claudes_own_turn_closes_none) {
  be_ready();
  accept("u-1");
  send("u-1");
  claude(claude::own_result("a task has ended"));
  EXPECT_EQ(the_prompt().uuid, "u-1");
}

TEST_F(folds, a_result_before_claude_is_ready_is_about_no_prompt) {
  be_ready();
  accept("u-1");
  send("u-1");
  exit();
  claude(claude::failed_resume("s-1"));
  EXPECT_EQ(the_prompt().uuid, "u-1");
  EXPECT_EQ(state().session_id, "");
}

TEST_F(folds, a_prompt_that_has_failed_is_closed_with_its_reason) {
  accept("u-1");
  fail("u-1", "crashed");
  EXPECT_THAT(state().prompts, IsEmpty());
  EXPECT_EQ(the_closed().uuid, as_id("u-1"));
  EXPECT_EQ(the_closed().failure, "crashed");
}

TEST_F(folds, a_prompt_that_is_accepted_again_has_not_failed) {
  be_ready();
  accept("u-1");
  fail("u-1", "gave_up");
  accept("u-1");
  EXPECT_THAT(state().closed, IsEmpty());
  send("u-1");
  claude(claude::result({"u-1"}, "yes"));
  EXPECT_EQ(the_closed().failure, "");
  events.put(codec::failed_record(now(), "u-1", "gave_up", "a duplicate's"));
  EXPECT_EQ(the_closed().failure, "");
}

TEST_F(folds, a_prompt_that_failed_before_a_checkpoint_is_accepted_again) {
  accept("u-1");
  fail("u-1", "gave_up");
  checkpoint(state());
  accept("u-1");
  EXPECT_THAT(state().closed, IsEmpty());
  EXPECT_EQ(the_prompt().uuid, "u-1");
}

TEST_F(folds, a_uuid_of_32_digits_is_known_again) {
  const std::string uuid = "d0c4a1b2012345678 9abcdef01234567";
  const std::string digits = "d0c4a1b20123456789abcdef01234567";
  for (const auto& text : {uuid, digits}) {
    accept(text);
    fail(text, "crashed");
    EXPECT_EQ(trace_id_named(state().closed.back().uuid), trace_id_of(text));
  }
}

TEST_F(folds, a_prompt_that_claude_has_begun_is_so_until_its_end) {
  be_ready();
  begin_turn("u-1");
  EXPECT_TRUE(the_prompt().begun);
  EXPECT_TRUE(state().lifecycle);
  exit();
  EXPECT_FALSE(the_prompt().begun);
  EXPECT_FALSE(state().lifecycle);
}

TEST_F(folds, a_claude_that_was_renewed_has_ended_too) {
  be_ready();
  begin_turn("u-1");
  claude(claude::tasks({"t-1"}));
  events.put(codec::restarting_record(now(), {"claude_process", 1, {}, "why"}));
  EXPECT_FALSE(the_prompt().begun);
  EXPECT_FALSE(state().ready) << "the next one is told all that was set";
  EXPECT_EQ(state().pid, 0);
  EXPECT_THAT(state().tasks, IsEmpty());
}

TEST_F(folds, a_prompt_that_is_sent_again_was_had_by_an_earlier_claude) {
  be_ready();
  begin_turn("u-1");
  claude(claude::assistant("so"));
  EXPECT_TRUE(the_prompt().answering);
  exit();
  be_ready(78);
  events.put(codec::resent_record(now(), "u-1", 1));
  send("u-1");
  EXPECT_TRUE(the_prompt().again);
  EXPECT_TRUE(the_prompt().answering);
  EXPECT_EQ(the_prompt().sent, 2u);
}

TEST_F(folds, claude_answers_no_prompt_that_it_has_not_begun) {
  be_ready();
  accept("u-1");
  send("u-1");
  claude(claude::assistant("so"));
  EXPECT_FALSE(the_prompt().answering);
}

TEST_F(folds, a_prompt_that_is_continued_has_another_name) {
  be_ready();
  begin_turn("u-1");
  exit();
  be_ready(78);
  events.put(codec::resent_record(now(), "u-1", 1));
  send("u-1");
  claude(claude::lifecycle("u-1", "completed"));
  events.put(codec::continued_record(now(), "u-1", "c-1", 1));
  send("c-1");
  auto prompt = the_prompt();
  EXPECT_EQ(prompt.uuid, "u-1");
  EXPECT_EQ(prompt.continued_as, "c-1");
  EXPECT_EQ(prompt.sent, 2u);
  EXPECT_FALSE(prompt.again);
  EXPECT_FALSE(prompt.answering);
  claude(claude::result({"u-1"}, "late"));
  EXPECT_EQ(the_prompt().uuid, "u-1") << "it names another turn";
  claude(claude::lifecycle("c-1", "started"));
  EXPECT_TRUE(the_prompt().begun);
  claude(claude::result({"c-1"}, "yes"));
  EXPECT_EQ(the_closed().uuid, as_id("u-1"));
  EXPECT_EQ(the_closed().continued_as, "c-1");
}

TEST_F(folds, as_many_closed_prompts_are_remembered_as_the_queue_does) {
  for (std::size_t i = 0; i <= kept_conversation::max_closed; ++i) {
    accept(std::to_string(i));
    fail(std::to_string(i), "crashed");
  }
  auto kept = state();
  EXPECT_EQ(kept.closed.size(), kept_conversation::max_closed);
  EXPECT_EQ(kept.closed.front().uuid, as_id("1"));
}

// -- the session --------------------------------------------------------------

TEST_F(folds, the_session_is_the_one_that_claude_has_named_last) {
  claude(claude::init("s-1"));
  EXPECT_EQ(state().session_id, "s-1");
  claude(claude::lifecycle("u", "queued", "s-2"));
  EXPECT_EQ(state().session_id, "s-2");
  claude(claude::result({}, "x", "s-3"));
  EXPECT_EQ(state().session_id, "s-3");
  claude(claude::assistant("x", "s-4"));
  claude(claude::failed_resume("s-5"));
  EXPECT_EQ(state().session_id, "s-3");
}

TEST_F(folds, a_session_that_was_lost_is_begun_anew) {
  be_ready();
  begin_turn("u-1");
  events.put(codec::continued_record(now(), "u-1", "c-1", 1));
  send("c-1");
  exit();
  events.put(codec::session_lost_record(now(), claude::session, "EISDIR"));
  auto kept = state();
  EXPECT_EQ(kept.session_id, "");
  EXPECT_TRUE(kept.anew);
  EXPECT_EQ(kept.prompts[0].continued_as, "")
    << "there is nothing to go on with";
  EXPECT_EQ(kept.prompts[0].sent, 1u);
  claude(claude::init("s-2"));
  EXPECT_FALSE(state().anew);
}

TEST_F(folds, an_ended_conversation_leaves_what_it_has_closed) {
  be_ready();
  give(claude::set_mode("r-1", "plan"));
  claude(claude::initialized("r-1"));
  begin_turn("u-1");
  fail("u-1", "shutting_down");
  events.put(codec::ended_record(now()));
  auto kept = state();
  EXPECT_EQ(kept.input, 10u);
  EXPECT_EQ(kept.session_id, "");
  EXPECT_FALSE(kept.ready);
  EXPECT_THAT(kept.settings, IsEmpty());
  EXPECT_EQ(kept.closed.size(), 1u);
  accept("u-2", {10, 20});
  send("u-2");
  EXPECT_EQ(the_prompt().sent, 1u);
}

// -- the child ----------------------------------------------------------------

TEST_F(folds, a_claude_that_is_ready_is_known_by_its_pid) {
  be_ready(77);
  EXPECT_TRUE(state().ready);
  EXPECT_EQ(state().pid, 77);
  exit();
  EXPECT_FALSE(state().ready);
  EXPECT_EQ(state().pid, 0);
}

TEST_F(folds, a_claude_that_is_taken_up_goes_on) {
  be_ready(77);
  begin_turn("u-1");
  claude(claude::tasks({"t-1"}));
  be_ready(77, true);
  EXPECT_TRUE(the_prompt().begun);
  EXPECT_TRUE(state().lifecycle);
  EXPECT_THAT(state().tasks, ElementsAre("t-1"));
}

TEST_F(folds, another_claude_that_is_joined_has_nothing_of_the_last_one) {
  be_ready(77);
  begin_turn("u-1");
  claude(claude::tasks({"t-1"}));
  be_ready(78, true);
  EXPECT_FALSE(the_prompt().begun);
  EXPECT_FALSE(state().lifecycle);
  EXPECT_THAT(state().tasks, IsEmpty());
}

TEST_F(folds, tasks_are_those_that_claude_has_told_of_last) {
  be_ready();
  claude(claude::tasks({"t-1", "t-2"}));
  EXPECT_THAT(state().tasks, ElementsAre("t-1", "t-2"));
  claude(claude::tasks({"t-2"}));
  EXPECT_THAT(state().tasks, ElementsAre("t-2"));
  exit();
  EXPECT_THAT(state().tasks, IsEmpty());
}

TEST_F(folds, requests_wait_that_have_neither_answer_nor_end) {
  auto open = [this] {
    std::vector<std::string> ids;
    for (const auto& request : state().open_requests)
      ids.push_back(request.id);
    return ids;
  };
  claude(claude::can_use_tool("q-1") + claude::can_use_tool("q-2")
         + claude::hook_callback("q-3"));
  EXPECT_THAT(open(), ElementsAre("q-1", "q-2", "q-3"));
  claude(claude::cancelled_request("q-1"));
  auto answer = claude::permission("q-2");
  answer.pop_back();
  give(answer);
  EXPECT_THAT(open(), ElementsAre("q-3"));
}

// -- what the host has set ----------------------------------------------------

TEST_F(folds, settings_count_when_claude_has_acknowledged_them) {
  give(claude::set_mode("r-1", "plan"));
  auto kept = state();
  ASSERT_EQ(kept.settings.size(), 1u);
  EXPECT_EQ(kept.settings[0].line, claude::set_mode("r-1", "plan"));
  EXPECT_FALSE(kept.settings[0].acknowledged);
  claude(claude::initialized("r-1"));
  EXPECT_TRUE(state().settings.at(0).acknowledged);
}

TEST_F(folds, settings_that_were_refused_are_forgotten) {
  give(claude::set_mode("r-1", "plan"));
  claude(claude::refused("r-1"));
  EXPECT_THAT(state().settings, IsEmpty());
}

TEST_F(folds, settings_that_the_agent_gave_back_are_no_new_ones) {
  give(claude::set_mode("r-1", "plan"));
  claude(claude::initialized("r-1"));
  give(claude::set_mode("container_agent:restore:2:1", "plan"));
  EXPECT_EQ(state().settings.size(), 1u);
}

TEST_F(folds, a_setting_that_two_claudes_were_sent_is_one) {
  give(claude::set("r-1", R"("subtype":"set_model","model":"a")"));
  exit();
  give(claude::set("r-1", R"("subtype":"set_model","model":"a")"));
  claude(claude::initialized("r-1"));
  give(claude::set("r-2", R"("subtype":"set_model","model":"b")"));
  claude(claude::initialized("r-2"));
  auto kept = state();
  ASSERT_EQ(kept.settings.size(), 1u) << "the first would come back behind it";
  EXPECT_EQ(kept.settings[0].request_id, "r-2");
  EXPECT_TRUE(kept.settings[0].acknowledged);
}

TEST_F(folds, a_setting_without_an_answer_outlives_a_checkpoint) {
  give(claude::set_mode("r-1", "plan"));
  checkpoint(state());
  EXPECT_FALSE(state().settings.at(0).acknowledged);
  exit();
  give(claude::set_mode("r-1", "plan"));
  claude(claude::initialized("r-1"));
  auto kept = state();
  ASSERT_EQ(kept.settings.size(), 1u);
  EXPECT_TRUE(kept.settings[0].acknowledged);
}

TEST_F(folds, of_many_settings_none_is_forgotten_before_its_answer) {
  give(claude::set("r-0", R"("subtype":"initialize","hooks":{})"));
  claude(claude::initialized("r-0"));
  for (std::size_t i = 1; i < 2 * host_settings::max_open; ++i) {
    auto id = "r-" + std::to_string(i);
    give(claude::set(id, R"("subtype":"set_model","model":"a")"));
    claude(claude::initialized(id));
  }
  auto kept = state();
  ASSERT_EQ(kept.settings.size(), 2u);
  EXPECT_EQ(kept.settings[0].request_id, "r-0");
}

TEST_F(folds, a_mode_that_claude_tells_of_is_set_for_the_next_one) {
  claude(claude::mode_changed("default"));
  EXPECT_THAT(state().settings, IsEmpty()) << "it was not ready";
  be_ready();
  claude(claude::mode_changed("plan"));
  auto kept = state();
  ASSERT_EQ(kept.settings.size(), 1u);
  EXPECT_NE(kept.settings[0].line.find("plan"), std::string::npos);
}

// -- checkpoints --------------------------------------------------------------

TEST_F(folds, begin_at_the_last_checkpoint) {
  accept("u-0"); // whatever is said before it
  kept_conversation before;
  before.prompts.push_back({.uuid = "u-1", .input = {0, 10}, .sent = 1});
  before.session_id = "s-1";
  before.input = 10;
  send("u-1");
  before.to_child = to_child.end();
  checkpoint({});
  checkpoint(before);
  accept("u-2", {10, 20});
  auto kept = state();
  ASSERT_EQ(kept.prompts.size(), 2u);
  EXPECT_EQ(kept.prompts[0].uuid, "u-1");
  EXPECT_EQ(kept.prompts[0].sent, 1u);
  EXPECT_EQ(kept.prompts[1].uuid, "u-2");
  EXPECT_EQ(kept.session_id, "s-1");
  EXPECT_EQ(kept.input, 20u);
}

TEST_F(folds, a_checkpoint_that_cannot_be_read_is_none) {
  accept("u-1");
  checkpoint(state());
  accept("u-2");
  events.put(codec::checkpoint_record(now(), R"({"version":7})"));
  accept("u-3");
  auto kept = state();
  ASSERT_EQ(kept.prompts.size(), 3u);
  EXPECT_EQ(kept.prompts[2].uuid, "u-3");
}

TEST_F(folds, a_claude_that_had_ended_at_a_checkpoint_has_begun_nothing) {
  kept_conversation before;
  before.prompts.push_back({.uuid = "u-1", .sent = 1, .begun = true});
  checkpoint(before);
  EXPECT_FALSE(the_prompt().begun);
}

// -- what the host is not shown -----------------------------------------------

TEST_F(folds, what_the_host_is_not_shown_is_left_out) {
  auto ranges = [this] {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> result;
    for (const auto& r : state().left_out)
      result.emplace_back(r.from, r.to);
    return result;
  };
  be_ready();
  begin_turn("u-1");
  fail("u-1", "crashed");
  EXPECT_THAT(ranges(), IsEmpty());
  auto late = events.end();
  claude(claude::result({"u-1"}, "yes"));
  auto own = events.end();
  claude(claude::initialized("container_agent:initialize:1"));
  auto torn = events.end();
  claude("{\"half\n");
  auto end = events.end();
  claude("no json\n" + claude::result({}, "yes"));
  claude("{\"type\":\"assistant\",\"x\":\"half a pair: \\ud83d\"}\n");
  EXPECT_THAT(ranges(), ElementsAre(std::pair{late, own}, std::pair{own, torn},
                                    std::pair{torn, end}));
  auto begin = events.end();
  checkpoint(state());
  ASSERT_EQ(ranges().size(), 4u);
  EXPECT_EQ(ranges().back(), (std::pair{begin, events.end()}));
}

TEST_F(folds, lines_with_zeros_in_them_are_counted) {
  accept("u-1");
  events.put(std::string{"{\"a\":\0\0}\n", 10});
  std::uint64_t damaged = 0;
  EXPECT_EQ(fold_conversation(events, to_child, &damaged).prompts.size(), 1u);
  EXPECT_EQ(damaged, 1u);
}

// -- bytes --------------------------------------------------------------------

TEST_F(folds, what_is_no_line_of_theirs_tells_nothing) {
  be_ready();
  begin_turn("u-1");
  auto before = text_of(state());
  claude(
    "\n\xff\xfe\nno json\n[1]\n{\"type\":7}\n{\"type\":\"container_agent\"}\n");
  claude(R"({"type":"container_agent","subtype":"accepted"})"); // half
  EXPECT_EQ(text_of(state()), before);
  claude(std::string(3 * read_size, 'x') + '\n');
  EXPECT_EQ(text_of(state()), before);
}

TEST_F(folds, half_a_line_at_the_end_is_not_there_yet) {
  accept("u-1");
  accept("u-2");
  std::string all{events.text()};
  auto second = all.find('\n') + 1;
  for (std::size_t size = second; size < all.size(); ++size) {
    memory_log torn;
    torn.put(std::string_view{all}.substr(0, size));
    EXPECT_EQ(fold_conversation(torn, to_child).prompts.size(), 1u) << size;
  }
}

TEST(for_each_line, gives_each_whole_line_wherever_blocks_end) {
  memory_log log;
  std::vector<std::string> all;
  const std::vector<std::size_t> sizes{
    0, 1, read_size - 3, read_size - 1, read_size, read_size + 1, 2 * read_size,
    5};
  for (auto size : sizes) {
    all.emplace_back(size, static_cast<char>('a' + all.size()));
    log.put(all.back() + '\n');
  }
  log.put("half");
  std::vector<std::string> got;
  for_each_line(log, 0, [&](std::string_view line) { got.emplace_back(line); });
  EXPECT_EQ(got, all);
  got.clear();
  for_each_line(log, 1, [&](std::string_view line) { got.emplace_back(line); });
  EXPECT_EQ(got.size(), all.size() - 1);
}

// -- it is what the agent itself knows ----------------------------------------

namespace {

/// One that looks after each step whether the logs say what it knows.
class folded_dialogues : public dialogue_fixture {
public:
  /// The host says this, through the log.
  void say(const std::string& line) {
    input.put(line + '\n');
    talk().take(input_grew{input.end()});
    go_on();
  }

  void go_on() {
    talk().take_output();
    talk().take_input();
    talk().take_output();
  }

  // What was said last may not have been dealt with by a record: it is then
  // read again. A late result of a prompt is shown by the agent that has failed
  // it, and left out by the next one. Closed prompts are remembered in another
  // order, and with those that are not closed.
  static std::string comparable(kept_conversation kept) {
    std::erase_if(kept.closed, [&kept](const auto& closed) {
      return std::any_of(
        kept.prompts.begin(), kept.prompts.end(), [&closed](const auto& p) {
          return trace_id_of(p.uuid) == trace_id_named(closed.uuid);
        });
    });
    for (auto& closed : kept.closed)
      closed.continued_as.clear();
    std::sort(kept.closed.begin(), kept.closed.end(),
              [](const auto& a, const auto& b) { return a.uuid < b.uuid; });
    std::stable_sort(kept.settings.begin(), kept.settings.end(),
                     [](const auto& a, const auto& b) {
                       return a.acknowledged != b.acknowledged
                                ? a.acknowledged
                                : a.line < b.line;
                     });
    // A new Claude has begun nothing and has told nothing of itself.
    if (!kept.ready) {
      kept.lifecycle = false;
      for (auto& p : kept.prompts)
        p.begun = false;
    }
    kept.input = kept.held_from = 0;
    kept.left_out.clear(); // of what the host has had a fold knows more
    return text_of(kept);
  }

  void expect_the_same(const std::string& what) {
    auto folded = fold_conversation(events, to_child);
    auto known = talk().kept();
    EXPECT_LE(folded.input, known.input) << what;
    for (const auto& range : known.left_out)
      EXPECT_TRUE(std::any_of(folded.left_out.begin(), folded.left_out.end(),
                              [&range](const auto& r) {
                                return r.from == range.from && r.to == range.to;
                              }))
        << range.from << ": " << what;
    EXPECT_EQ(comparable(std::move(folded)), comparable(std::move(known)))
      << what;
  }
};

/// Chooses at random what host and Claude do, and what becomes of Claude and of
/// the agent.
class random_conversation : public folded_dialogues,
                            public testing::WithParamInterface<int> {
public:
  std::mt19937 chance{static_cast<unsigned>(GetParam())};

  unsigned below(unsigned limit) { return chance() % limit; }

  void step() {
    history += story + '\n';
    if (runs_)
      with_claude();
    else
      without_claude();
  }

  std::string story;   ///< what was done last
  std::string history; ///< and before

private:
  template <class List>
  const std::string& one_of(const List& list) {
    return list[below(static_cast<unsigned>(list.size()))];
  }

  const std::string& any_prompt() {
    if (uuids_.empty())
      uuids_.emplace_back("u");
    return one_of(uuids_);
  }

  /// By which Claude knows the prompt in flight.
  std::string in_flight() {
    for (const auto& p : talk().kept().prompts)
      if (p.sent > 0)
        return p.known_as();
    return any_prompt();
  }

  void host_does() {
    switch (below(6)) {
      case 0:
      case 1:
        uuids_.push_back("u-" + std::to_string(uuids_.size()));
        story = "prompt " + uuids_.back();
        return say(user_line(uuids_.back()));
      case 2: story = "prompt again"; return say(user_line(any_prompt()));
      case 3: story = "rubbish"; return say("{]");
      case 4:
        story = "model";
        return say(claude::set(next_id(), R"("subtype":"set_model","model":"m)"
                                            + std::to_string(below(3)) + '"'));
      default:
        story = "mode";
        return say(
          claude::set_mode(next_id(), below(2) == 0 ? "plan" : "default"));
    }
  }

  std::string next_id() {
    requests_.push_back("r-" + std::to_string(requests_.size()));
    return requests_.back();
  }

  void with_claude() {
    auto uuid = in_flight();
    switch (below(16)) {
      case 0:
      case 1:
      case 2: return host_does();
      case 3:
        story = "started";
        return claude_says(claude::lifecycle(uuid, "started"));
      case 4: story = "assistant"; return claude_says(claude::assistant("x"));
      case 5:
        story = "turn";
        return claude_says(claude::turn(uuid, "hi", "yes"));
      case 6:
        story = "result";
        return claude_says(claude::result({uuid}, "yes"));
      case 7:
        story = "completed";
        return claude_says(claude::lifecycle(uuid, "completed"));
      case 8:
        story = "tasks";
        return claude_says(below(2) == 0 ? claude::tasks({"t-1"})
                                         : claude::tasks({}));
      case 9:
        asked_ = "q-" + std::to_string(++questions_);
        story = "asks " + asked_;
        return claude_says(claude::can_use_tool(asked_));
      case 10: {
        if (asked_.empty())
          return;
        story = "answer";
        auto answer = claude::permission(asked_);
        asked_.clear();
        answer.pop_back();
        return say(answer);
      }
      case 11:
        if (requests_.empty())
          return;
        story = "acknowledged";
        return claude_says(below(4) == 0
                             ? claude::refused(one_of(requests_))
                             : claude::initialized(requests_.back()));
      case 12:
        story = "mode changed";
        return claude_says(claude::mode_changed("plan"));
      case 13: return within_a_line();
      case 14: return end_claude();
      default: return end_agent();
    }
  }

  // Records wait for its end, so nothing else may happen meanwhile.
  void within_a_line() {
    story = "half a line";
    claude_says(R"({"type":"ha)");
    switch (below(3)) {
      case 0: return end_claude();
      case 1: end_agent(); break;
      default: break;
    }
    if (runs_)
      claude_says("lf\"}\n");
  }

  void claude_says(const std::string& text) {
    claude(text);
    go_on();
  }

  void end_claude() {
    runs_ = false;
    asked_.clear();
    if (below(2) == 0) {
      story = "crash";
      crash();
      go_on();
      return;
    }
    story = "renewal";
    child_ended end;
    end.renewal = "why";
    end_child(end);
    restart_scheduled plan;
    plan.name = "claude_process";
    talk().take(plan);
    go_on();
  }

  void end_agent() {
    to_claude();
    if (below(2) == 0) {
      story = "the agent is killed";
      next_agent(true);
      take_up();
      generation_ = 1;
    } else {
      generation_ = 0;
      story = "all is killed";
      next_agent(false);
      runs_ = false;
      asked_.clear();
    }
    go_on();
  }

  void without_claude() {
    if (below(3) == 0)
      return host_does();
    story = "claude starts";
    start_ready(true);
    ++generation_;
    for (const auto& s : talk().kept().settings) // what was set is acknowledged
      claude(claude::initialized(s.request_id));
    for (int i = 1; i < 4; ++i)
      claude(claude::initialized("container_agent:restore:"
                                 + std::to_string(generation_) + ':'
                                 + std::to_string(i)));
    go_on();
    runs_ = talk().status().ready;
    if (!runs_) {
      crash();
      go_on();
    }
  }

  std::vector<std::string> uuids_;
  std::vector<std::string> requests_;
  std::string asked_;
  unsigned questions_ = 0;
  unsigned generation_ = 0;
  bool runs_ = false;
};

} // namespace

TEST_F(folded_dialogues, a_turn) {
  expect_the_same("nothing");
  ready();
  expect_the_same("ready");
  say(user_line("u-1"));
  say(user_line("u-2"));
  expect_the_same("accepted");
  EXPECT_EQ(fold_conversation(events, to_child).input, talk().kept().input);
  claude(claude::lifecycle("u-1", "started") + claude::assistant("so"));
  expect_the_same("begun");
  claude(claude::result({"u-1"}, "yes"));
  go_on();
  expect_the_same("answered");
}

TEST_F(folded_dialogues, a_crash_and_what_is_sent_again) {
  ready();
  say(user_line("u-1"));
  claude(claude::lifecycle("u-1", "started") + claude::assistant("so"));
  crash();
  expect_the_same("crash");
  start(true);
  expect_the_same("start");
  initialized();
  expect_the_same("ready");
  claude(claude::replay("u-1", "hi") + claude::lifecycle("u-1", "completed"));
  expect_the_same("continued");
  crash();
  start_ready(true);
  go_on();
  expect_the_same("sent again under its new name");
}

TEST_F(folded_dialogues, a_checkpoint) {
  settings.checkpoint_distance = 1024 * 1024;
  ready();
  say(user_line("u-1"));
  say(claude::set_mode("r-1", "plan"));
  claude(claude::initialized("r-1"));
  claude(claude::lifecycle("u-1", "started"));
  for (int i = 0; i < 20; ++i)
    claude(claude::assistant(std::string(64 * 1024, 'x')));
  EXPECT_NE(events.text().find(R"("subtype":"checkpoint")"), std::string::npos);
  expect_the_same("checkpoint");
  answer("u-1");
  say(user_line("u-2"));
  expect_the_same("behind it");
}

TEST_P(random_conversation, is_what_its_logs_say) {
  for (int i = 0; i < 120 && !HasFailure(); ++i) {
    step();
    expect_the_same(std::to_string(i) + ": " + story + ", after" + history);
  }
}

INSTANTIATE_TEST_SUITE_P(, random_conversation, testing::Range(1, 31));

} // namespace container_agent::test
