#include "main/fifo/fifo_output.hpp"

#include "actors/core/loggers.hpp"
#include "main/fifo/fifo_writer.hpp"
#include "main/fifo/host_cursor.hpp"
#include "main/fifo/later_call.hpp"
#include "main/fifo/pipe_info.hpp"
#include "main/loop/fd.hpp"

#include <boost/asio/steady_timer.hpp>

#include <fcntl.h>
#include <sys/inotify.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

namespace container_agent::runtime {

namespace {

// Linux reports a reader's close a moment before it stops counting that reader:
// microseconds, or longer on a busy machine. A reader that still seems to be
// there is checked again after 1, 2, 4, … 512 ms. Then it counts as another
// one.
constexpr std::chrono::milliseconds first_look{1};
constexpr int max_looks = 10;

} // namespace

// Shared, because jobs on the loop may outlive the output.
struct fifo_output::state : std::enable_shared_from_this<state> {
  event_loop& loop;
  file_watch& watch;
  event_log& log;
  fifo_path place;
  host_cursor cursor;
  stream_kind kind;
  file_watch::subscription path_subscription;
  file_watch::subscription reader_subscription;
  unique_fd keeper;
  fifo_writer writer; // has its own descriptor
  std::uint64_t limit = 0;
  std::function<void(int)> holder;
  std::function<void(std::uint64_t)> note;
  later_call moved;
  std::error_code failure;
  boost::asio::steady_timer look_again;
  int looks = 0; // repeated, since a reader left
  bool finished = false;

  state(event_loop& l, file_watch& w, event_log& g, fifo_path p,
        const storage::log& f, std::unique_ptr<storage::cursor> c,
        stream_kind k)
    : loop{l},
      watch{w},
      log{g},
      place{std::move(p)},
      cursor{f, std::move(c), k},
      kind{k},
      writer{l},
      moved{l},
      look_again{l.io()} {}

  bool usable() const { return keeper && !failure && !finished; }

  // -- descriptors ------------------------------------------------------------

  // Opens the FIFO of `place`, replacing an open one.
  std::error_code open() {
    keeper = place.open(O_RDWR);
    if (!keeper)
      return last_error();
    if (auto error = open_writer())
      return error;
    if (holder)
      holder(writer.get());
    if (kind == stream_kind::lines && !watch.error())
      watch_readers();
    return {};
  }

  void watch_readers() {
    // One event for each reader that leaves; our own closes are those of a
    // writer.
    reader_subscription
      = watch.watch_fifo(place.current_name(), IN_CLOSE_NOWRITE,
                         [weak = weak_from_this()](std::uint32_t) {
                           if (auto self = weak.lock()) {
                             self->looks = 0;
                             self->look_at_line();
                           }
                         });
    if (!reader_subscription)
      log.write(log_level::warn, loggers::pipe_output, "reader_watch_failed",
                {{"path", place.path()},
                 {"error", last_error().message()},
                 {"effect", "a new reader may begin within a line"}});
  }

  std::error_code open_writer() {
    unique_fd opened = place.open(O_WRONLY);
    return opened ? writer.open(std::move(opened)) : last_error();
  }

  void reopen_keeper() {
    keeper = place.open(O_RDWR);
    if (!keeper)
      fail("opening it again", last_error());
  }

  void close() {
    reader_subscription.reset();
    writer.close();
    keeper.reset();
  }

  // -- moving -----------------------------------------------------------------

  void let_go(std::uint64_t new_limit) {
    limit = std::max(limit, new_limit);
    if (usable())
      attempt([this] { move_some(); });
  }

  void move() {
    auto before = cursor.position();
    let_go(limit);
    if (cursor.position() != before)
      moved.post();
  }

  void move_some() {
    skip_line();
    if (!cursor.waits(limit))
      return;
    if (cursor.move_to(writer.get(), limit) < 0 && errno != EAGAIN)
      fail("writing", last_error());
    else if (cursor.waits(limit))
      move_later();
    note_read();
  }

  void move_later() {
    writer.when_room([weak = weak_from_this()](std::error_code error) {
      auto self = weak.lock();
      if (self && error)
        self->fail("waiting for it", error);
      if (self)
        self->move();
    });
  }

  void note_read() const {
    if (note)
      note(cursor.read_to(unread_bytes(writer.get())));
  }

  // -- errors -----------------------------------------------------------------

  // Reading the log makes system calls, which may fail.
  template <class Work>
  void attempt(Work work) {
    try {
      work();
    } catch (const std::system_error& error) {
      fail(error.what(), error.code());
    }
  }

  void fail(std::string_view what, std::error_code error) {
    log.write(
      log_level::error, loggers::pipe_output, "output_failed",
      {{"path", place.path()}, {"what", what}, {"error", error.message()}});
    failure = error;
    moved.post();
  }

  void try_again() {
    failure = {};
    if (!keeper && writer.get() >= 0)
      reopen_keeper();
    look_at_path();
    move();
    look_at_line();
  }

  // -- what nobody has read ---------------------------------------------------

  // Removes unread bytes from the FIFO, so that they are written again.
  void take_back(int reader) {
    if (!cursor.cuts()) // else the FIFO is empty
      attempt([this, reader] { take_lines_back(reader); });
  }

  void take_lines_back(int reader) {
    auto gone = cursor.position();
    auto unread = unread_bytes(reader);
    auto repeated = cursor.go_back(unread);
    auto drained = drain(reader);
    if (drained != unread) // a reader has read meanwhile
      repeated = cursor.go_back(drained, gone);
    if (repeated > 0)
      log.write(log_level::debug, loggers::pipe_output, "output_line_repeated",
                {{"path", place.path()}, {"bytes_repeated", repeated}});
    skip_line();
  }

