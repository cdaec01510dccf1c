#include "main/runtime/peeked_pipe.hpp"

#include "main/runtime/fifo_end.hpp"
#include "main/runtime/output_mover.hpp"
#include "main/runtime/stream_descriptor.hpp"
#include "main/runtime/system_call.hpp"

#include <fcntl.h>
#include <limits.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

namespace container_agent::runtime {

// Shared with the waits that are under way, which may outlive the object.
struct peeked_pipe::state : std::enable_shared_from_this<state> {
  event_loop& loop;
  pipe_calls calls;
  output_mover mover;
  unique_fd fifo;
  pipe_ends copies;
  unique_fd sink; // /dev/null
  stream_descriptor edge;
  handler on_result;
  std::error_code failure;
  std::uint64_t looked = 0; // bytes that were read from the copy
  std::size_t in_copy = 0;  // bytes in the copy
  bool waiting = false;
  bool posted = false;
  bool ending = false;
  bool skipping = false;

  state(event_loop& l, move_note& n) : loop{l}, mover{n, calls}, edge{l.io()} {}

  std::error_code open(unique_fd opened) {
    copies = make_pipe(O_NONBLOCK);
    if (!copies)
      return last_error();
    sink.reset(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    if (!sink)
      return last_error();
    // Else a part that was looked at already could fill it.
    auto capacity = static_cast<int>(fifo_capacity(opened.get()));
    if (::fcntl(copies.writer.get(), F_SETPIPE_SZ, capacity) < 0)
      return last_error();
    fifo = std::move(opened);
    mover.from(fifo.get());
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
    close_quietly(edge);
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
    edge.async_wait(
      stream_descriptor::wait_read,
      [self = shared_from_this()](boost::system::error_code error) {
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
    auto count = without_interruption([&] {
      return ::read(copies.reader.get(), buffer.data(), buffer.size());
    });
    if (count <= 0) {
      failure = last_error();
      return deliver({{}, false, failure});
    }
    auto size = static_cast<std::size_t>(count);
    auto origin = std::exchange(looked, looked + size);
    in_copy -= size;
    std::string_view data{buffer.data(), size};
    if (skipping)
      origin += skip(data, origin);
    if (data.empty())
      return attempt_later();
    deliver({data, false, {}, {}, origin});
  }

  // At once: what stays in the FIFO could fill it.
  std::size_t skip(std::string_view& data, std::uint64_t origin) {
    auto end = data.find('\n');
    skipping = end == std::string_view::npos;
    auto size = skipping ? data.size() : end + 1;
    mover.drop_cut(origin + size, !skipping);
    data.remove_prefix(size);
    return size;
  }

  // Fills the copy with what is new.
  std::error_code copy() {
    auto known = static_cast<std::size_t>(looked - mover.taken());
    auto present = unread_bytes(fifo.get());
    if (present <= known)
      return {};
    auto count = without_interruption([&] {
      return ::tee(fifo.get(), copies.writer.get(), INT_MAX, SPLICE_F_NONBLOCK);
    });
    if (count < 0)
      return last_error();
    in_copy = static_cast<std::size_t>(count);
    return drop_from_copy(std::min(known, in_copy));
  }

  std::error_code drop_from_copy(std::size_t size) {
    while (size > 0) {
      auto count = without_interruption([&] {
        return ::splice(copies.reader.get(), nullptr, sink.get(), nullptr, size,
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
  state_->mover.begin_at(position);
  state_->looked = position;
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

void peeked_pipe::skip_line(bool on) {
  state_->skipping = on;
}

void peeked_pipe::forget_line() {
  state_->skipping = false;
  state_->mover.forget_line();
}

piece_writer& peeked_pipe::writer() {
  return state_->mover;
}

} // namespace container_agent::runtime
