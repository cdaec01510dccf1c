#include "main/storage/pipe_outlet.hpp"

#include "main/loop/fd.hpp"
#include "main/loop/stream_descriptor.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace container_agent::storage {

using runtime::event_loop;
using runtime::last_error;
using runtime::stream_descriptor;

struct pipe_outlet::state : std::enable_shared_from_this<state> {
  event_loop& loop;
  stream_descriptor fd;
  std::unique_ptr<cursor> from; // while open
  std::uint64_t position = 0;   // while not
  std::uint64_t limit = 0;
  notification notify;
  std::error_code failure;
  std::uint64_t opened = 0; // tells a wait on an earlier descriptor apart
  bool waiting = false;     // for room
  bool closing = false;     // once all has gone
  notification on_closed;

  explicit state(event_loop& l) : loop{l}, fd{l.io()} {}

  void close() {
    runtime::close_quietly(fd);
    if (from)
      position = from->position();
    from.reset();
    ++opened;
    waiting = false;
    closing = false;
  }

  bool all_gone() const { return !from || from->position() >= limit; }

  void move() {
    std::error_code error;
    while (!error && !all_gone()) {
      auto count = move_once(error);
      if (count == 0 && !error) // the log has no more
        break;
    }
    if (error == std::errc::resource_unavailable_try_again)
      wait();
    else if (error)
      fail(error);
    else if (closing)
      close_in_order();
  }

  ssize_t move_once(std::error_code& error) {
    try {
      auto count = from->move_to(fd.native_handle(), limit);
      if (count < 0)
        error = last_error();
      return count;
    } catch (const std::system_error& e) {
      error = e.code();
    } catch (const std::out_of_range&) {
      error = {ESTALE, std::generic_category()};
    }
    return -1;
  }

  void wait() {
    waiting = true;
    loop.before_waiting([self = shared_from_this(), id = opened] {
      if (self->opened == id)
        self->begin_wait();
    });
  }

  void begin_wait() {
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
    auto before = from->position();
    move();
    if (!failure && (!from || from->position() != before))
      notify_from_loop();
  }

  void close_in_order() {
    close();
    if (on_closed)
      loop.post(std::exchange(on_closed, nullptr));
  }

  void fail(std::error_code error) {
    close_in_order();
    failure = error;
    notify_from_loop();
  }

  // Always from the loop, because the receiver may replace the notification,
  // and with it the function that is running.
  void notify_from_loop() {
    loop.post([self = shared_from_this()] {
      if (auto call = self->notify)
        call();
    });
  }
};

pipe_outlet::pipe_outlet(event_loop& loop)
  : state_{std::make_shared<state>(loop)} {}

pipe_outlet::~pipe_outlet() {
  state_->notify = nullptr;
  close();
}

void pipe_outlet::open(int descriptor, std::unique_ptr<cursor> where) {
  close();
  state_->failure = {};
  state_->from = std::move(where);
  state_->limit = state_->from->position();
  if (auto error = runtime::take_over(state_->fd, descriptor))
    state_->fail(error);
}

void pipe_outlet::close() {
  state_->on_closed = nullptr;
  state_->close();
}

void pipe_outlet::close_when_gone(notification on_closed) {
  state_->on_closed = std::move(on_closed);
  if (state_->all_gone())
    state_->close_in_order();
  else
    state_->closing = true;
}

bool pipe_outlet::is_open() const {
  return state_->fd.is_open();
}

void pipe_outlet::let_go(std::uint64_t limit) {
  if (!is_open() || state_->closing)
    return;
  state_->limit = std::max(state_->limit, limit);
  if (!state_->waiting)
    state_->move();
}

std::uint64_t pipe_outlet::position() const {
  return state_->from ? state_->from->position() : state_->position;
}

void pipe_outlet::on_moved(notification notify) {
  state_->notify = std::move(notify);
}

std::error_code pipe_outlet::error() const {
  return state_->failure;
}

} // namespace container_agent::storage
