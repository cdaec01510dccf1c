#include "main/loop/scheduler.hpp"

#include "test/loop/loop_fixture.hpp"
#include "test/support/process_memory.hpp"

#include <caf/actor_ostream.hpp>
#include <caf/all.hpp>

#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <stdexcept>
#include <vector>

namespace container_agent::test {

namespace {

using namespace std::chrono_literals;

// CAF's own durations know no hours.
constexpr std::chrono::seconds an_hour{3600};

class scheduler_test : public actors_fixture {
public:
  // Keeps what it is sent; lives until it is told to end.
  caf::actor spawn_collector(std::vector<int>& into) {
    return system.spawn(
      [](caf::event_based_actor*, std::vector<int>* numbers) -> caf::behavior {
        return {[numbers](int number) { numbers->push_back(number); }};
      },
      &into);
  }

  // Answers with the double of what it is sent.
  caf::actor spawn_doubler() {
    return system.spawn(
      [](caf::event_based_actor*, int factor) -> caf::behavior {
        return {[factor](int number) { return number * factor; }};
      },
      2);
  }

  // Never answers: keeps each request as a promise.
  caf::actor spawn_silent() {
    using promises = std::vector<caf::response_promise>;
    return system.spawn(
      [](caf::event_based_actor* self,
         std::shared_ptr<promises> open) -> caf::behavior {
        return {[self, open](int) {
          open->push_back(self->make_response_promise());
        }};
      },
      std::make_shared<promises>());
  }

