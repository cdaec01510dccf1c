#include "main/process/pipe_source.hpp"

#include "main/loop/fd.hpp"
#include "main/loop/stream_descriptor.hpp"
#include "main/loop/system_call.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <utility>

namespace container_agent::runtime {

// Shared with pending handlers and jobs, which may outlive the source.
struct pipe_source::state : std::enable_shared_from_this<state> {
  event_loop& loop;
  stream_descriptor fd;
  handler on_result;
  std::error_code failure;
  std::uint64_t opened = 0;   // tells a wait on an earlier descriptor apart
  bool waiting = false;       // for readiness
  bool posted = false;        // a job is in the queue
  bool may_hold_data = false; // a read would probably not block

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
    fd.async_wait(stream_descriptor::wait_read,
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
      // A pipe gives all it has, so a short read has emptied it.
      may_hold_data = size == buffer.size();
      deliver({{buffer.data(), size}, false, {}});
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

  // Must come last on every path: the handler may close or destroy this object.
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
  state_->failure = take_over(state_->fd, number);
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

// A pending wait stays: it costs nothing, and the next read uses it.
void pipe_source::cancel() {
  state_->on_result = nullptr;
}

} // namespace container_agent::runtime
