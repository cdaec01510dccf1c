#include "main/loop/readable.hpp"

namespace container_agent::runtime {

std::error_code readable::open(int descriptor) {
  close();
  return take_over(fd, descriptor);
}

void readable::close() {
  close_quietly(fd);
  ++opened_;
  waiting_ = false;
  may_hold_data = false;
}

void readable::start() {
  if (waiting_ || posted_)
    return;
  if (fd.is_open() && !may_hold_data) {
    wait();
    return;
  }
  posted_ = true;
  loop.post([self = shared_from_this()] {
    self->posted_ = false;
    self->attempt();
  });
}

void readable::wait() {
  waiting_ = true;
  loop.before_waiting([self = shared_from_this(), id = opened_] {
    if (self->opened_ == id)
      self->begin_wait();
  });
}

void readable::begin_wait() {
  fd.async_wait(stream_descriptor::wait_read,
                [self = shared_from_this(), id = opened_](auto error) {
                  if (self->opened_ == id)
                    self->on_ready(error);
                });
}

void readable::on_ready(boost::system::error_code error) {
  waiting_ = false;
  if (error) {
    fail(error);
    return;
  }
  may_hold_data = true;
  attempt();
}

} // namespace container_agent::runtime