  void end(const caf::actor& actor) {
    caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  }
};

TEST_F(scheduler_test, a_message_goes_to_another_actor_and_its_answer_back) {
  auto doubler = spawn_doubler();
  int answer = 0;
  system.spawn(
    [&](caf::event_based_actor* self, int number) {
      self->request(doubler, caf::infinite, number).then([&](int doubled) {
        answer = doubled;
      });
    },
    21);
  EXPECT_TRUE(run_until([&] { return answer != 0; }));
  EXPECT_EQ(answer, 42);
  end(doubler);
}

TEST_F(scheduler_test, nothing_runs_from_within_a_send) {
  std::vector<int> got;
  auto collector = spawn_collector(got);
  loop.run_ready();
  caf::anon_send(collector, 1);
  EXPECT_TRUE(got.empty());
  loop.run_ready();
  EXPECT_EQ(got, std::vector<int>{1});
  end(collector);
}

TEST_F(scheduler_test, thousands_of_messages_arrive_in_order) {
  constexpr int count = 20'000;
  std::vector<int> got;
  auto collector = spawn_collector(got);
  system.spawn(
    [&](caf::event_based_actor* self, int n) {
      for (int i = 0; i < n; ++i)
        self->send(collector, i);
    },
    count);
  EXPECT_TRUE(run_until([&] { return got.size() == count; }));
  for (int i = 0; i < count; ++i)
    ASSERT_EQ(got[static_cast<std::size_t>(i)], i);
  end(collector);
}

TEST_F(scheduler_test, an_actor_that_never_rests_leaves_the_others_their_turn) {
  auto restless = system.spawn(
    [](caf::event_based_actor* self, int first) -> caf::behavior {
      self->send(self, first);
      return {[self](int number) { self->send(self, number + 1); }};
    },
    0);
  std::vector<int> got;
  auto collector = spawn_collector(got);
  caf::anon_send(collector, 1);
  bool fired = false;
  boost::asio::steady_timer timer{loop.io(), 1ms};
  timer.async_wait([&fired](auto) { fired = true; });
  EXPECT_TRUE(run_until([&] { return fired && !got.empty(); }));
  end(restless);
  end(collector);
}

TEST_F(scheduler_test, delayed_messages_arrive_in_the_order_of_their_times) {
  std::vector<int> got;
  auto collector = spawn_collector(got);
  // Times of one beginning: a busy machine may take longer between two sends
  // than lies between two delays.
  auto begin = system.clock().now();
  auto schedule = [&](std::chrono::milliseconds delay, int number) {
    system.clock().schedule_message(
      begin + delay, caf::actor_cast<caf::strong_actor_ptr>(collector),
      caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, number));
  };
  schedule(30ms, 3);
  schedule(10ms, 1);
  schedule(20ms, 2);
  caf::anon_send(collector, 0);
  EXPECT_TRUE(run_until([&] { return got.size() == 4; }));
  EXPECT_EQ(got, (std::vector<int>{0, 1, 2, 3}));
  end(collector);
}

TEST_F(scheduler_test, a_time_before_all_others_takes_the_timer_over) {
  std::vector<int> got;
  auto collector = spawn_collector(got);
  caf::delayed_anon_send(collector, an_hour, 2);
  loop.run_ready();
  caf::delayed_anon_send(collector, 1ms, 1);
  EXPECT_TRUE(run_until([&] { return !got.empty(); }));
  EXPECT_EQ(got, std::vector<int>{1});
  end(collector);
}

TEST_F(scheduler_test, a_delayed_message_is_not_early) {
  using clock = std::chrono::steady_clock;
  std::vector<int> got;
  auto collector = spawn_collector(got);
  auto start = clock::now();
  caf::delayed_anon_send(collector, 20ms, 1);
  EXPECT_TRUE(run_until([&] { return !got.empty(); }));
  EXPECT_GE(clock::now() - start, 20ms);
  end(collector);
}

TEST_F(scheduler_test, a_request_that_nobody_answers_times_out) {
  auto silent = spawn_silent();
  caf::error seen;
  system.spawn(
    [&](caf::event_based_actor* self, int number) {
      self->request(silent, 5ms, number)
        .then([](int) { ADD_FAILURE() << "an answer"; },
              [&](caf::error& error) { seen = std::move(error); });
    },
    1);
  EXPECT_TRUE(run_until([&] { return bool{seen}; }));
  EXPECT_EQ(seen, caf::sec::request_timeout);
  end(silent);
}

TEST_F(scheduler_test, an_idle_actors_own_timeout_comes_again_and_again) {
  int times = 0;
  auto idle = system.spawn(
    [](caf::event_based_actor*, int* count) -> caf::behavior {
      return {[](int) {}, caf::after(1ms) >> [count] { ++*count; }};
    },
    &times);
  EXPECT_TRUE(run_until([&] { return times == 3; }));
  end(idle);
}

TEST_F(scheduler_test, the_timeout_of_an_answered_request_holds_nobody_up) {
  auto doubler = spawn_doubler();
  int answer = 0;
  system.spawn(
    [&](caf::event_based_actor* self, int number) {
      self->request(doubler, an_hour, number).then([&](int doubled) {
        answer = doubled;
      });
    },
    1);
  EXPECT_TRUE(run_until([&] { return answer == 2; }));
  end(doubler);
  // The fixture's end would wait for the hour, or LeakSanitizer complain.
}

TEST_F(scheduler_test, delayed_messages_under_way_hold_nobody_up) {
  std::vector<int> got;
  auto collector = spawn_collector(got);
  for (int i = 0; i < 100; ++i)
    caf::delayed_anon_send(collector, an_hour, i);
  loop.run_ready();
  end(collector);
  EXPECT_TRUE(runtime::run_until_all_ended(system, loop, default_patience));
  EXPECT_TRUE(got.empty());
}

TEST_F(scheduler_test, a_throw_ends_its_actor_and_no_other) {
  std::vector<int> got;
  auto collector = spawn_collector(got);
  auto thrower = system.spawn(
    [](caf::event_based_actor*, const char* what) -> caf::behavior {
      return {[what](int) { throw std::runtime_error{what}; }};
    },
    "boom");
  caf::error reason;
  system.spawn(
    [&](caf::event_based_actor* self, caf::actor watched) {
      self->monitor(watched);
      self->set_down_handler([&, self](caf::down_msg& down) {
        reason = std::move(down.reason);
        self->quit();
      });
      self->send(watched, 1);
      return caf::behavior{[](int) {}};
    },
    thrower);
  EXPECT_TRUE(run_until([&] { return bool{reason}; }));
  EXPECT_EQ(reason, caf::sec::runtime_error);
  caf::anon_send(collector, 1);
  EXPECT_TRUE(run_until([&] { return !got.empty(); }));
  end(collector);
}

TEST_F(scheduler_test, what_nobody_handles_is_told_on_stderr) {
  std::vector<int> got;
  auto collector = spawn_collector(got);
  testing::internal::CaptureStderr();
  caf::anon_send(collector, std::string{"not a number"});
  loop.run_ready();
  EXPECT_NE(testing::internal::GetCapturedStderr().find("unexpected message"),
            std::string::npos);
  end(collector);
}

TEST_F(scheduler_test, what_actors_print_is_on_stderr_at_once) {
  testing::internal::CaptureStderr();
  system.spawn([](caf::event_based_actor* self,
                  const char* text) { caf::aout(self) << text << std::flush; },
               "hello");
  loop.run_ready();
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "hello");
}

