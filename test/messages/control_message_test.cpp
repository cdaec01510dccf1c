#include "messages/codec/control_message.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace container_agent::test {

namespace {

using namespace codec;
using namespace std::chrono_literals;

std::string control_fault_of(std::string_view line) {
  auto read = read_control_request(line);
  const auto* fault = std::get_if<control_fault>(&read);
  return fault == nullptr ? "" : fault->text;
}

control_request read(std::string_view line) {
  return std::get<control_request>(read_control_request(line));
}

} // namespace

TEST(control_message, each_command_is_read_back) {
  for (auto command :
       {control_command::status, control_command::stop,
        control_command::restart_claude, control_command::interrupt}) {
    auto again = read(control_request_text({command, true, "a \"reason\""}));
    EXPECT_EQ(again.command, command);
    EXPECT_TRUE(again.now);
    EXPECT_EQ(again.reason, "a \"reason\"");
  }
}

TEST(control_message, the_rest_may_be_left_out) {
  auto request = read(R"({"command":"restart_claude","later":1})");
  EXPECT_FALSE(request.now);
  EXPECT_EQ(request.reason, "");
}

TEST(control_message, what_is_no_request_is_told_why) {
  EXPECT_EQ(control_fault_of("status"), "not a JSON object");
  EXPECT_EQ(control_fault_of(""), "not a JSON object");
  EXPECT_EQ(control_fault_of("[]"), "not a JSON object");
  EXPECT_EQ(control_fault_of(R"({"command":"status")"), "not a JSON object");
  EXPECT_EQ(control_fault_of("{\"command\":\"\xff\"}"), "not a JSON object");
  EXPECT_EQ(control_fault_of("{}"), "the object has no \"command\", a string");
  EXPECT_EQ(control_fault_of(R"({"command":1})"),
            "the object has no \"command\", a string");
  EXPECT_EQ(control_fault_of(R"({"command":"reboot"})"),
            "unknown command; there are status, stop, restart_claude, "
            "interrupt, trace");
  EXPECT_EQ(control_fault_of(R"({"command":"restart_claude","now":1})"),
            "\"now\" is neither true nor false");
  EXPECT_EQ(control_fault_of(R"({"command":"restart_claude","reason":1})"),
            "\"reason\" is not a string");
}

TEST(control_message, which_events_are_wanted_is_read_back) {
  trace_wish wish{"a prompt", {"host_line", "child_input"}, {"control"}, 7};
  auto again
    = read(control_request_text({control_command::trace, false, {}, wish}));
  EXPECT_EQ(again.command, control_command::trace);
  EXPECT_EQ(again.trace.prompt, "a prompt");
  EXPECT_EQ(again.trace.types, wish.types);
  EXPECT_EQ(again.trace.actors, wish.actors);
  EXPECT_EQ(again.trace.past, 7u);
  EXPECT_EQ(control_fault_of(R"({"command":"trace","prompt":1})"),
            "\"prompt\" is not a string");
  EXPECT_EQ(control_fault_of(R"({"command":"trace","types":"host_line"})"),
            "\"types\" is not a list of strings");
  EXPECT_EQ(control_fault_of(R"({"command":"trace","actors":[1]})"),
            "\"actors\" is not a list of strings");
  EXPECT_EQ(control_fault_of(R"({"command":"trace","past":-1})"),
            "\"past\" is not a number of events");
}

TEST(control_message, deep_nesting_is_survived) {
  std::string line = R"({"command":"status","x":)" + std::string(2000, '[');
  EXPECT_EQ(control_fault_of(line), "not a JSON object");
}

TEST(control_message, answers_are_read_back) {
  EXPECT_TRUE(read_control_answer(control_done()).ok);
  auto failed = read_control_answer(control_failed("no"));
  EXPECT_FALSE(failed.ok);
  EXPECT_EQ(failed.error, "no");
  EXPECT_EQ(read_control_answer(control_stopping(9'750ms)).at_most, 9'750ms);
  EXPECT_EQ(
    read_control_answer(control_status_answer(R"({"state":"ready"})")).document,
    R"({"state":"ready"})");
}

TEST(control_message, an_answer_is_valid_whatever_it_tells) {
  auto line = control_failed("bytes \xff\n\x01");
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_TRUE(nlohmann::json::accept(line)) << line;
}

TEST(control_message, what_is_no_answer_is_an_error) {
  for (auto line : {"", "{}", "[1]", R"({"ok":1})", "hello"}) {
    auto answer = read_control_answer(line);
    EXPECT_FALSE(answer.ok);
    EXPECT_NE(answer.error, "");
  }
}

} // namespace container_agent::test
