#include "main/runtime/fifo_output.hpp"

#include "actors/loggers.hpp"
#include "main/runtime/fd.hpp"
#include "main/runtime/fifo_end.hpp"
#include "main/runtime/line_cut.hpp"
#include "main/runtime/piece_queue.hpp"
#include "main/runtime/pipe_sink.hpp"
#include "main/runtime/written_tail.hpp"

#include <boost/asio/steady_timer.hpp>

#include <fcntl.h>
#include <sys/inotify.h>

#include <cerrno>
#include <chrono>
#include <utility>

namespace container_agent::runtime {

namespace {

// Linux tells of a reader's close a moment before it stops counting that
// reader: some microseconds, or as long as a busy machine lets it wait in
// between. So one that seems to be there still is looked at again, after 1, 2,
// 4, … 512 ms. Then it is taken for another one.
constexpr std::chrono::milliseconds first_look{1};
constexpr int max_looks = 10;

} // namespace

// Shared, so that what is posted to the loop may outlive the output.
struct fifo_output::state : std::enable_shared_from_this<state> {
  event_loop& loop;
  fifo_watch& watch;
  event_log& log;
  fifo_place place;
  content kind;
  fifo_watch::subscription path_subscription;
  fifo_watch::subscription reader_subscription;
  unique_fd keeper;
  piece_writer* writer;
  pipe_sink sink;     // a descriptor of its own, for writing only
  piece_queue parked; // while there is no FIFO, or after an error
  piece_queue held;   // by the sink before an error: is in the tail
  written_tail tail;
  bytes unwanted;           // goes once nothing before it waits
  std::size_t capacity = 0; // of the FIFO, when it was opened
  line_cut cut;
  notification notify;
  std::error_code failure;
  boost::asio::steady_timer look_again;
  int looks = 0; // again, since a reader left
  bool finished = false;

  state(event_loop& l, fifo_watch& w, event_log& g, fifo_place p, content k,
        piece_writer* r)
    : loop{l},
      watch{w},
      log{g},
      place{std::move(p)},
      kind{k},
      writer{r},
      sink{l, r},
      cut{g, place.path()},
      look_again{l.io()} {}

  bool lines() const { return kind == content::lines; }

  std::size_t pending() const {
    return sink.pending() + parked.size() + held.size();
  }

  // -- descriptors ------------------------------------------------------------

  // Opens what `place` holds, in place of what was open.
  std::error_code open() {
    unique_fd opened = place.open(O_RDWR);
    if (!opened)
      return last_error();
    keeper = std::move(opened);
    if (auto error = open_writer())
      return error;
    capacity = fifo_capacity(keeper.get());
    // Of an earlier agent, whose reader is still there.
    if (lines())
      tail.begin_within(bytes{look_at_all(keeper.get())});
    if (lines() && !watch.error())
      watch_readers();
    return {};
  }

  void watch_readers() {
    // One event for each reader that leaves; what we close is a writer's.
    reader_subscription
      = watch.watch_fifo(place.current_name(), IN_CLOSE_NOWRITE,
                         [weak = weak_from_this()](std::uint32_t) {
                           if (auto self = weak.lock())
                             self->reader_left();
                         });
    if (!reader_subscription)
      log.write(log_level::warn, loggers::pipe_output, "reader_watch_failed",
                {{"path", place.path()},
                 {"error", last_error().message()},
                 {"effect", "a new reader may begin within a line"}});
  }

  std::error_code open_writer() {
    unique_fd writer = place.open(O_WRONLY);
    if (!writer)
      return last_error();
    sink.open(writer.release());
    return sink.error();
  }

  // -- writing ----------------------------------------------------------------

  void write(const bytes& given) {
    auto data = cut.rest_of(given);
    if (writer && data.size() < given.size())
      writer->leave_out(given.part(0, given.size() - data.size()));
    if (data.empty())
      return;
    if (!keeper || error())
      return parked.push(std::move(data));
    if (lines())
      tail.append(data);
    sink.write(std::move(data));
    trim();
  }

  void trim() {
    if (lines() && !sink.error()) // what was dropped then is in the tail only
      tail.trim(capacity + sink.pending());
  }

  void let_go() {
    if (writer != nullptr && !unwanted.empty() && pending() == 0)
      writer->leave_out(std::exchange(unwanted, {}));
  }

  void tell() {
    if (auto call = notify) // a copy: it may be replaced meanwhile
      call();
  }

  void tell_later() {
    loop.post([self = shared_from_this()] { self->tell(); });
  }

  std::error_code error() const { return failure ? failure : sink.error(); }

  void fail(std::string_view what, std::error_code error) {
    log.write(
      log_level::error, loggers::pipe_output, "output_failed",
      {{"path", place.path()}, {"what", what}, {"error", error.message()}});
    failure = error;
    tell_later();
  }

  // After an error, for the next one who writes.
  void try_again() {
    failure = {};
    if (sink.error())
      park();
    if (!keeper && sink.is_open())
      reopen_keeper();
    look_at_path();
    write_parked();
    look_at_line();
  }

  // -- a reader left ----------------------------------------------------------

  void reader_left() {
    looks = 0;
    look_at_line();
  }

