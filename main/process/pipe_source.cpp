#include "main/process/pipe_source.hpp"

#include "main/loop/fd.hpp"
#include "main/loop/readable.hpp"
#include "main/loop/system_call.hpp"

#include <unistd.h>

#include <cerrno>
#include <utility>

namespace container_agent::runtime {

struct pipe_source::state final : readable {
  using readable::fd;
  using readable::readable;

  handler on_result;
  std::error_code failure;

  void attempt() override {
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

  void fail(std::error_code error) override {
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
  state_->failure = state_->open(number);
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