  void skip_line() {
    if (auto skipped = cursor.skip_line(limit); skipped > 0)
      log.write(log_level::warn, loggers::pipe_output, "output_line_cut",
                {{"path", place.path()}, {"bytes_skipped", skipped}});
  }

  // -- a reader left ----------------------------------------------------------

  void look_at_line() {
    if (!usable())
      return;
    attempt([this] {
      note_read();
      if (cursor.within_line(unread_bytes(keeper.get())))
        look_for_readers();
    });
  }

  // Without the keeper only our own writer is left, so opening for writing
  // fails unless another reader exists. The writer preserves the FIFO's
  // content.
  void look_for_readers() {
    keeper.reset();
    if (!place.open(O_WRONLY) && errno == ENXIO)
      return start_line_again();
    reopen_keeper();
    look_later();
  }

  void look_later() {
    if (looks == max_looks)
      return;
    look_again.expires_after(first_look * (1 << looks++));
    look_again.async_wait([weak = weak_from_this()](auto cancelled) {
      if (auto self = weak.lock(); self && !cancelled)
        self->look_at_line();
    });
  }

  // There is no reader. While we are one and there is no writer, the open(2) of
  // a new reader blocks, so it can't take part of what is removed here.
  void start_line_again() {
    auto reader = place.open(O_RDONLY);
    if (!reader)
      return fail("opening it for reading", last_error());
    writer.close();
    take_back(reader.get());
    reopen_keeper();
    if (keeper)
      if (auto error = open_writer()) {
        keeper.reset();
        fail("opening it for writing", error);
      }
    move();
    moved.post();
  }

  // -- another FIFO at the path -----------------------------------------------

  void look_at_path() {
    if (finished || failure)
      return;
    auto found = place.refresh(log, loggers::pipe_output);
    if (found == fifo_path::change::none && keeper)
      return;
    if (keeper)
      park();
    if (failure || found == fifo_path::change::unusable)
      return;
    if (auto error = open()) {
      keeper.reset();
      return fail("opening it", error);
    }
    move();
  }

  // Takes back the unread bytes and closes the FIFO.
  void park() {
    take_back(keeper.get());
    close();
    moved.post();
  }

  // -- the end of the agent ---------------------------------------------------

  void finish(bool keep_fifo) {
    if (std::exchange(finished, true))
      return;
    auto in_fifo = unread_bytes(writer.get());
    auto pending = limit - std::min(limit, cursor.position());
    if (in_fifo + pending > 0)
      log.write(log_level::warn, loggers::pipe_output, "output_left_unread",
                {{"path", place.path()},
                 {"bytes_in_fifo", std::uint64_t{in_fifo}},
                 {"bytes_pending", pending}});
    moved.set({});
    path_subscription.reset();
    look_again.cancel();
    leave_rest();
    if (!keep_fifo)
      place.remove(log, loggers::pipe_output);
    close();
  }

  // What stays for a present reader counts as read; otherwise the next agent
  // writes it again.
  void leave_rest() {
    keeper.reset();
    if (!place.open(O_WRONLY) && errno == ENXIO)
      if (auto reader = place.open(O_RDONLY))
        take_back(reader.get());
    if (note)
      note(cursor.position());
  }
};

fifo_output::fifo_output(event_loop& loop, file_watch& watch, event_log& log,
                         fifo_path place, const storage::log& from,
                         std::unique_ptr<storage::cursor> where,
                         stream_kind kind)
  : state_{std::make_shared<state>(loop, watch, log, std::move(place), from,
                                   std::move(where), kind)} {
  std::weak_ptr<state> weak{state_};
  state_->place.prepare(state_->log, loggers::pipe_output);
  state_->path_subscription = watch.watch_path(
    state_->place.path(),
    [weak] {
      if (auto self = weak.lock())
        self->look_at_path();
    },
    state_->place.lock_path());
  if (auto error = state_->open())
    throw fifo_error{"cannot open " + state_->place.path() + ": "
                     + error.message()};
}

fifo_output::~fifo_output() {
  finish(true);
}

void fifo_output::begin_with_line() {
  state_->attempt([&state = *state_] {
    state.cursor.go_back(0);
    drain(state.keeper.get());
  });
}

void fifo_output::go_on_behind(std::uint64_t read_to) {
  state_->cursor.distrust_behind(read_to);
}

void fifo_output::on_writer(std::function<void(int)> holder) {
  state_->holder = std::move(holder);
  if (state_->holder && state_->writer.get() >= 0)
    state_->holder(state_->writer.get());
}

void fifo_output::on_read(std::function<void(std::uint64_t)> note) {
  state_->note = std::move(note);
}

void fifo_output::let_go(std::uint64_t limit) {
  state_->let_go(limit);
}

std::uint64_t fifo_output::position() const {
  return state_->cursor.position();
}

void fifo_output::on_moved(notification notify) {
  state_->moved.set(std::move(notify));
  if (state_->moved && state_->failure && !state_->finished)
    state_->try_again();
}

std::error_code fifo_output::error() const {
  return state_->failure;
}

std::size_t fifo_output::unread() const {
  return state_->keeper ? unread_bytes(state_->keeper.get()) : 0;
}

void fifo_output::finish(bool keep_fifo) {
  state_->finish(keep_fifo);
}

} // namespace container_agent::runtime
