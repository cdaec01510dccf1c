#include "main/runtime/pipe_sink.hpp"

#include "main/runtime/bulk_reader.hpp"
#include "main/runtime/fd.hpp"
#include "main/runtime/stream_descriptor.hpp"
#include "main/runtime/system_call.hpp"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <utility>

namespace container_agent::runtime {

struct pipe_sink::state : std::enable_shared_from_this<state> {
  event_loop& loop;
  piece_writer* writer;
  stream_descriptor fd;
  std::deque<bytes> queue;
  std::size_t pending = 0; // bytes in `queue`
  std::size_t dropped = 0; // bytes taken that will not be written
  notification notify;
  std::error_code failure;
  std::uint64_t opened = 0; // tells a wait on an earlier descriptor apart
  bool waiting = false;     // for room
  bool closing = false;     // once nothing is pending
  notification on_closed;

  state(event_loop& l, piece_writer* w) : loop{l}, writer{w}, fd{l.io()} {}

  void close() {
    close_quietly(fd);
    queue.clear();
    dropped += std::exchange(pending, 0);
    ++opened;
    waiting = false;
    closing = false;
  }

  void write(bytes data) {
    if (data.empty())
      return;
    if (failure || !fd.is_open() || closing) {
      dropped += data.size();
      if (!failure)
        fail({EPIPE, std::generic_category()});
      return;
    }
    if (!queue.empty()) {
      append(std::move(data));
      return;
    }
    auto count = without_interruption([&] { return write_one(data); });
    if (count < 0 && errno != EAGAIN) {
      dropped += data.size();
      fail(last_error());
      return;
    }
    auto written = static_cast<std::size_t>(std::max<ssize_t>(count, 0));
    if (written == data.size())
      return;
    append(data.part(written));
    wait();
  }

  void append(bytes data) {
    pending += data.size();
    queue.push_back(std::move(data));
  }

  void wait() {
    if (waiting)
      return;
    waiting = true;
    fd.async_wait(stream_descriptor::wait_write,
                  [self = shared_from_this(), id = opened](auto error) {
                    if (self->opened == id)
                      self->on_ready(error);
                  });
  }

  void on_ready(boost::system::error_code error) {
    waiting = false;
    if (error) {
      fail(error);
      return;
    }
    if (queue.empty()) // taken away meanwhile
      return;
    while (!queue.empty()) {
      auto count
        = writer || queue.front().store()
            ? without_interruption([&] { return write_one(queue.front()); })
            : write_gathered();
      if (count < 0 && errno != EAGAIN) {
        fail(last_error());
        return;
      }
      if (count < 0) {
        wait();
        return;
      }
      remove(static_cast<std::size_t>(count));
    }
    if (closing)
      close_in_order();
    notify_from_loop();
  }

  void close_in_order() {
    close();
    if (on_closed)
      loop.post(std::exchange(on_closed, nullptr));
  }

  ssize_t write_one(const bytes& data) {
    return writer ? writer->write(fd.native_handle(), data)
                  : write_piece(fd.native_handle(), data);
  }

  ssize_t write_gathered() {
    std::array<iovec, max_pieces_per_write> pieces;
    std::size_t count = 0;
    while (count < std::min(queue.size(), pieces.size())
           && !queue[count].store()) {
      auto text = queue[count].view();
      pieces[count++] = {const_cast<char*>(text.data()), text.size()};
    }
    return without_interruption([&] {
      return ::writev(fd.native_handle(), pieces.data(),
                      static_cast<int>(count));
    });
  }

  void remove(std::size_t written) {
    pending -= written;
    while (written > 0) {
      auto& first = queue.front();
      if (written < first.size()) {
        first = first.part(written);
        return;
      }
      written -= first.size();
      queue.pop_front();
    }
  }

  void fail(std::error_code error) {
    close_in_order();
    failure = error;
    notify_from_loop();
  }

  // Also where a direct call would do: whoever is notified may replace the
  // notification, and with it the function that runs.
  void notify_from_loop() {
    loop.post([self = shared_from_this()] {
      if (auto call = self->notify)
        call();
    });
  }
};

pipe_sink::pipe_sink(event_loop& loop, piece_writer* writer)
  : state_{std::make_shared<state>(loop, writer)} {}

pipe_sink::~pipe_sink() {
  state_->notify = nullptr;
  close();
}

void pipe_sink::open(int number) {
  close();
  state_->failure = {};
  if (auto error = take_over(state_->fd, number))
    state_->fail(error);
}

void pipe_sink::close() {
  state_->on_closed = nullptr;
  state_->close();
}

void pipe_sink::close_when_drained(notification on_closed) {
  state_->on_closed = std::move(on_closed);
  if (state_->queue.empty())
    state_->close_in_order();
  else
    state_->closing = true;
}

bool pipe_sink::is_open() const {
  return state_->fd.is_open();
}

std::deque<bytes> pipe_sink::take_pending() {
  state_->pending = 0;
  return std::exchange(state_->queue, {});
}

std::size_t pipe_sink::take_dropped() {
  return std::exchange(state_->dropped, 0);
}

void pipe_sink::write(bytes data) {
  state_->write(std::move(data));
}

std::size_t pipe_sink::pending() const {
  return state_->pending;
}

void pipe_sink::on_drained(notification notify) {
  state_->notify = std::move(notify);
}

std::error_code pipe_sink::error() const {
  return state_->failure;
}

} // namespace container_agent::runtime
