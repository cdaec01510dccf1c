#include "main/storage/pipe_inlet.hpp"

#include "main/loop/fd.hpp"
#include "main/loop/stream_descriptor.hpp"
#include "messages/agent_assert.hpp"

#include <sys/ioctl.h>

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

namespace container_agent::storage {

using runtime::event_loop;
using runtime::last_error;
using runtime::stream_descriptor;

// Shared with pending handlers and jobs, which may outlive the inlet.
struct pipe_inlet::state : std::enable_shared_from_this<state> {
  event_loop& loop;
  log& into;
  stream_descriptor fd;
  handler on_result;
  std::error_code failure;
  std::uint64_t opened = 0;   // tells a wait on an earlier descriptor apart
  bool waiting = false;       // for readiness
  bool posted = false;        // a job is in the queue
  bool may_hold_data = false; // a move would probably not block

  state(event_loop& l, log& i) : loop{l}, into{i}, fd{l.io()} {}

  void close() {
    runtime::close_quietly(fd);
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
      deliver({0, !failure, failure});
      return;
    }
    ssize_t count = 0;
    std::error_code error;
    try {
      count = into.take_from(fd.native_handle(), read_size);
      if (count < 0)
        error = last_error();
    } catch (const std::system_error& e) {
      error = e.code();
    }
    if (count > 0) {
      auto size = static_cast<std::size_t>(count);
      AGENT_ASSERT(size <= read_size);
      // A pipe gives all it has, so a short move has emptied it.
      may_hold_data = size == read_size;
      deliver({size, false, {}});
    } else if (!error) {
      close();
      deliver({0, true, {}});
    } else if (error == std::errc::resource_unavailable_try_again) {
      may_hold_data = false;
      start();
    } else if (into.trouble().empty()) {
      fail(error);
    } else {
      deliver({0, false, error});
    }
  }

  void fail(std::error_code error) {
    close();
    failure = error;
    if (on_result)
      deliver({0, false, failure});
  }

  // Must come last on every path: the handler may close or destroy this object.
  void deliver(const result& found) {
    auto call = std::exchange(on_result, nullptr);
    call(found);
  }
};

pipe_inlet::pipe_inlet(event_loop& loop, log& into)
  : state_{std::make_shared<state>(loop, into)} {}

pipe_inlet::~pipe_inlet() {
  close();
}

void pipe_inlet::open(int descriptor) {
  close();
  state_->failure = runtime::take_over(state_->fd, descriptor);
}

void pipe_inlet::close() {
  cancel();
  state_->close();
  state_->failure = {};
}

void pipe_inlet::end() {
  state_->close();
  state_->failure = {};
  if (state_->on_result)
    state_->start();
}

bool pipe_inlet::is_open() const {
  return state_->fd.is_open();
}

void pipe_inlet::move(handler on_result) {
  state_->on_result = std::move(on_result);
  state_->start();
}

// A pending wait stays: it costs nothing, and the next move uses it.
void pipe_inlet::cancel() {
  state_->on_result = nullptr;
}

std::size_t pipe_inlet::unread() const {
  int count = 0;
  if (!is_open() || ::ioctl(state_->fd.native_handle(), FIONREAD, &count) != 0)
    return 0;
  return static_cast<std::size_t>(count);
}

} // namespace container_agent::storage
