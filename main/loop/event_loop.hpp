#pragma once

#include "actors/core/ports.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <thread>
#include <vector>

namespace container_agent::runtime {

/// The one loop of the one thread: Boost.Asio's reactor (descriptors, timers,
/// signals) and, beside it, a queue of jobs (actors that have messages,
/// notifications of ports).
///
/// Jobs do not go through the reactor. A job that an I/O handler caused runs
/// right after that handler, so a message costs no system call, and the thread
/// sleeps in epoll_wait(2) exactly when there is nothing to do.
///
/// Everything here, and every object on the loop, belongs to the thread that
/// made the loop; a call from another thread ends the program. In return
/// nothing takes a lock.
class event_loop {
public:
  using job = std::function<void()>;

  /// Jobs to run in a row before the reactor gets its turn, so that two actors
  /// that keep sending to each other can't delay a signal or a timer. 64
  /// messages take some 20 µs; fewer would cost more epoll_wait(2) calls for no
  /// benefit.
  static constexpr std::size_t max_jobs_in_a_row = 64;

  /// Also readies the process: see `prepare_process`.
  event_loop();
  event_loop(const event_loop&) = delete;
  event_loop& operator=(const event_loop&) = delete;
  ~event_loop();

  /// For Asio's own objects on this loop.
  boost::asio::io_context& io() { return io_; }

  /// Appends `work` to the queue. Never runs it from within this call. A
  /// lambda that captures two pointers costs no allocation.
  void post(job work);

  /// Whether jobs wait.
  bool has_jobs() const { return next_ < current_.size() || !queued_.empty(); }

  /// Runs jobs and handlers until `done()` holds. It is checked first, and then
  /// after each batch of jobs, before the thread would sleep. Returns false if
  /// `done()` can't become true any more, because no job, timer or descriptor
  /// is left.
  ///
  /// An exception that escapes a job or a handler ends the run and is rethrown.
  /// It is fatal to the agent: actors may be left in an inconsistent state, so
  /// the caller reports it and exits. (`~actor_system` would wait for ever for
  /// actors that still live, unless `await_actors_before_shutdown(false)` was
  /// called.)
  bool run_until(const std::function<bool()>& done);

  /// The same, but gives up after `limit`. Returns whether `done()` holds.
  bool run_until(const std::function<bool()>& done,
                 std::chrono::steady_clock::duration limit);

  /// Runs everything that is ready, jobs and handlers and whatever follows from
  /// them, without waiting. Returns their number.
  std::size_t run_ready();

  /// Runs at most `limit` jobs, no handlers. Returns how many.
  std::size_t run_jobs(std::size_t limit);

  /// Runs the first job of `when_idle`. Returns whether there was one.
  bool run_idle();

  /// `read_size` bytes that all readers share: a reader hands the bytes on
  /// before the next one reads.
  std::span<char> read_buffer() { return {read_buffer_.get(), read_size}; }

  /// Appends work for when there is nothing else to do, before the thread
  /// sleeps. For work that nobody waits for, such as writing the log. Other
  /// work is delayed by at most one such job.
  void when_idle(job work);

  /// Appends work for just before the reactor looks for events. That is early
  /// enough to begin a wait, and delays no job. (Each wait costs an
  /// epoll_ctl(2), a fifth of the cost of passing a line on.)
  void before_waiting(job work);

  /// Ends the program if called from another thread.
  void require_own_thread() const;

private:
  void begin_waits();

  boost::asio::io_context io_;
  std::thread::id thread_;
  // Two vectors take turns: jobs are appended to one while the other is being
  // run, so the queue allocates nothing once it has reached its size.
  std::vector<job> current_;
  std::size_t next_ = 0;
  std::vector<job> queued_;
  std::deque<job> idle_;
  std::vector<job> waits_;
  std::unique_ptr<char[]> read_buffer_;
};

/// Sets up the process for the loop. SIGPIPE is ignored (a reader that went
/// away shows as EPIPE), and so is SIGXFSZ (a file that may not grow shows as
/// EFBIG). SIGCHLD is at its default (inherited as ignored, it would hide every
/// child's end). Descriptors 0 to 2 are open (otherwise a pipe could get one of
/// these numbers and be taken for stdout).
void prepare_process();

} // namespace container_agent::runtime
