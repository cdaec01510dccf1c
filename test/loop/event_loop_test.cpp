#include "main/loop/event_loop.hpp"

#include "test/loop/loop_fixture.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <csignal>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

namespace container_agent::test {

namespace {

using namespace std::chrono_literals;
using runtime::event_loop;

class event_loop_test : public loop_fixture {};

TEST_F(event_loop_test, jobs_run_in_the_order_of_their_posting) {
  std::vector<int> ran;
  for (int i = 0; i < 1000; ++i)
    loop.post([&ran, i] { ran.push_back(i); });
  EXPECT_TRUE(ran.empty());
  EXPECT_EQ(loop.run_ready(), 1000u);
  std::vector<int> expected(1000);
  for (int i = 0; i < 1000; ++i)
    expected[static_cast<std::size_t>(i)] = i;
  EXPECT_EQ(ran, expected);
}

TEST_F(event_loop_test, a_job_that_a_job_posts_runs_after_those_before_it) {
  std::string ran;
  loop.post([&] {
    ran += 'a';
    loop.post([&] { ran += 'c'; });
  });
  loop.post([&] { ran += 'b'; });
  loop.run_ready();
  EXPECT_EQ(ran, "abc");
}

TEST_F(event_loop_test, no_more_jobs_run_than_were_asked_for) {
  int ran = 0;
  for (int i = 0; i < 5; ++i)
    loop.post([&ran] { ++ran; });
  EXPECT_EQ(loop.run_jobs(3), 3u);
  EXPECT_EQ(ran, 3);
  EXPECT_TRUE(loop.has_jobs());
  EXPECT_EQ(loop.run_jobs(3), 2u);
  EXPECT_FALSE(loop.has_jobs());
}

TEST_F(event_loop_test, a_run_that_is_done_at_once_runs_nothing) {
  bool ran = false;
  loop.post([&ran] { ran = true; });
  EXPECT_TRUE(loop.run_until([] { return true; }));
  EXPECT_FALSE(ran);
}

TEST_F(event_loop_test, a_run_ends_when_nothing_can_happen_any_more) {
  bool ran = false;
  loop.post([&ran] { ran = true; });
  EXPECT_FALSE(loop.run_until([] { return false; }));
  EXPECT_TRUE(ran);
}

TEST_F(event_loop_test, it_runs_again_after_it_had_nothing_to_do) {
  EXPECT_FALSE(loop.run_until([] { return false; }));
  bool fired = false;
  boost::asio::steady_timer timer{loop.io(), 1ms};
  timer.async_wait([&fired](auto) { fired = true; });
  EXPECT_TRUE(run_until([&fired] { return fired; }));
}

TEST_F(event_loop_test, a_run_gives_up_at_its_limit) {
  boost::asio::steady_timer timer{loop.io(), 1h};
  timer.async_wait([](auto) {});
  EXPECT_FALSE(loop.run_until([] { return false; }, 1ms));
}

TEST_F(event_loop_test, jobs_that_never_end_leave_the_reactor_its_turn) {
  std::function<void()> again = [&] { loop.post(again); };
  again();
  bool fired = false;
  boost::asio::steady_timer timer{loop.io(), 1ms};
  timer.async_wait([&fired](auto) { fired = true; });
  EXPECT_TRUE(run_until([&fired] { return fired; }));
}

TEST_F(event_loop_test, handlers_that_never_end_leave_the_jobs_their_turn) {
  std::function<void()> again = [&] { boost::asio::post(loop.io(), again); };
  again();
  int ran = 0;
  std::function<void()> job = [&] {
    ++ran;
    loop.post(job);
  };
  job();
  EXPECT_TRUE(run_until([&ran] { return ran > 1000; }));
}

TEST_F(event_loop_test, what_a_job_throws_comes_out_and_the_rest_stays) {
  bool ran = false;
  loop.post([] { throw std::runtime_error{"boom"}; });
  loop.post([&ran] { ran = true; });
  EXPECT_THROW(loop.run_until([] { return false; }), std::runtime_error);
  EXPECT_FALSE(ran);
  loop.run_ready();
  EXPECT_TRUE(ran);
}

TEST_F(event_loop_test, what_a_handler_throws_comes_out) {
  boost::asio::post(loop.io(), [] { throw std::runtime_error{"boom"}; });
  EXPECT_THROW(loop.run_until([] { return false; }), std::runtime_error);
}

TEST_F(event_loop_test, the_thread_sleeps_once_while_nothing_happens) {
  // Not asserted: how long it takes. Only that nobody woke up meanwhile.
  auto before = times_slept();
  EXPECT_FALSE(loop.run_until([] { return false; }, 1s));
  EXPECT_EQ(times_slept() - before, 1);
}

TEST_F(event_loop_test, idle_work_waits_until_there_are_no_jobs) {
  std::string ran;
  loop.when_idle([&] { ran += 'z'; });
  loop.post([&] {
    ran += 'a';
    loop.post([&] { ran += 'b'; });
  });
  EXPECT_TRUE(run_until([&] { return ran.find('z') != std::string::npos; }));
  EXPECT_EQ(ran, "abz");
}

TEST_F(event_loop_test, idle_work_is_done_before_the_thread_sleeps) {
  bool ran = false;
  loop.when_idle([&ran] { ran = true; });
  EXPECT_FALSE(loop.run_until([] { return false; }));
  EXPECT_TRUE(ran);
}

TEST_F(event_loop_test, idle_work_may_cause_jobs_and_more_of_its_kind) {
  std::string ran;
  loop.when_idle([&] {
    ran += '1';
    loop.when_idle([&] { ran += '3'; });
    loop.post([&] { ran += '2'; });
  });
  loop.run_ready();
  EXPECT_EQ(ran, "123");
}

TEST_F(event_loop_test, what_comes_waits_for_one_piece_of_idle_work) {
  std::string ran;
  loop.when_idle([&] {
    ran += '1';
    boost::asio::post(loop.io(), [&] { ran += '2'; });
  });
  loop.when_idle([&] { ran += '3'; });
  EXPECT_TRUE(run_until([&] { return ran.size() == 3; }));
  EXPECT_EQ(ran, "123");
}

TEST_F(event_loop_test, waits_begin_after_the_jobs_and_before_the_reactor) {
  std::string ran;
  boost::asio::post(loop.io(), [&] { ran += 'c'; });
  loop.before_waiting([&] { ran += 'b'; });
  loop.post([&] { ran += 'a'; });
  EXPECT_TRUE(run_until([&] { return ran.size() == 3; }));
  EXPECT_EQ(ran, "abc");
}

// Else a loop that is busy all the time would not notice anything.
TEST_F(event_loop_test, waits_begin_though_there_is_always_a_job) {
  bool begun = false;
  loop.before_waiting([&] { begun = true; });
  int jobs = 0;
  std::function<void()> again = [&] {
    ++jobs;
    loop.post(again);
  };
  loop.post(again);
  EXPECT_TRUE(run_until([&] { return begun; }));
  EXPECT_GT(jobs, 0);
  again = [] {};
}

TEST(event_loop_death_test, another_threads_call_ends_the_program) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_DEATH(
    {
      event_loop loop;
      std::thread{[&loop] { loop.post([] {}); }}.join();
    },
    "get_id\\(\\) == thread_");
}

// Calls `check` in a process of its own, which has called `spoil` first.
bool holds_in_a_fork(void (*spoil)(), bool (*check)()) {
  auto pid = ::fork();
  if (pid == 0) {
    spoil();
    runtime::prepare_process();
    ::_exit(check() ? 0 : 1);
  }
  int status = -1;
  ::waitpid(pid, &status, 0);
  return status == 0;
}

TEST(prepare_process_test, standard_descriptors_that_are_missing_are_opened) {
  EXPECT_TRUE(holds_in_a_fork(
    [] {
      ::close(0);
      ::close(2);
    },
    [] {
      auto next = ::open("/dev/null", O_RDONLY);
      return next > 2 && ::fcntl(0, F_GETFD) >= 0 && ::fcntl(2, F_GETFD) >= 0;
    }));
}

TEST(prepare_process_test, a_write_without_reader_does_not_kill) {
  EXPECT_TRUE(holds_in_a_fork([] { std::signal(SIGPIPE, SIG_DFL); },
                              [] {
                                auto pipe = make_pipe();
                                pipe.reader.reset();
                                return ::write(pipe.writer.get(), "x", 1) == -1
                                       && errno == EPIPE;
                              }));
}

TEST(prepare_process_test, a_file_that_may_not_grow_does_not_kill) {
  EXPECT_TRUE(
    holds_in_a_fork([] { std::signal(SIGXFSZ, SIG_DFL); },
                    [] {
                      rlimit none{0, 0};
                      ::setrlimit(RLIMIT_FSIZE, &none);
                      auto file = ::open("/tmp", O_TMPFILE | O_RDWR, 0600);
                      return ::write(file, "x", 1) == -1 && errno == EFBIG;
                    }));
}

TEST(prepare_process_test, the_end_of_children_can_be_learnt) {
  EXPECT_TRUE(holds_in_a_fork([] { std::signal(SIGCHLD, SIG_IGN); },
                              [] {
                                auto child = ::fork();
                                if (child == 0)
                                  ::_exit(7);
                                int status = 0;
                                return ::waitpid(child, &status, 0) == child
                                       && WEXITSTATUS(status) == 7;
                              }));
}

TEST(prepare_process_test, no_descriptor_is_left_behind) {
  auto before = open_descriptors();
  runtime::prepare_process();
  EXPECT_EQ(open_descriptors(), before);
}

} // namespace

} // namespace container_agent::test
