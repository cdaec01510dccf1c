#include "main/loop/signals.hpp"

#include "test/loop/loop_fixture.hpp"

#include <csignal>
#include <stdexcept>
#include <vector>

namespace container_agent::test {

namespace {

class signals_test : public loop_fixture {
public:
  std::vector<int> terminations;
  int hangups = 0;

  runtime::signal_handlers handlers() {
    return {[this](int signal) { terminations.push_back(signal); },
            [this] { ++hangups; }};
  }
};

TEST_F(signals_test, each_signal_reaches_its_handler) {
  runtime::signals signals{loop, handlers()};
  std::raise(SIGTERM);
  EXPECT_TRUE(terminations.empty()); // only from the loop
  EXPECT_TRUE(run_until([this] { return terminations.size() == 1; }));
  std::raise(SIGINT);
  EXPECT_TRUE(run_until([this] { return terminations.size() == 2; }));
  EXPECT_EQ(hangups, 0);
  std::raise(SIGHUP);
  EXPECT_TRUE(run_until([this] { return hangups == 1; }));
  EXPECT_EQ(terminations, (std::vector<int>{SIGTERM, SIGINT}));
}

TEST_F(signals_test, the_same_signal_counts_each_time) {
  runtime::signals signals{loop, handlers()};
  for (std::size_t i = 1; i <= 3; ++i) {
    std::raise(SIGTERM);
    EXPECT_TRUE(run_until([&] { return terminations.size() == i; }));
  }
}

TEST_F(signals_test, signals_in_a_row_are_not_lost) {
  runtime::signals signals{loop, handlers()};
  std::raise(SIGTERM);
  std::raise(SIGTERM);
  std::raise(SIGHUP);
  loop.run_ready();
  EXPECT_EQ(terminations.size(), 2u);
  EXPECT_EQ(hangups, 1);
}

TEST_F(signals_test, a_signal_that_was_blocked_counts) {
  sigset_t term;
  ::sigemptyset(&term);
  ::sigaddset(&term, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &term, nullptr);
  runtime::signals signals{loop, handlers()};
  std::raise(SIGTERM);
  EXPECT_TRUE(run_until([this] { return terminations.size() == 1; }));
}

TEST_F(signals_test, a_signal_that_was_ignored_counts) {
  std::signal(SIGHUP, SIG_IGN);
  runtime::signals signals{loop, handlers()};
  std::raise(SIGHUP);
  EXPECT_TRUE(run_until([this] { return hangups == 1; }));
}

TEST_F(signals_test, handlers_may_be_missing) {
  runtime::signals signals{loop, {}};
  std::raise(SIGTERM);
  std::raise(SIGHUP);
  EXPECT_GT(loop.run_ready(), 0u);
}

TEST_F(signals_test, it_goes_on_after_a_handler_threw) {
  auto ours = handlers();
  ours.on_hangup = [] { throw std::runtime_error{"boom"}; };
  runtime::signals signals{loop, ours};
  std::raise(SIGHUP);
  EXPECT_THROW(loop.run_until([] { return false; }), std::runtime_error);
  std::raise(SIGTERM);
  EXPECT_TRUE(run_until([this] { return terminations.size() == 1; }));
}

TEST_F(signals_test, afterwards_the_default_is_back) {
  { runtime::signals signals{loop, handlers()}; }
  loop.run_ready();
  struct sigaction now {};
  ::sigaction(SIGTERM, nullptr, &now);
  EXPECT_EQ(now.sa_handler, SIG_DFL);
}

TEST_F(signals_test, the_thread_sleeps_once_while_no_signal_comes) {
  runtime::signals signals{loop, handlers()};
  loop.run_ready();
  auto before = times_slept();
  EXPECT_FALSE(
    loop.run_until([] { return false; }, std::chrono::milliseconds{200}));
  EXPECT_EQ(times_slept() - before, 1);
}

} // namespace

} // namespace container_agent::test
