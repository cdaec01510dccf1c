#include "main/fifo/fifo_input.hpp"

#include "actors/core/loggers.hpp"
#include "main/fifo/pipe_info.hpp"
#include "main/loop/fd.hpp"
#include "main/loop/stream_descriptor.hpp"
#include "main/loop/system_call.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstdint>
#include <utility>

namespace container_agent::runtime {

// Shared with pending handlers and jobs, which may outlive the input.
struct fifo_input::state : std::enable_shared_from_this<state> {
  event_loop& loop;
  event_log& log;
  fifo_path place;
  storage::log& into;
  file_watch::subscription subscription;
  stream_descriptor fd;
  unique_fd keeper;
  handler on_result;
  std::error_code failure;
  std::uint64_t opened = 0;   // tells a wait on an earlier descriptor apart
  bool waiting = false;       // for readiness
  bool posted = false;        // a job is in the queue
  bool may_hold_data = false; // a read would probably not block
  bool report_end = false;
  bool heard = false;    // bytes came since the start or the last end
  bool hung_up = false;  // the descriptor has seen all writers leave
  bool fresh = false;    // opened by `arm`: may not see the first one leave
  bool stale = false;    // `fd` is not what `place` holds
  bool shared = false;   // another agent reads it, too
  bool lost = false;     // the path leads to nothing usable
  bool finished = false; // for good

  state(event_loop& l, event_log& g, fifo_path p, storage::log& i)
    : loop{l}, log{g}, place{std::move(p)}, into{i}, fd{l.io()} {}

  // -- descriptors ------------------------------------------------------------

  // Opens the FIFO of `place`, replacing an open one.
  std::error_code open() {
    unique_fd reader = place.open(O_RDONLY);
    if (!reader)
      return last_error();
    unique_fd writer = place.open(O_WRONLY);
    if (!writer)
      return last_error();
    if (auto error = use(std::move(reader)))
      return error;
    keeper = std::move(writer);
    heard = false;
    hung_up = false;
    fresh = false;
    stale = false;
    lost = false;
    return {};
  }

  bool moved() const { return stale || lost; }

  std::error_code use(unique_fd reader) {
    close();
    boost::system::error_code error;
    fd.assign(reader.get(), error);
    if (!error)
      (void)reader.release();
    shared = !error && !lock(fd.native_handle());
    return error;
  }

