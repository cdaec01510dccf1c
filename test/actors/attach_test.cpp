#include "actors/claude_process.hpp"
#include "actors/conversation.hpp"
#include "actors/raw_relay.hpp"

#include "test/actors/dialogue_fixture.hpp"
#include "test/support/actor_fixture.hpp"

#include "messages/errors.hpp"

#include <gmock/gmock.h>

#include <csignal>

/// Children that run already, as actors see them.
namespace container_agent::test {

namespace {

class attached_children : public actor_fixture {
public:
  fake_child child{events};
  child_link link{child, {{"claude", {"-p"}, {}, {}}}, context};
  probe<conversation_actor> conversation
    = make_probe(&peers_changed::conversation);
  claude_process_actor process;

  void start() {
    process = spawn<claude_process>(link, context);
    introduce(process);
  }

  void launch(launch_child how = {}) {
    tell(process, std::move(how));
    tell(process, child_output_window{0, 1000});
    settle();
  }

  void attach() {
    child.attaches = true;
    start();
    launch();
  }

  std::string output() {
    std::string result;
    for (const auto& piece : conversation.take_all<child_output>())
      result += piece.data.view();
    return result;
  }
};

} // namespace

TEST_F(attached_children, are_told_as_such) {
  attach();
  auto started = conversation.take<child_started>();
  EXPECT_TRUE(started.attached);
  EXPECT_FALSE(started.resumed);
}

TEST_F(attached_children, may_be_in_the_middle_of_a_line) {
  attach();
  child.say("e\"}\n{\"a\":1}\n");
  settle();
  child.say("no json\n");
  settle();
  EXPECT_EQ(output(), "{\"a\":1}\nno json\n");
  EXPECT_EQ(log.field("half_line_dropped", "bytes"), "4");
}

TEST_F(attached_children, lose_half_a_line_that_looks_like_a_whole_one) {
  attach();
  child.say("{\"a\":1}]}\n{\"b\":2}\n");
  settle();
  EXPECT_EQ(output(), "{\"b\":2}\n");
}

TEST_F(attached_children, keep_a_first_line_that_is_whole) {
  attach();
  child.say("{\"a\":");
  settle();
  child.say("1}\n");
  settle();
  EXPECT_EQ(output(), "{\"a\":1}\n");
  EXPECT_EQ(log.count("half_line_dropped"), 0u);
}

TEST_F(attached_children, lose_a_long_half_line_to_its_end) {
  attach();
  std::string part(700 * 1024, 'x');
  for (int i = 0; i < 3; ++i) {
    child.say(part);
    settle();
  }
  child.say("{\"end\":1\n{\"b\":2}\n");
  settle();
  EXPECT_EQ(output(), "{\"b\":2}\n");
  EXPECT_EQ(log.field("half_line_dropped", "bytes"),
            std::to_string(3 * part.size() + 9));
}

TEST_F(attached_children, that_end_in_a_long_half_line_leave_nothing_of_it) {
  attach();
  child.say(std::string(3 * 1024 * 1024, 'x'));
  settle();
  child.vanish();
  settle();
  EXPECT_EQ(output(), "");
  EXPECT_EQ(conversation.take<child_ended>().kind, exit_kind::unknown);
}

TEST_F(attached_children, end_in_a_way_that_is_not_known) {
  attach();
  child.vanish();
  settle();
  auto ended = conversation.take<child_ended>();
  EXPECT_EQ(ended.kind, exit_kind::unknown);
  EXPECT_FALSE(ended.awaits_next);
  tell(process, child_output_window{1, 1000});
  settle();
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
  start();
  launch();
  child.vanish();
  settle();
  EXPECT_TRUE(conversation.take<child_ended>().awaits_next);
  child.waits = true;
  tell(process, child_output_window{1, 1000});
  launch();
  EXPECT_TRUE(lives(process));
  conversation.take<child_started>();
  EXPECT_EQ(conversation.count<child_started>(), 0u);
  child.appear();
  settle();
  EXPECT_EQ(conversation.take<child_started>().generation, 2u);
}

TEST_F(attached_children, that_are_waited_for_take_no_input) {
  child.waits = child.attach_only = true;
  start();
  launch({"", false, 5});
  tell(process, child_input{5, bytes{"early"}});
  settle();
  child.appear();
  settle();
  EXPECT_EQ(child.received(), "");
  tell(process, child_input{5, bytes{"again"}});
  settle();
  EXPECT_EQ(child.received(), "again");
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
  start();
  launch();
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

TEST_F(dialogue_fixture, an_end_that_is_not_known_has_no_exit_code) {
  ready();
  child_ended end;
  end.kind = exit_kind::unknown;
  talk().take(end);
  auto exited = record();
  EXPECT_EQ(exited["subtype"], "claude_exited");
  EXPECT_TRUE(exited.at("exit_code").is_null());
}

TEST_F(dialogue_fixture, a_child_that_was_joined_is_told_as_such) {
  attach();
  initialized();
  EXPECT_EQ(record()["attached"], true);
}

TEST_F(dialogue_fixture, a_child_that_is_let_go_is_not_told_to_have_ended) {
  ready();
  prompt("u1");
  to_host();
  child_ended end;
  end.kind = exit_kind::detached;
  end.asked = true;
  talk().take(end);
  EXPECT_EQ(record()["subtype"], "failed");
  EXPECT_EQ(log.count("claude_detached"), 1u);
  EXPECT_EQ(log.count("claude_stopped"), 0u);
}

namespace {

class attached_conversations : public actor_fixture {
public:
  raw_relay protocol{context};
  probe<claude_process_actor> child
    = make_probe(&peers_changed::claude_process);
  conversation_actor talk;

  void start() {
    talk = spawn<conversation>(std::ref<bridge>(protocol),
                               conversation_config{}, context);
    introduce(talk);
  }
};

} // namespace

TEST_F(attached_conversations, ask_for_the_next_one_that_is_waited_for) {
  start();
  EXPECT_EQ(child.count<launch_child>(), 1u);
  tell(talk, child_started{1, 7, false, true});
  child_ended end;
  end.sequence = 1;
  end.awaits_next = true;
  tell(talk, end);
  settle();
  EXPECT_EQ(child.count<launch_child>(), 2u);
}

TEST_F(attached_conversations, send_again_what_came_while_it_was_waited_for) {
  start();
  tell(talk, child_input_window{0, 10});
  host_line piece;
  piece.sequence = 1;
  piece.text = bytes{"early"};
  tell(talk, piece);
  settle();
  EXPECT_EQ(child.count<child_input>(), 1u);
  tell(talk, child_started{1, 7, false, true});
  settle();
  EXPECT_EQ(child.count<child_input>(), 2u);
}

} // namespace container_agent::test
