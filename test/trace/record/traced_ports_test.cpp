#include "main/trace/record/traced_ports.hpp"

#include "test/support/actor_ports.hpp"
#include "test/support/memory_log.hpp"

#include <gtest/gtest.h>

/// What the tracer is told of the bytes that pass.
namespace container_agent::test {

namespace {

using runtime::trace_port;

class traced_ends : public testing::Test {
public:
  port_events events;
  memory_log input;
  memory_log to_child;
  memory_log said;
  fake_inlet host_in{events, input};
  fake_child child{events, to_child, said};
  fake_host_outlet host_out{events, said};
  runtime::tracer tracer{{}};
  runtime::traced_ports ports{host_in, child, host_out, tracer};

  void run() {
    while (events.run_one())
      continue;
  }

  runtime::trace_counts::moved moved(trace_port port) {
    return tracer.counts().bytes[static_cast<std::size_t>(port)];
  }
};

} // namespace

TEST_F(traced_ends, tell_what_was_moved_in) {
  inlet::result last;
  ports.input.move([&](const auto& result) { last = result; });
  host_in.give("one\n");
  run();
  EXPECT_EQ(last.moved, 4u);
  EXPECT_EQ(moved(trace_port::host_input).in, 4u);
  ports.input.move([](const auto&) {});
  ports.input.report_end(true);
  host_in.end();
  run();
  EXPECT_EQ(moved(trace_port::host_input).in, 4u);
}

TEST_F(traced_ends, tell_what_goes_out_at_once_and_later) {
  int notified = 0;
  ports.output.on_moved([&] { ++notified; });
  said.put("one\ntwo\n");
  ports.output.let_go(4);
  EXPECT_EQ(moved(trace_port::host_output).out, 4u);
  host_out.hold();
  ports.output.let_go(8);
  EXPECT_EQ(moved(trace_port::host_output).out, 4u);
  host_out.resume();
  run();
  EXPECT_EQ(notified, 1);
  EXPECT_EQ(moved(trace_port::host_output).out, 8u);
}

TEST_F(traced_ends, do_not_tell_of_a_reply_that_was_dropped) {
  host_out.hold();
  said.put(std::string{"one\n"} + reply_end + "two\n" + reply_end);
  ports.output.let_go(10);
  EXPECT_EQ(ports.output.replies_known(), 2u);
  EXPECT_EQ(ports.output.drop_reply(), 4u);
  EXPECT_EQ(moved(trace_port::host_output).out, 0u);
  EXPECT_EQ(ports.output.replies_done(), 1u);
}

TEST_F(traced_ends, begin_at_the_position_of_each_child) {
  to_child.put("before\n");
  ports.process.launch({}, 7);
  to_child.put("one\n");
  ports.process.input().let_go(11);
  EXPECT_EQ(moved(trace_port::claude_stdin).out, 4u);
  child.exit(0);
  child.stands_at = 3;
  ports.process.launch({}, 11);
  ports.process.input().let_go(11);
  EXPECT_EQ(moved(trace_port::claude_stdin).out, 12u);
}

TEST_F(traced_ends, tell_what_the_child_says) {
  ports.process.launch({}, 0);
  ports.process.output().move([](const auto&) {});
  ports.process.error_output().read([](const auto&) {});
  child.say("out\n");
  child.complain("error\n");
  run();
  EXPECT_EQ(moved(trace_port::claude_stdout).in, 4u);
  EXPECT_EQ(moved(trace_port::claude_stderr).in, 6u);
}

} // namespace container_agent::test
