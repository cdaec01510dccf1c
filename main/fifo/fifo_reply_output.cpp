#include "main/fifo/fifo_reply_output.hpp"

#include "actors/core/loggers.hpp"
#include "main/fifo/fifo_reply_queue.hpp"
#include "main/fifo/fifo_writer.hpp"
#include "main/fifo/later_call.hpp"
#include "main/fifo/pipe_info.hpp"
#include "main/fifo/reader_events.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <system_error>
#include <utility>

namespace container_agent::runtime {

namespace {

enum class phase { idle, waiting, writing, leaving, lost };

} // namespace

// Three sources tell about readers; none of them can be missed or be stale:
// - whether there is one now: `has_reader`, while we are a writer;
// - that the last one has left: an error condition on `writer`;
// - that one came, read or closed: inotify. Only a read proves that a reader is
//   alive: the kernel reports a close a moment before it stops counting that
//   reader.
// Shared with pending handlers, which may outlive the output.
struct fifo_reply_output::state : std::enable_shared_from_this<state> {
  event_loop& loop;
  event_log& log;
  fifo_path place;
  file_watch::subscription path_subscription;
  reader_events readers;
  fifo_writer writer; // open in `waiting` and `writing`
  phase now = phase::idle;
  fifo_reply_queue replies;
  std::uint64_t limit = 0;
  bool moved = false; // there is another FIFO at the path
  std::function<void(std::uint64_t)> note;
  later_call changed;
  std::error_code failure;
  bool finished = false;

  state(event_loop& l, file_watch& w, event_log& g, fifo_path p,
        const stream_log& from, std::uint64_t position)
    : loop{l},
      log{g},
      place{std::move(p)},
      readers{w},
      writer{l},
      replies{from, position},
      changed{l} {}

  // -- the life of a reply ----------------------------------------------------

  void proceed() {
    if (failure || finished)
      return;
    try {
      if (auto dropped = replies.give(limit)) {
        log.write(log_level::warn, loggers::pipe_output, "reply_rest_dropped",
                  {{"path", place.path()}, {"bytes_dropped", *dropped}});
        tell_position();
      }
      while (!failure && !replies.empty() && step()) {}
    } catch (const std::system_error& error) { // the log can't be read
      fail(error.what(), error.code());
    }
  }

  // Returns false if the state waits for an event.
  bool step() {
    switch (now) {
      case phase::idle: return open();
      case phase::waiting: return meet_reader();
      case phase::writing: return write_some();
      case phase::leaving:
      case phase::lost: return false;
    }
    return false;
  }

  bool open() {
    // If a reader came while the one before was leaving, unread bytes of that
    // one are still there. Without a writer the new reader sleeps in open(2).
    auto reader = place.open(O_RDONLY);
    if (!reader)
      return fail("opening it for reading", last_error());
    if (auto rest = drain(reader.get()); rest > 0)
      log.write(
        log_level::warn, loggers::pipe_output, "reply_not_read",
        {{"path", place.path()}, {"bytes_dropped", std::uint64_t{rest}}});
    // We are a reader ourselves, so this can't fail for lack of one.
    auto opening = place.open(O_WRONLY);
    if (!opening)
      return fail("opening it for writing", last_error());
    if (auto error = writer.open(std::move(opening)))
      return fail("waiting for it", error);
    reader.reset();
    // `has_reader` covers what happened up to now, including our own calls.
    readers.collect();
    readers.forget();
    now = phase::waiting;
    return true;
  }

  bool meet_reader() {
    if (!has_reader(writer.get()))
      return false;
    now = phase::writing;
    wait_for_absence();
    return true;
  }

  bool write_some() {
    while (replies.left() > 0) {
      auto text = replies.next(loop.read_buffer());
      auto count = ::write(writer.get(), text.data(), text.size());
      if (count < 0 && errno == EINTR)
        continue;
      if (count < 0 && errno == EAGAIN) {
        writer.when_room(looks_at_reader());
        return false;
      }
      if (count < 0 && errno == EPIPE)
        return reader_gone();
      if (count < 0)
        return fail("writing", last_error());
      replies.consume(static_cast<std::uint64_t>(count));
    }
    if (!replies.ended() || unread_bytes(writer.get()) > 0)
      return false;
    pop();
    leave(close_writer());
    return true;
  }

  bool reader_gone() {
    if (unread_bytes(writer.get()) < replies.written()) {
      cut();
    } else if (moved) {
      take_back(); // the old FIFO gets no reader any more
      leave(close_writer());
    } else {
      now = phase::waiting; // the next reader gets the content
    }
    return true;
  }

  // Gives up the first reply, which has begun.
  void cut() {
    auto unread = unread_bytes(writer.get());
    auto present = close_writer();
    if (present)
      unread = 0; // it will still be read
    log.write(log_level::warn, loggers::pipe_output, "reply_cut",
              {{"path", place.path()},
               {"bytes_read", replies.written() - unread},
               {"bytes_dropped", replies.left() + unread}});
    pop();
    leave(present);
  }

  void pop() {
    replies.pop();
    tell_position();
  }

  // Gives the reader its EOF. Returns whether a reader still has to close its
  // end, which an event will report.
  bool close_writer() {
    readers.collect();
    auto present = !readers.left_since_read() && has_reader(writer.get());
    writer.close();
    readers.collect();
    return present && !readers.reader_changed();
  }

  void leave(bool reader_present) {
    now = reader_present ? phase::leaving : phase::idle;
    if (moved)
      go_over();
  }

  // -- waiting ----------------------------------------------------------------

  void wait_for_absence() { writer.when_abandoned(looks_at_reader()); }

