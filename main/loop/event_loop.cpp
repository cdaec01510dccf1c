#include "main/loop/event_loop.hpp"

#include "messages/agent_assert.hpp"

#include <boost/asio/steady_timer.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <system_error>
#include <utility>

namespace container_agent::runtime {

namespace {

// The scheduler and the reactor take no locks, and handlers posted by this
// thread never write to the reactor's eventfd.
constexpr int no_locks = BOOST_ASIO_CONCURRENCY_HINT_UNSAFE;

} // namespace

event_loop::event_loop()
  : io_{no_locks},
    thread_{std::this_thread::get_id()},
    read_buffer_{new char[read_size]} { // not zeroed, so pages come with use
  prepare_process();
}

event_loop::~event_loop() = default;

void event_loop::post(job work) {
  require_own_thread();
  queued_.push_back(std::move(work));
}

void event_loop::when_idle(job work) {
  require_own_thread();
  idle_.push_back(std::move(work));
}

void event_loop::before_waiting(job work) {
  require_own_thread();
  waits_.push_back(std::move(work));
}

void event_loop::begin_waits() {
  for (auto& begin : waits_)
    begin();
  waits_.clear();
}

bool event_loop::run_idle() {
  if (idle_.empty())
    return false;
  job work{std::move(idle_.front())};
  idle_.pop_front();
  work();
  return true;
}

std::size_t event_loop::run_jobs(std::size_t limit) {
  require_own_thread();
  std::size_t count = 0;
  while (count < limit && has_jobs()) {
    if (next_ == current_.size()) {
      current_.clear();
      next_ = 0;
      std::swap(current_, queued_);
    }
    ++count;
    // Move it out and count it first: a job may throw, or run jobs itself.
    job work{std::move(current_[next_++])};
    work();
  }
  return count;
}

bool event_loop::run_until(const std::function<bool()>& done) {
  require_own_thread();
  while (!done()) {
    // Asio stops a context that has no work; there may be new work by now.
    io_.restart();
    if (!has_jobs()) {
      begin_waits();
      if (!idle_.empty()) {
        if (io_.poll_one() == 0)
          run_idle();
      } else if (io_.run_one() == 0) {
        return false;
      }
      continue;
    }
    run_jobs(max_jobs_in_a_row);
    if (has_jobs()) {
      begin_waits();
      io_.poll_one();
    }
  }
  return true;
}

bool event_loop::run_until(const std::function<bool()>& done,
                           std::chrono::steady_clock::duration limit) {
  bool passed = false;
  boost::asio::steady_timer timer{io_, limit};
  timer.async_wait([&passed](boost::system::error_code error) {
    // If cancelled, the timer and `passed` may be gone.
    if (!error)
      passed = true;
  });
  run_until([&] { return passed || done(); });
  return done();
}

std::size_t event_loop::run_ready() {
  require_own_thread();
  std::size_t total = 0;
  for (;;) {
    auto count = run_jobs(max_jobs_in_a_row);
    io_.restart();
    begin_waits();
    count += io_.poll();
    if (count == 0 && !run_idle())
      return total;
    total += count;
  }
}

void event_loop::require_own_thread() const {
  AGENT_ASSERT(std::this_thread::get_id() == thread_);
}

void prepare_process() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  std::signal(SIGCHLD, SIG_DFL);
  // open(2) uses the lowest free number, so this fills 0 to 2 in order.
  int descriptor = 0;
  while (descriptor <= STDERR_FILENO) {
    descriptor = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (descriptor < 0)
      throw std::system_error{errno, std::generic_category(),
                              "cannot open /dev/null"};
  }
  ::close(descriptor);
}

} // namespace container_agent::runtime