  void look_at_line() {
    if (!keeper || finished || error())
      return;
    if (tail.at_line_start(unread_bytes(keeper.get()) + pending()))
      return;
    // Only our own writer is left then, so this shows any other reader. It
    // holds what the FIFO holds.
    keeper.reset();
    auto writer = place.open(O_WRONLY);
    if (!writer && errno == ENXIO) {
      start_line_again();
    } else {
      reopen_keeper();
      look_later();
    }
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

  void reopen_keeper() {
    keeper = place.open(O_RDWR);
    if (keeper) {
      for (auto& piece : held.take())
        sink.write(std::move(piece));
      return;
    }
    auto error = last_error();
    for (auto& piece : sink.take_pending()) // writing fails without a reader
      held.push(std::move(piece));
    fail("opening it again", error);
  }

  // Nobody reads. While we are a reader and there is no writer, a new reader's
  // open(2) blocks, so it can't take a part of what is taken back here.
  void start_line_again() {
    auto reader = place.open(O_RDONLY);
    if (!reader)
      return fail("opening it for reading", last_error());
    auto waiting = sink.pending();
    sink.take_pending(); // it is in the tail
    sink.close();
    auto unread = read_all(reader.get());
    reopen_keeper();
    if (!failure)
      if (auto error = open_writer()) {
        keeper.reset();
        fail("opening it for writing", error);
      }
    write_again(unread.size() + waiting, waiting > 0);
  }

  // Of what was given, the last `unread` bytes were not read.
  void write_again(std::size_t unread, bool was_waiting) {
    auto resumption = tail.resume(unread);
    if (resumption.repeated > 0)
      log.write(log_level::debug, loggers::pipe_output, "output_line_repeated",
                {{"path", place.path()},
                 {"bytes_repeated", std::uint64_t{resumption.repeated}}});
    cut.add(resumption.cut, resumption.cut_goes_on);
    for (auto& piece : resumption.pieces)
      write(std::move(piece));
    if (was_waiting && pending() == 0)
      tell_later();
  }

  // -- another FIFO at the path -----------------------------------------------

  void look_at_path() {
    if (finished || failure)
      return;
    auto found = place.refresh(log, loggers::pipe_output);
    if (found == fifo_place::change::unusable) {
      if (keeper)
        park();
      return;
    }
    if (found == fifo_place::change::none && keeper)
      return;
    if (keeper)
      park();
    if (auto error = open()) {
      keeper.reset();
      return fail("opening it", error);
    }
    write_parked();
  }

  void write_parked() {
    if (!keeper || error())
      return;
    auto was_waiting = parked.size() > 0;
    for (auto& piece : parked.take())
      write(std::move(piece));
    if (was_waiting && pending() == 0)
      tell_later();
  }

  // Takes back what nobody has read, and closes the FIFO.
  void park() {
    auto waiting = sink.pending() + held.size();
    auto queue = sink.pending() > 0 ? sink.take_pending() : held.take();
    auto unread = keeper ? read_all(keeper.get()) : std::string{};
    auto dropped = sink.take_dropped(); // by its error
    auto later = parked.take();
    sink.close();
    reader_subscription.reset();
    keeper.reset();
    // Without a keeper, each write parks.
    if (lines()) {
      write_again(unread.size() + waiting + dropped, false);
      tail.clear();
    } else {
      write(bytes{std::move(unread)});
      for (auto& piece : queue)
        write(std::move(piece));
      if (dropped > 0)
        log.write(log_level::error, loggers::pipe_output, "output_dropped",
                  {{"path", place.path()}, {"bytes", std::uint64_t{dropped}}});
    }
    for (auto& piece : later)
      write(std::move(piece));
  }

  void finish(bool keep_fifo) {
    if (std::exchange(finished, true))
      return;
    if (auto in_fifo = keeper ? unread_bytes(keeper.get()) : 0;
        in_fifo + pending() > 0)
      log.write(log_level::warn, loggers::pipe_output, "output_left_unread",
                {{"path", place.path()},
                 {"bytes_in_fifo", std::uint64_t{in_fifo}},
                 {"bytes_pending", std::uint64_t{pending()}}});
    notify = nullptr;
    path_subscription.reset();
    reader_subscription.reset();
    look_again.cancel();
    if (!keep_fifo)
      place.remove(log, loggers::pipe_output);
    sink.on_drained(nullptr);
    sink.close();
    keeper.reset();
  }
};

fifo_output::fifo_output(event_loop& loop, fifo_watch& watch, event_log& log,
                         fifo_place place, content kind, piece_writer* writer)
  : state_{
    std::make_shared<state>(loop, watch, log, std::move(place), kind, writer)} {
  std::weak_ptr<state> weak{state_};
  state_->place.prepare(state_->log, loggers::pipe_output);
  state_->sink.on_drained([weak] {
    if (auto self = weak.lock()) {
      self->trim();
      self->let_go();
      self->tell();
    }
  });
  auto look = [weak] {
    if (auto self = weak.lock())
      self->look_at_path();
  };
  state_->path_subscription
    = watch.watch_path(state_->place.path(), look, state_->place.lock_path());
  if (auto error = state_->open())
    throw fifo_error{"cannot open " + state_->place.path() + ": "
                     + error.message()};
}

fifo_output::~fifo_output() {
  finish(true);
}

void fifo_output::begin_in_line() {
  state_->tail.begin_in_line();
}

void fifo_output::write(bytes data) {
  state_->write(std::move(data));
}

std::size_t fifo_output::pending() const {
  return state_->pending();
}

void fifo_output::on_drained(notification notify) {
  state_->notify = std::move(notify);
  if (state_->notify && state_->error() && !state_->finished)
    state_->try_again();
}

std::error_code fifo_output::error() const {
  return state_->error();
}

std::size_t fifo_output::unread() const {
  return state_->keeper ? unread_bytes(state_->keeper.get()) : 0;
}

void fifo_output::leave_out(const bytes& piece) {
  state_->unwanted = piece;
  state_->let_go();
}

void fifo_output::finish(bool keep_fifo) {
  state_->finish(keep_fifo);
}

} // namespace container_agent::runtime
