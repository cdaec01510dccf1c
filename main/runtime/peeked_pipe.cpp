#include "main/runtime/peeked_pipe.hpp"

#include "main/runtime/fifo_end.hpp"
#include "main/runtime/system_call.hpp"

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <fcntl.h>
#include <limits.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <utility>

namespace container_agent::runtime {

namespace {

namespace asio = boost::asio;

using descriptor
  = asio::posix::basic_stream_descriptor<asio::io_context::executor_type>;

} // namespace

// Shared with the waits that are under way, which may outlive the object.
struct peeked_pipe::state : std::enable_shared_from_this<state> {
  event_loop& loop;
  move_note& note;
  unique_fd fifo;
  unique_fd copy_in; // a pipe for the copies
  unique_fd copy_out;
  unique_fd sink; // /dev/null
  descriptor edge;
  handler on_result;
  std::error_code failure;
  std::uint64_t taken = 0;  // bytes that have left the FIFO
  std::uint64_t looked = 0; // bytes that were read from the copy
  std::size_t in_copy = 0;  // bytes in the copy
  bool waiting = false;
  bool posted = false;
  bool ending = false;

  state(event_loop& l, move_note& n) : loop{l}, note{n}, edge{l.io()} {}

  std::error_code open(unique_fd opened) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0)
      return last_error();
    copy_out.reset(ends[0]);
    copy_in.reset(ends[1]);
    sink.reset(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    if (!sink)
      return last_error();
    // Else a part that was looked at already could fill it.
    auto capacity = static_cast<int>(fifo_capacity(opened.get()));
    if (::fcntl(copy_in.get(), F_SETPIPE_SZ, capacity) < 0)
      return last_error();
    fifo = std::move(opened);
    return watch();
  }

  // Asio asks for the state of a descriptor at each wait, and that is readable
  // as long as anything is in it. Only an epoll(7) of its own tells of new
  // bytes beside old ones: Linux does so from 5.14 on.
  std::error_code watch() {
    unique_fd watcher{::epoll_create1(EPOLL_CLOEXEC)};
    if (!watcher)
      return last_error();
    epoll_event what{EPOLLIN | EPOLLET, {}};
    if (::epoll_ctl(watcher.get(), EPOLL_CTL_ADD, fifo.get(), &what) != 0)
      return last_error();
    boost::system::error_code error;
    edge.assign(watcher.get(), error);
    if (!error)
      (void)watcher.release();
    return error;
  }

  void close() {
    boost::system::error_code ignored;
    edge.close(ignored);
    on_result = nullptr;
  }

  // -- looking ----------------------------------------------------------------

  void attempt_later() {
    if (std::exchange(posted, true))
      return;
    loop.post([self = shared_from_this()] {
      self->posted = false;
      self->attempt();
    });
  }

  void wait() {
    if (std::exchange(waiting, true))
      return;
    edge.async_wait(descriptor::wait_read, [self = shared_from_this()](
                                             boost::system::error_code error) {
      self->waiting = false;
      if (error)
        return;
      epoll_event seen{};
      ::epoll_wait(self->edge.native_handle(), &seen, 1, 0);
      self->attempt();
    });
  }

  void attempt() {
    if (!on_result)
      return;
    if (!failure && in_copy == 0)
      failure = copy();
    if (failure)
      return deliver({{}, false, failure});
    if (in_copy == 0)
      return ending ? deliver({{}, true, {}}) : wait();
    auto buffer = loop.read_buffer();
    auto count = without_interruption(
      [&] { return ::read(copy_out.get(), buffer.data(), buffer.size()); });
    if (count <= 0) {
      failure = last_error();
      return deliver({{}, false, failure});
    }
    auto size = static_cast<std::size_t>(count);
    auto origin = std::exchange(looked, looked + size);
    in_copy -= size;
    deliver({{buffer.data(), size}, false, {}, {}, origin});
  }