TEST_F(scheduler_test, a_scoped_actor_can_receive_what_the_loop_has_brought) {
  auto doubler = spawn_doubler();
  {
    caf::scoped_actor self{system};
    self->send(doubler, 4);
    EXPECT_TRUE(run_until([&] { return !self->mailbox().empty(); }));
    self->receive([](int doubled) { EXPECT_EQ(doubled, 8); });
  }
  end(doubler);
}

TEST_F(scheduler_test, there_is_no_second_thread) {
  auto doubler = spawn_doubler();
  auto silent = spawn_silent();
  bool timed_out = false;
  system.spawn(
    [&](caf::event_based_actor* self, int number) {
      caf::aout(self) << std::flush;
      self->delayed_send(doubler, 1ms, number);
      self->request(silent, 2ms, number)
        .then([](int) {}, [&](caf::error&) { timed_out = true; });
    },
    1);
  EXPECT_TRUE(run_until([&] { return timed_out; }));
  EXPECT_EQ(memory_of(::getpid()).threads, 1u);
  end(doubler);
  end(silent);
}

TEST_F(scheduler_test, the_thread_sleeps_once_while_all_actors_wait) {
  std::vector<int> got;
  auto collector = spawn_collector(got);
  caf::delayed_anon_send(collector, an_hour, 1);
  loop.run_ready();
  auto before = times_slept();
  EXPECT_FALSE(loop.run_until([] { return false; }, 1s));
  EXPECT_EQ(times_slept() - before, 1);
  end(collector);
}

TEST_F(scheduler_test, waiting_for_the_end_gives_up_at_its_limit) {
  std::vector<int> got;
  auto collector = spawn_collector(got);
  EXPECT_FALSE(runtime::run_until_all_ended(system, loop, 1ms));
  end(collector);
  EXPECT_TRUE(runtime::run_until_all_ended(system, loop, default_patience));
}

TEST(scheduler_life_test, a_system_may_go_while_actors_live_if_told_so) {
  runtime::event_loop loop;
  caf::actor_system_config config;
  runtime::install_scheduler(config, loop);
  caf::actor_system system{config};
  auto alive = std::make_shared<int>(0);
  std::weak_ptr<int> watch = alive;
  auto actor = system.spawn(
    [](caf::event_based_actor*, std::shared_ptr<int> kept) -> caf::behavior {
      return {[kept](int) {}};
    },
    std::move(alive));
  caf::delayed_anon_send(actor, an_hour, 1);
  EXPECT_FALSE(watch.expired());
  system.await_actors_before_shutdown(false);
  // The actor goes with its last handle, and that with the system's clock.
}

// CAF catches what handlers throw. What escapes nevertheless, from `on_exit`
// for example, leaves an actor that can't be destroyed, so here is a stand-in.
class throws_when_run : public caf::resumable {
public:
  subtype_t subtype() const override { return unspecified; }
  resume_result resume(caf::execution_unit*, size_t) override {
    throw std::runtime_error{"boom"};
  }
  void intrusive_ptr_add_ref_impl() override {}
  void intrusive_ptr_release_impl() override {}
};

TEST_F(scheduler_test, what_escapes_an_actor_comes_out_of_the_loop) {
  throws_when_run job;
  system.scheduler().enqueue(&job);
  EXPECT_THROW(loop.run_until([] { return false; }), std::runtime_error);
}

TEST(scheduler_life_test, systems_may_follow_each_other_on_one_loop) {
  runtime::event_loop loop;
  for (int i = 0; i < 3; ++i) {
    caf::actor_system_config config;
    runtime::install_scheduler(config, loop);
    caf::actor_system system{config};
    bool ran = false;
    system.spawn([](caf::event_based_actor*, bool* flag) { *flag = true; },
                 &ran);
    EXPECT_TRUE(runtime::run_until_all_ended(system, loop, default_patience));
    EXPECT_TRUE(ran);
  }
}

} // namespace

} // namespace container_agent::test