  // A second lock, in case the lock file is removed. It is on the reading
  // descriptor, so no other one hides the FIFO's end. On a file system without
  // such locks it is left out.
  static bool lock(int reader) {
    return ::flock(reader, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
  }

  void close() {
    close_quietly(fd);
    ++opened;
    waiting = false;
    may_hold_data = false;
  }

  // Called before a wait: makes the end visible, or hides it.
  std::error_code arm() {
    if (moved() || (keeper && !report_end))
      return {};
    if (keeper && heard) {
      // A writer was there, so if none is left, this is the end.
      keeper.reset();
      return {};
    }
    if (report_end && (keeper || hung_up)) {
      // The next end must be that of a future writer. Linux shows no hang-up on
      // a descriptor opened while there is no writer, until one has come. The
      // old descriptor would count the keeper and earlier writers.
      keeper.reset();
      hung_up = true; // stays so if opening fails
      unique_fd reader = place.open(O_RDONLY);
      if (!reader)
        return last_error();
      hung_up = false;
      fresh = true;
      return use(std::move(reader));
    }
    if (hung_up) {
      keeper = place.open(O_WRONLY);
      if (!keeper)
        return last_error();
      hung_up = false;
    }
    return {};
  }

  // -- moving -----------------------------------------------------------------

  void start() {
    if (waiting || posted || !on_result || finished)
      return;
    if (fd.is_open() && !may_hold_data && !moved() && !failure)
      wait();
    else
      attempt_later();
  }

  void attempt_later() {
    posted = true;
    loop.post([self = shared_from_this()] {
      self->posted = false;
      self->attempt();
    });
  }

  void wait() {
    if (auto error = arm()) {
      failure = error;
      attempt_later();
      return;
    }
    waiting = true;
    loop.before_waiting([self = shared_from_this(), id = opened] {
      if (self->opened == id)
        self->begin_wait();
    });
  }

  void begin_wait() {
    fd.async_wait(stream_descriptor::wait_read,
                  [self = shared_from_this(), id = opened](auto error) {
                    if (self->opened == id)
                      self->on_ready(error);
                  });
  }

  void on_ready(boost::system::error_code error) {
    waiting = false;
    if (error)
      failure = error;
    may_hold_data = true;
    attempt();
  }

  void attempt() {
    if (!on_result || finished)
      return;
    if (failure) {
      deliver({0, false, std::exchange(failure, {})});
      return;
    }
    if (!fd.is_open()) {
      go_over();
      return;
    }
    auto count = move_some(read_size);
    if (count > 0) {
      // A FIFO gives all it has, so a short read has emptied it.
      auto size = static_cast<std::size_t>(count);
      may_hold_data = size == read_size || fresh;
      heard = true;
      deliver({size, false, {}});
    } else if (count < 0 && errno != EAGAIN) {
      deliver({0, false, last_error()});
    } else if (moved()) {
      go_over();
    } else {
      found_nothing(count == 0);
    }
  }

  ssize_t move_some(std::size_t most) {
    return without_interruption(
      [&] { return into.take_from(fd.native_handle(), most); });
  }

  void found_nothing(bool all_writers_left) {
    may_hold_data = false;
    fresh = false;
    hung_up = hung_up || all_writers_left;
    if (all_writers_left && report_end) {
      heard = false;
      deliver({0, true, {}});
    } else {
      start();
    }
  }

  // Must come last on every path: the handler may close or destroy this object.
  void deliver(const result& found) {
    auto call = std::exchange(on_result, nullptr);
    call(found);
  }

  // -- another FIFO at the path -----------------------------------------------

  void look_at_path() {
    if (finished)
      return;
    auto found = place.refresh(log, loggers::pipe_input);
    stale = stale || found == fifo_path::change::replaced;
    lost = found == fifo_path::change::unusable;
    // The wait may not notice bytes in the old FIFO, because its end is hidden.
    if ((moved() || !fd.is_open()) && on_result && !posted)
      attempt_later();
  }

  void go_over() {
    auto line_is_cut = report_end && heard;
    heard = false;
    if (lost) {
      // Already logged. The next change of the path leads here again.
      close();
      keeper.reset();
    } else if (auto error = open()) {
      log.write(log_level::error, loggers::pipe_input, "fifo_not_opened",
                {{"path", place.path()}, {"error", error.message()}});
      failure = error;
    }
    if (line_is_cut)
      deliver({0, true, {}});
    else if (failure || fd.is_open())
      start();
  }

  // -- the end of the agent ---------------------------------------------------

  void finish(bool keep_fifo, bool keep_rest) {
    if (std::exchange(finished, true))
      return;
    on_result = nullptr;
    subscription.reset();
    if (!keep_fifo)
      place.remove(log, loggers::pipe_input);
    if (fd.is_open())
      leave_rest(keep_rest);
    close();
    keeper.reset();
  }

  void leave_rest(bool keep) {
    if (keep)
      if (auto error = take_rest()) {
        auto trouble = into.trouble();
        log.write(log_level::error, loggers::pipe_input, "input_not_kept",
                  {{"path", place.path()},
                   {"error", trouble.empty() ? error.message() : trouble}});
      }
    if (auto unread = unread_bytes(fd.native_handle()); unread > 0)
      log.write(
        log_level::warn, loggers::pipe_input, "input_left_unread",
        {{"path", place.path()}, {"bytes_in_fifo", std::uint64_t{unread}}});
  }

  std::error_code take_rest() {
    for (std::size_t taken = 0; taken < max_rest;) {
      auto count = move_some(max_rest - taken);
      if (count <= 0)
        return count < 0 && errno != EAGAIN ? last_error() : std::error_code{};
      taken += static_cast<std::size_t>(count);
    }
    return {};
  }
};

fifo_input::fifo_input(event_loop& loop, file_watch& watch, event_log& log,
                       fifo_path place, storage::log& into)
  : state_{std::make_shared<state>(loop, log, std::move(place), into)} {
  state_->place.prepare(state_->log, loggers::pipe_input);
  std::weak_ptr<state> weak{state_};
  auto look = [weak] {
    if (auto self = weak.lock())
      self->look_at_path();
  };
  state_->subscription
    = watch.watch_path(state_->place.path(), look, state_->place.lock_path());
  if (auto error = state_->open())
    throw fifo_error{"cannot open " + state_->place.path() + ": "
                     + error.message()};
  if (state_->shared)
    throw fifo_in_use{"cannot use " + state_->place.path()
                      + " as a pipe: another agent reads it, whose lock file "
                        "was removed. Stop it, or choose another --instance "
                        "or --pipe-dir."};
}

fifo_input::~fifo_input() {
  finish(true, false);
}

void fifo_input::move(handler on_result) {
  state_->on_result = std::move(on_result);
  state_->start();
}

// A pending wait stays: it costs nothing, and the next move uses it.
void fifo_input::cancel() {
  state_->on_result = nullptr;
}

void fifo_input::report_end(bool on) {
  if (std::exchange(state_->report_end, on) == on || !state_->waiting)
    return;
  // `arm` may replace the descriptor that the pending wait is on.
  if (auto error = state_->arm())
    state_->failure = error;
  if (state_->failure || !state_->waiting)
    state_->start();
}

std::size_t fifo_input::unread() const {
  auto& fd = state_->fd;
  return fd.is_open() ? unread_bytes(fd.native_handle()) : 0;
}

void fifo_input::finish(bool keep_fifo, bool keep_rest) {
  state_->finish(keep_fifo, keep_rest);
}

} // namespace container_agent::runtime
