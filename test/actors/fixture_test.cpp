#include "test/support/actor_fixture.hpp"

#include <gtest/gtest-spi.h>

namespace container_agent::test {

namespace {

using namespace std::chrono_literals;

/// A coordinator that notes when its deadline of 200 ms has passed, and that
/// does not listen to orders to end, unless they come as `turn_drained`.
class stubborn : public shutdown_coordinator_actor::base {
public:
  stubborn(caf::actor_config& config, bool& passed)
    : shutdown_coordinator_actor::base{config}, passed_{passed} {}

  const char* name() const override { return "stubborn"; }

protected:
  shutdown_coordinator_actor::behavior_type make_behavior() override {
    set_exit_handler([](caf::exit_msg&) {});
    delayed_send(this, 200ms, deadline_passed{1});
    return {
      [](const begin_shutdown&) {},
      [this](const turn_drained&) { quit(); },
      [](const child_gone&) {},
      [](const output_flushed&) {},
      [this](const deadline_passed&) { passed_ = true; },
      [](const get_shutdown_status&) { return shutdown_status{}; },
      [](const peers_changed&) {},
    };
  }

private:
  bool& passed_;
};

/// A fixture within a test, to see it fail.
class inner_fixture : public actor_fixture {
public:
  void TestBody() override {}
};

class fixture : public actor_fixture {
public:
  bool passed = false;

  shutdown_coordinator_actor start() {
    auto actor = spawn<stubborn>(passed);
    settle();
    return actor;
  }
};

} // namespace

TEST_F(fixture, settling_takes_no_time) {
  auto actor = start();
  for (int i = 0; i < 100; ++i)
    settle();
  EXPECT_FALSE(passed);
  EXPECT_EQ(clock.time, fake_clock{}.time);
  tell(actor, turn_drained{});
}

TEST_F(fixture, a_delay_ends_exactly_on_time) {
  auto actor = start();
  advance(199ms);
  EXPECT_FALSE(passed);
  advance(1ms);
  EXPECT_TRUE(passed);
  EXPECT_EQ(clock.time, fake_clock{}.time + 200ms);
  tell(actor, turn_drained{});
}

TEST_F(fixture, an_end_is_known_with_its_reason) {
  auto actor = start();
  auto peer = make_probe(&peers_changed::pipe_output);
  EXPECT_TRUE(lives(actor));
  tell(actor, turn_drained{});
  kill(peer.handle());
  EXPECT_EQ(end_of(actor), caf::error{});
  EXPECT_EQ(end_of(peer.handle()), caf::error{caf::exit_reason::kill});
}

TEST(fixture_end, names_whoever_lives_on) {
  bool passed = false;
  inner_fixture inner;
  auto actor = inner.spawn<stubborn>(passed);
  EXPECT_NONFATAL_FAILURE(inner.TearDown(),
                          "1 actors live on after the test: stubborn");
  inner.tell(actor, turn_drained{});
  inner.settle();
}

TEST_F(fixture, a_probe_fails_the_test_if_nothing_came) {
  auto peer = make_probe(&peers_changed::pipe_output);
  tell(peer.handle(), flush_output{});
  settle();
  EXPECT_NONFATAL_FAILURE(peer.take<host_output_grew>(),
                          "no such message came to the probe, only: "
                          "flush_output");
  peer.take<flush_output>();
  EXPECT_TRUE(peer.empty());
}

} // namespace container_agent::test