  fifo_writer::handler looks_at_reader() {
    return [weak = weak_from_this()](std::error_code error) {
      if (auto self = weak.lock())
        self->look_at_reader(error);
    };
  }

  void look_at_reader(std::error_code error) {
    if (error)
      fail("waiting for it", error);
    else if (now == phase::writing && has_reader(writer.get()))
      wait_for_absence();
    else if (now == phase::writing)
      reader_gone();
    proceed();
  }

  void reader_event() {
    if (finished)
      return;
    // `close_writer` has handled the readers that left before our own end was
    // closed. The next reader may have come in the same batch. It may also have
    // come alone, if a reader that could write left together with our writer.
    if (now == phase::leaving
        && (readers.any_left() || readers.reader_changed()))
      now = phase::idle;
    proceed();
  }

  std::error_code watch_readers() {
    return readers.start(place.current_name(), [weak = weak_from_this()] {
      if (auto self = weak.lock())
        self->reader_event();
    });
  }

  // -- another FIFO at the path -----------------------------------------------

  void look_at_path() {
    if (finished || failure)
      return;
    auto found = place.refresh(log, loggers::pipe_output);
    if (found == fifo_path::change::none) {
      if (now == phase::lost)
        go_over();
    } else if (now == phase::writing) {
      moved = true; // the reader has the old one open
    } else {
      if (now == phase::waiting) {
        take_back();
        close_writer();
      }
      go_over();
    }
    proceed();
  }

  // Takes back the written and unread bytes of the first reply.
  void take_back() {
    if (replies.empty() || replies.written() == 0)
      return;
    unique_fd reader{::open(fifo_name(writer.get()).c_str(),
                            O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
    auto unread = reader ? drain(reader.get()) : unread_bytes(writer.get());
    replies.put_back(std::min<std::uint64_t>(unread, replies.written()));
  }

  // The old FIFO gets no reader any more, and a process that has it open gets
  // only EOF.
  void go_over() {
    moved = false;
    if (place.moved()) {
      now = phase::lost; // wait for the next change of the path
      return;
    }
    now = phase::idle;
    if (auto error = watch_readers())
      fail("watching it", error);
  }

  // -- ends -------------------------------------------------------------------

  std::size_t drop_reply() {
    if (replies.empty())
      return 0;
    auto left = static_cast<std::size_t>(replies.left());
    auto holds_writer = now == phase::waiting || now == phase::writing;
    if (holds_writer && replies.written() > 0) {
      cut();
    } else {
      pop();
      if (holds_writer && replies.empty())
        leave(close_writer());
    }
    proceed();
    return left;
  }

  // Returns false, for `step`: there is no further step.
  bool fail(std::string_view what, std::error_code error) {
    log.write(
      log_level::error, loggers::pipe_output, "output_failed",
      {{"path", place.path()}, {"what", what}, {"error", error.message()}});
    failure = error;
    changed.post();
    return false;
  }

  void try_again() {
    failure = {};
    if (!readers.started())
      if (auto error = watch_readers()) {
        fail("watching it", error);
        return;
      }
    look_at_path();
  }

  void tell_position() {
    if (note)
      note(replies.position());
    changed.post();
  }

  void finish(bool keep_fifo) {
    if (std::exchange(finished, true))
      return;
    if (!replies.empty())
      log.write(log_level::warn, loggers::pipe_output, "output_left_unread",
                {{"path", place.path()},
                 {"replies", std::uint64_t{replies.size()}},
                 {"bytes_pending", replies.pending()}});
    changed.set({});
    path_subscription.reset();
    readers.stop();
    if (!keep_fifo)
      place.remove(log, loggers::pipe_output);
    writer.close();
  }
};

fifo_reply_output::fifo_reply_output(event_loop& loop, file_watch& watch,
                                     event_log& log, fifo_path place,
                                     const stream_log& from,
                                     std::uint64_t position)
  : state_{std::make_shared<state>(loop, watch, log, std::move(place), from,
                                   position)} {
  state_->place.prepare(state_->log, loggers::pipe_output);
  std::weak_ptr<state> weak{state_};
  auto look = [weak] {
    if (auto self = weak.lock())
      self->look_at_path();
  };
  state_->path_subscription
    = watch.watch_path(state_->place.path(), look, state_->place.lock_path());
  if (auto error = state_->watch_readers())
    throw fifo_error{"cannot watch " + state_->place.path()
                     + " for readers: " + error.message()
                     + ". Check fs.inotify.max_user_instances."};
}

fifo_reply_output::~fifo_reply_output() {
  finish(true);
}

void fifo_reply_output::on_position(std::function<void(std::uint64_t)> note) {
  state_->note = std::move(note);
}

void fifo_reply_output::let_go(std::uint64_t limit) {
  state_->limit = std::max(state_->limit, limit);
  state_->proceed();
}

std::uint64_t fifo_reply_output::position() const {
  return state_->replies.position();
}

void fifo_reply_output::on_moved(notification notify) {
  state_->changed.set(std::move(notify));
  if (state_->changed && state_->failure && !state_->finished)
    state_->try_again();
}

std::error_code fifo_reply_output::error() const {
  return state_->failure;
}

std::uint64_t fifo_reply_output::replies_known() const {
  return state_->replies.known();
}

std::uint64_t fifo_reply_output::replies_done() const {
  return state_->replies.done();
}

std::size_t fifo_reply_output::drop_reply() {
  return state_->drop_reply();
}

void fifo_reply_output::finish(bool keep_fifo) {
  state_->finish(keep_fifo);
}

} // namespace container_agent::runtime
