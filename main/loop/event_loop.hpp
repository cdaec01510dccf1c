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

  /// Jobs run in a row before the reactor gets its turn, so that a chatty pair
  /// of actors can't keep a signal or a timer waiting: 64 messages take some
  /// 20 µs. Fewer would cost an epoll_wait(2) more often than it matters.
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

  /// Runs jobs and handlers until `done()` holds: asked at first, and then
  /// after each batch of jobs, before the thread would sleep. Returns false if
  /// `done()` can't become true any more: no job, no timer, no descriptor is
  /// left to wait for.
  ///
  /// An exception that escapes a job or a handler ends the run and is thrown
  /// on. That is fatal to the agent: actors may be left in the middle of
  /// something, so the caller reports it and leaves. (`~actor_system` would
  /// wait for ever for actors that still live; tell it not to by
  /// `await_actors_before_shutdown(false)`.)
  bool run_until(const std::function<bool()>& done);

  /// The same, but gives up after `limit`. Returns whether `done()` holds.
  bool run_until(const std::function<bool()>& done,
                 std::chrono::steady_clock::duration limit);

  /// Runs all that is ready, jobs and handlers, and whatever follows from
  /// them, without ever waiting. Returns how many there were.
  std::size_t run_ready();

  /// Runs at most `limit` jobs, no handlers. Returns how many.
  std::size_t run_jobs(std::size_t limit);

  /// Runs the first of what `when_idle` was given. Returns whether there was
  /// any.
  bool run_idle();

  /// `read_size` bytes for all readers together: what a read finds is handed
  /// on before the next read.
  std::span<char> read_buffer() { return {read_buffer_.get(), read_size}; }

  /// Appends work for when there is nothing else to do, before the thread
  /// sleeps. For what nobody waits for, such as writing the log. What comes
  /// meanwhile waits for one such job at most.
  void when_idle(job work);

  /// Appends work for just before the reactor looks for events: soon enough for
  /// a wait to begin, and after what nobody should wait for it with. (Each wait
  /// costs an epoll_ctl(2), a fifth of what passing a line on takes.)
  void before_waiting(job work);

  /// Ends the program unless called from the loop's own thread.
  void require_own_thread() const;

private:
  void begin_waits();

  boost::asio::io_context io_;
  std::thread::id thread_;
  // Two vectors in turns: jobs are appended to one while the other is worked
  // off, so the queue allocates nothing once it has reached its size.
  std::vector<job> current_;
  std::size_t next_ = 0;
  std::vector<job> queued_;
  std::deque<job> idle_;
  std::vector<job> waits_;
  std::unique_ptr<char[]> read_buffer_;
};

/// What the loop needs from the process, once and for all: SIGPIPE ignored (a
/// reader that went away shows as EPIPE), SIGXFSZ, too (a file that may not
/// grow any more shows as EFBIG), SIGCHLD at its default (were it inherited as
/// ignored, no child's end could be learnt), and descriptors 0 to 2 open (else
/// a pipe could get such a number, and be taken for stdout).
void prepare_process();

} // namespace container_agent::runtime
