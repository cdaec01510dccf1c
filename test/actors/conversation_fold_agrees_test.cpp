#include "actors/session/conversation_fold.hpp"
#include "test/actors/claude_lines.hpp"
#include "test/actors/claude_session_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

/// A fold of the logs comes to what the agent itself knows.
namespace container_agent::test {

namespace {

using codec::kept_conversation;

/// One that looks after each step whether the logs say what it knows.
class folded_dialogues : public claude_session_fixture {
public:
  /// The host says this, through the log.
  void say(const std::string& line) {
    input.put(line + '\n');
    session().on_input_grew(input_grew{input.end()});
    go_on();
  }

  void go_on() {
    session().read_events();
    session().read_input();
    session().read_events();
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
    auto known = session().kept();
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
    for (const auto& p : session().kept().prompts)
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
    session().on_restart_scheduled(plan);
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
    for (const auto& s :
         session().kept().settings) // what was set is acknowledged
      claude(claude::initialized(s.request_id));
    for (int i = 1; i < 4; ++i)
      claude(claude::initialized("container_agent:restore:"
                                 + std::to_string(generation_) + ':'
                                 + std::to_string(i)));
    go_on();
    runs_ = session().status().ready;
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
  EXPECT_EQ(fold_conversation(events, to_child).input, session().kept().input);
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