  // Fills the copy with what is new.
  std::error_code copy() {
    auto known = static_cast<std::size_t>(looked - taken);
    auto present = unread_bytes(fifo.get());
    if (present <= known)
      return {};
    auto count = without_interruption([&] {
      return ::tee(fifo.get(), copy_in.get(), INT_MAX, SPLICE_F_NONBLOCK);
    });
    if (count < 0)
      return last_error();
    in_copy = static_cast<std::size_t>(count);
    return drop_from_copy(std::min(known, in_copy));
  }

  std::error_code drop_from_copy(std::size_t size) {
    while (size > 0) {
      auto count = without_interruption([&] {
        return ::splice(copy_out.get(), nullptr, sink.get(), nullptr, size,
                        SPLICE_F_NONBLOCK);
      });
      if (count <= 0)
        return last_error();
      size -= static_cast<std::size_t>(count);
      in_copy -= static_cast<std::size_t>(count);
    }
    return {};
  }

  // Last in every path: the handler may do anything to us.
  void deliver(const result& found) {
    auto call = std::exchange(on_result, nullptr);
    call(found);
  }

  // -- moving -----------------------------------------------------------------

  ssize_t write(int to, const bytes& piece) {
    auto origin = piece.origin();
    if (origin == bytes::nowhere)
      return write_own(to, piece.view());
    if (origin < taken)
      return write_own(to, piece.view().substr(0, taken - origin));
    if (origin > taken && !throw_away(origin - taken))
      return -1;
    return move(to, piece.view().substr(0, move_note::max_piece));
  }

  void leave_out(const bytes& piece) {
    auto end = piece.origin() + piece.size();
    if (piece.origin() != bytes::nowhere && end > taken)
      throw_away(end - taken); // should it fail, the next write finds out
  }

  // In one read(2): a line that is to be swallowed is there, or it is not.
  bool throw_away(std::uint64_t size) {
    std::string rubbish(size, '\0');
    auto count = without_interruption(
      [&] { return ::read(fifo.get(), rubbish.data(), rubbish.size()); });
    if (count < 0)
      return false;
    taken += static_cast<std::uint64_t>(count);
    note.pass(taken);
    if (static_cast<std::uint64_t>(count) == size)
      return true;
    errno = EIO; // somebody else reads it, too
    return false;
  }

  ssize_t move(int to, std::string_view piece) {
    note.begin_move(piece, taken);
    auto count = ::splice(fifo.get(), nullptr, to, nullptr, piece.size(),
                          SPLICE_F_NONBLOCK);
    note.end_move(count > 0 ? static_cast<std::size_t>(count) : 0);
    if (count > 0)
      taken += static_cast<std::uint64_t>(count);
    if (count == 0)
      errno = EIO; // likewise
    return count == 0 ? -1 : count;
  }

  // Up to PIPE_BUF bytes are written whole or not at all.
  ssize_t write_own(int to, std::string_view text) {
    auto ends_line = text.back() == '\n';
    if (text.size() > PIPE_BUF || !ends_line || note.in_line())
      note.begin_own();
    auto count = ::write(to, text.data(), text.size());
    if (count == static_cast<ssize_t>(text.size()))
      note.end_own(ends_line);
    return count;
  }
};

peeked_pipe::peeked_pipe(event_loop& loop, move_note& note)
  : state_{std::make_shared<state>(loop, note)} {}

peeked_pipe::~peeked_pipe() {
  state_->close();
}

std::error_code peeked_pipe::open(unique_fd fifo) {
  return state_->open(std::move(fifo));
}

void peeked_pipe::begin_at(std::uint64_t position) {
  state_->taken = state_->looked = position;
}

void peeked_pipe::read(handler on_result) {
  state_->on_result = std::move(on_result);
  state_->attempt_later();
}

void peeked_pipe::cancel() {
  state_->on_result = nullptr;
}

void peeked_pipe::report_end(bool) {}

void peeked_pipe::expect_end(bool on) {
  state_->ending = on;
  if (on)
    state_->attempt_later();
}

ssize_t peeked_pipe::write(int to, const bytes& piece) {
  return state_->write(to, piece);
}

void peeked_pipe::leave_out(const bytes& piece) {
  state_->leave_out(piece);
}

} // namespace container_agent::runtime
