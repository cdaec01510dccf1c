#include "main/storage/pipe_inlet.hpp"

#include "main/loop/fd.hpp"
#include "main/loop/readable.hpp"

#include <sys/ioctl.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace container_agent::storage {

using runtime::event_loop;
using runtime::last_error;

struct pipe_inlet::state final : runtime::readable {
  using readable::fd;

  log& into;
  handler on_result;
  std::error_code failure;

  state(event_loop& l, log& i) : readable{l}, into{i} {}

  void attempt() override {
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

  void fail(std::error_code error) override {
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
  state_->failure = state_->open(descriptor);
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
