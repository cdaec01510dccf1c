#include "actors/session/conversation.hpp"
#include "actors/session/raw_relay.hpp"
#include "messages/errors.hpp"
#include "test/actors/claude_process_fixture.hpp"
#include "test/actors/claude_session_fixture.hpp"

#include <gmock/gmock.h>

#include <csignal>

/// Children that run already, as actors see them.
namespace container_agent::test {

namespace {

class attached_children : public claude_processes {
public:
  void join(launch_child how = {}) {
    start();
    launch(std::move(how));
    allow();
  }

  void attach() {
    child.attaches = true;
    join();
  }
};

} // namespace

TEST_F(attached_children, are_told_as_such) {
  attach();
  auto started = conversation.take<child_started>();
  EXPECT_TRUE(started.attached);
  EXPECT_TRUE(started.midstream);
  EXPECT_FALSE(started.resumed);
}

TEST_F(attached_children, go_on_with_the_input_where_they_stand) {
  to_child.put("an earlier one's\nhad\nwaits\n");
  child.attaches = true;
  child.began_at = 17;
  child.stands_at = 21;
  join({"", false, 27});
  EXPECT_EQ(conversation.take<child_started>().input_from, 17u);
  EXPECT_EQ(conversation.take<child_input_window>().taken, 21u);
  give("new\n");
  EXPECT_EQ(child.received(), "waits\nnew\n");
}

TEST_F(attached_children, end_in_a_way_that_is_not_known) {
  attach();
  child.vanish();
  settle();
  auto ended = conversation.take<child_ended>();
  EXPECT_EQ(ended.kind, exit_kind::unknown);
  EXPECT_FALSE(ended.awaits_next);
  auto end = end_of(process);
  ASSERT_TRUE(end);
  EXPECT_THAT(describe(*end), testing::HasSubstr("how is not known"));
}

TEST_F(attached_children, are_waited_for) {
  child.waits = child.attach_only = true;
  start();
  launch();
  EXPECT_EQ(conversation.count<child_started>(), 0u);
  child.appear();
  settle();
  EXPECT_TRUE(conversation.take<child_started>().attached);
}

TEST_F(attached_children, are_waited_for_on_and_on) {
  child.attaches = child.attach_only = true;
  join();
  child.vanish();
  settle();
  EXPECT_TRUE(conversation.take<child_ended>().awaits_next);
  child.waits = true;
  launch({"", false, 0, 1});
  EXPECT_TRUE(lives(process));
  conversation.take<child_started>();
  EXPECT_EQ(conversation.count<child_started>(), 0u);
  child.appear();
  settle();
  EXPECT_EQ(conversation.take<child_started>().generation, 2u);
}

TEST_F(attached_children, that_are_waited_for_get_what_has_come_meanwhile) {
  child.waits = child.attach_only = true;
  start();
  launch();
  give("early\n");
  child.appear();
  settle();
  EXPECT_EQ(child.received(), "") << "the conversation hears of it first";
  give("late\n");
  EXPECT_EQ(child.received(), "early\nlate\n");
}

TEST_F(attached_children, are_not_waited_for_once_the_agent_ends) {
  child.waits = child.attach_only = true;
  start();
  launch();
  tell(process, close_child_input{});
  settle();
  auto end = end_of(process);
  ASSERT_TRUE(end);
  EXPECT_EQ(*end, caf::none);
}

TEST_F(attached_children, that_are_let_go_are_no_fault) {
  child.attaches = child.attach_only = true;
  join();
  tell(process, close_child_input{});
  settle();
  EXPECT_TRUE(child.input_closed());
  child.let_go();
  settle();
  auto ended = conversation.take<child_ended>();
  EXPECT_EQ(ended.kind, exit_kind::detached);
  EXPECT_TRUE(ended.asked);
  EXPECT_FALSE(ended.awaits_next);
}

// -- the conversation's part --------------------------------------------------

TEST_F(claude_session_fixture, an_end_that_is_not_known_has_no_exit_code) {
  ready();
  child_ended end;
  end.kind = exit_kind::unknown;
  end_child(end);
  auto exited = record();
  EXPECT_EQ(exited["subtype"], "claude_exited");
  EXPECT_TRUE(exited.at("exit_code").is_null());
}

TEST_F(claude_session_fixture, a_child_that_was_joined_is_told_as_such) {
  attach();
  initialized();
  EXPECT_EQ(record()["attached"], true);
}

TEST_F(claude_session_fixture,
       a_child_that_is_let_go_is_not_told_to_have_ended) {
  ready();
  prompt("u1");
  to_host();
  child_ended end;
  end.kind = exit_kind::detached;
  end.asked = true;
  end_child(end);
  EXPECT_EQ(record()["subtype"], "failed");
  EXPECT_EQ(log.count("claude_detached"), 1u);
  EXPECT_EQ(log.count("claude_stopped"), 0u);
}

namespace {

class joined_dialogues : public claude_session_fixture {
public:
  void SetUp() override {
    child_started child;
    child.generation = 1;
    child.pid = 1001;
    child.attached = child.midstream = true;
    session().on_child_started(child);
  }
};

} // namespace

TEST_F(joined_dialogues, may_begin_in_the_middle_of_a_line) {
  claude("e\"}\n{\"a\":1}\n");
  claude("no json\n");
  EXPECT_EQ(to_host(), "{\"a\":1}\nno json\n");
  EXPECT_EQ(log.field("half_line_dropped", "bytes"), "4");
}

TEST_F(joined_dialogues, lose_half_a_line_that_looks_like_a_whole_one) {
  claude("{\"a\":1}]}\n{\"b\":2}\n");
  EXPECT_EQ(to_host(), "{\"b\":2}\n");
}

TEST_F(joined_dialogues, keep_a_first_line_that_is_whole) {
  claude("{\"a\":");
  EXPECT_EQ(to_host(), "");
  claude("1}\n");
  EXPECT_EQ(to_host(), "{\"a\":1}\n");
  EXPECT_EQ(log.count("half_line_dropped"), 0u);
}

TEST_F(joined_dialogues, lose_a_long_half_line_to_its_end) {
  std::string part(700 * 1024, 'x');
  for (int i = 0; i < 3; ++i) {
    claude(part);
    EXPECT_EQ(to_host().size(), 0u);
  }
  claude("{\"end\":1\n{\"b\":2}\n");
  EXPECT_TRUE(to_host() == "{\"b\":2}\n");
  EXPECT_EQ(log.field("half_line_dropped", "bytes"),
            std::to_string(3 * part.size() + 9));
}

TEST_F(joined_dialogues, that_end_in_a_long_half_line_leave_nothing_of_it) {
  claude(std::string(3 * 1024 * 1024, 'x'));
  child_ended end;
  end.kind = exit_kind::unknown;
  end.generation = 1;
  end.end = events.end();
  session().on_child_ended(end);
  EXPECT_EQ(records().size(), 1u);
  EXPECT_EQ(relayed, "");
}

namespace {

class attached_conversations : public actor_fixture {
public:
  memory_log input;
  memory_log said;
  raw_relay protocol{{input, input, said}, context};
  probe<claude_process_actor> child
    = make_probe(&peers_changed::claude_process);
  conversation_actor subject;

  void start() {
    subject = spawn<conversation>(std::ref<session>(protocol),
                                  conversation_config{}, context);
    introduce(subject);
  }
};

} // namespace

TEST_F(attached_conversations, ask_for_the_next_one_that_is_waited_for) {
  start();
  EXPECT_EQ(child.count<launch_child>(), 1u);
  tell(subject, child_started{1, 7, false, true});
  child_ended end;
  end.generation = 1;
  end.awaits_next = true;
  tell(subject, end);
  settle();
  EXPECT_EQ(child.count<launch_child>(), 2u);
}

TEST_F(attached_conversations, tell_again_what_came_while_it_was_waited_for) {
  start();
  input.put("early");
  tell(subject, input_grew{5});
  settle();
  EXPECT_EQ(child.take_all<child_input_grew>().size(), 1u);
  tell(subject, child_started{1, 7, false, true});
  settle();
  EXPECT_EQ(child.take<child_input_grew>().end, 5u);
}

} // namespace container_agent::test
