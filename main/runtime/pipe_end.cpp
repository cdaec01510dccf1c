#include "main/runtime/pipe_end.hpp"

#include "main/runtime/fd.hpp"
#include "main/runtime/system_call.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <fcntl.h>
#include <sys/uio.h>
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

// Takes `number` over, on any path.
std::error_code assign(descriptor& target, int number) {
  auto flags = ::fcntl(number, F_GETFL);
  if (flags < 0 || ::fcntl(number, F_SETFL, flags | O_NONBLOCK) < 0)
    return last_error();
  boost::system::error_code error;
  target.assign(number, error);
  if (error)
    ::close(number);
  return error;
}

void close_quietly(descriptor& target) {
  boost::system::error_code ignored;
  target.close(ignored);
}

} // namespace

// -- pipe_source --------------------------------------------------------------

// Shared with the handlers and jobs that are under way, which may outlive the
// source.
struct pipe_source::state : std::enable_shared_from_this<state> {
  event_loop& loop;
  descriptor fd;
  handler on_result;
  std::error_code failure;
  std::uint64_t opened = 0;   // tells a wait on an earlier descriptor apart
  bool waiting = false;       // for readiness
  bool posted = false;        // a job of ours is in the queue
  bool may_hold_data = false; // as far as we know, a read would not block

  explicit state(event_loop& l) : loop{l}, fd{l.io()} {}

  void close() {
    close_quietly(fd);
    ++opened;
    waiting = false;
    may_hold_data = false;
  }

  void start() {
    if (waiting || posted)
      return;
    if (fd.is_open() && !may_hold_data) {
      wait();
      return;
    }
    posted = true;
    loop.post([self = shared_from_this()] {
      self->posted = false;
      self->attempt();
    });
  }

  void wait() {
    waiting = true;
    loop.before_waiting([self = shared_from_this(), id = opened] {
      if (self->opened == id)
        self->begin_wait();
    });
  }

  void begin_wait() {
    fd.async_wait(descriptor::wait_read,
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
    may_hold_data = true;
    attempt();
  }

  void attempt() {
    if (!on_result)
      return;
    if (!fd.is_open()) {
      deliver({{}, !failure, failure});
      return;
    }
    auto buffer = loop.read_buffer();
    auto count = without_interruption(
      [&] { return ::read(fd.native_handle(), buffer.data(), buffer.size()); });
    if (count > 0) {
      auto size = static_cast<std::size_t>(count);
      // A pipe gives all it has, so less than asked for has emptied it.
      may_hold_data = size == buffer.size();
      deliver({{buffer.data(), size}, false, {}, loop.give_read_buffer(size)});
    } else if (count == 0) {
      close();
      deliver({{}, true, {}});
    } else if (errno == EAGAIN) {
      may_hold_data = false;
      start();
    } else {
      fail(last_error());
    }
  }

  void fail(std::error_code error) {
    close();
    failure = error;
    if (on_result)
      deliver({{}, false, failure});
  }

  // Last in every path: the handler may do anything to us.
  void deliver(const result& found) {
    auto call = std::exchange(on_result, nullptr);
    call(found);
  }
};

pipe_source::pipe_source(event_loop& loop)
  : state_{std::make_shared<state>(loop)} {}

pipe_source::~pipe_source() {
  close();
}

void pipe_source::open(int number) {
  close();
  state_->failure = assign(state_->fd, number);
}

void pipe_source::close() {
  cancel();
  state_->close();
  state_->failure = {};
}

void pipe_source::end() {
  state_->close();
  state_->failure = {};
  if (state_->on_result)
    state_->start();
}

bool pipe_source::is_open() const {
  return state_->fd.is_open();
}

void pipe_source::read(handler on_result) {
  state_->on_result = std::move(on_result);
  state_->start();
}

// A wait that is under way stays: it costs nothing, and the next read uses it.
void pipe_source::cancel() {
  state_->on_result = nullptr;
}

void pipe_source::report_end(bool) {}

// -- pipe_sink ----------------------------------------------------------------

struct pipe_sink::state : std::enable_shared_from_this<state> {
  event_loop& loop;
  piece_writer* writer;
  descriptor fd;
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
    fd.async_wait(descriptor::wait_write,
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
        = writer
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
    auto text = data.view();
    return writer ? writer->write(fd.native_handle(), data)
                  : ::write(fd.native_handle(), text.data(), text.size());
  }

  ssize_t write_gathered() {
    std::array<iovec, max_pieces_per_write> pieces;
    auto count = std::min(queue.size(), pieces.size());
    for (std::size_t i = 0; i < count; ++i) {
      auto text = queue[i].view();
      pieces[i] = {const_cast<char*>(text.data()), text.size()};
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
  if (auto error = assign(state_->fd, number))
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
