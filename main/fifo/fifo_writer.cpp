#include "main/fifo/fifo_writer.hpp"

#include "main/loop/stream_descriptor.hpp"

#include <cstdint>
#include <utility>

namespace container_agent::runtime {

// Shared with pending waits, which may outlive the writer.
struct fifo_writer::state : std::enable_shared_from_this<state> {
  stream_descriptor fd;
  std::uint64_t opened = 0; // tells a wait on an earlier descriptor apart
  handler on_room;          // set while the wait is under way
  handler on_abandoned;     // likewise

  explicit state(event_loop& loop) : fd{loop.io()} {}

  void close() {
    close_quietly(fd);
    ++opened;
    on_room = nullptr;
    on_abandoned = nullptr;
  }

  void wait(stream_descriptor::wait_type what, handler state::*which,
            handler call) {
    if (this->*which)
      return;
    this->*which = std::move(call);
    auto done = [self = shared_from_this(), id = opened,
                 which](boost::system::error_code error) {
      if (self->opened == id)
        std::exchange((*self).*which, nullptr)(error);
    };
    fd.async_wait(what, std::move(done));
  }
};

fifo_writer::fifo_writer(event_loop& loop)
  : state_{std::make_shared<state>(loop)} {}

fifo_writer::~fifo_writer() {
  close();
}

std::error_code fifo_writer::open(unique_fd opened) {
  close();
  boost::system::error_code error;
  state_->fd.assign(opened.get(), error);
  if (!error)
    (void)opened.release();
  return error;
}

void fifo_writer::close() {
  state_->close();
}

int fifo_writer::get() const {
  return state_->fd.is_open() ? state_->fd.native_handle() : -1;
}

void fifo_writer::when_room(handler on_room) {
  state_->wait(stream_descriptor::wait_write, &state::on_room,
               std::move(on_room));
}

// Linux reports an error condition to a writer without readers.
void fifo_writer::when_abandoned(handler on_abandoned) {
  state_->wait(stream_descriptor::wait_error, &state::on_abandoned,
               std::move(on_abandoned));
}

} // namespace container_agent::runtime
