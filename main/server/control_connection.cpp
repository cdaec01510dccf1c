#include "main/server/control_connection.hpp"

#include "actors/core/ports.hpp"
#include "messages/codec/control_message.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace container_agent::runtime {

control_connection::control_connection(event_loop& loop, unique_fd connected,
                                       connection_limit::slot slot,
                                       socket_peer peer,
                                       std::chrono::milliseconds patience,
                                       handlers h)
  : fd_{loop.io()},
    timer_{loop.io()},
    seat_{std::move(slot)},
    peer_{peer},
    patience_{patience},
    handlers_{std::move(h)} {
  fd_.assign(connected.get());
  (void)connected.release();
}

void control_connection::answer(std::string_view line) {
  id = 0;
  unsent_ += line;
  unsent_ += '\n';
  last_ = last_ || (at_end_ && received_.empty());
  write();
}

void control_connection::close() {
  timer_.cancel();
  if (!fd_.is_open())
    return;
  boost::system::error_code ignored;
  fd_.close(ignored);
  seat_ = nullptr;
  if (auto tell = std::exchange(handlers_.on_close, nullptr))
    tell(*this);
}

control_connection::rest control_connection::give_away() {
  rest result{unique_fd{::fcntl(fd_.native_handle(), F_DUPFD_CLOEXEC, 0)},
              seat_, std::move(received_)};
  close();
  return result;
}

// One timer, because only one thing is waited for at a time.
void control_connection::arm() {
  timer_.expires_after(patience_);
  timer_.async_wait([self = shared_from_this()](auto error) {
    // The handler may already have been queued when the timer was set again.
    if (error || !self->fd_.is_open() || self->id != 0
        || self->timer_.expiry() > std::chrono::steady_clock::now())
      return;
    if (self->unsent_.empty())
      self->refuse("nothing was asked in time");
    self->close();
  });
}

void control_connection::read() {
  arm();
  fd_.async_wait(descriptor::wait_read,
                 [self = shared_from_this()](auto error) {
                   if (!error && self->fd_.is_open())
                     self->on_readable();
                 });
}

void control_connection::on_readable() {
  char block[max_request];
  auto count = ::recv(fd_.native_handle(), block, sizeof block, MSG_DONTWAIT);
  if (count < 0 && errno != EAGAIN && errno != EINTR)
    return close();
  at_end_ = count == 0;
  if (count > 0)
    received_.append(block, static_cast<std::size_t>(count));
  look_for_request();
}

void control_connection::look_for_request() {
  auto begin = received_.find_first_not_of(" \t\r\n");
  received_.erase(0, begin);
  if (received_.empty())
    return at_end_ ? close() : read();
  if (received_.front() >= 'A' && received_.front() <= 'Z')
    return handlers_.on_http(*this);
  if (received_.front() != '{')
    return refuse("not a JSON object; this socket takes one a line");
  auto end = received_.find('\n');
  if (std::min(end, received_.size()) > max_request)
    return refuse("the request is longer than " + std::to_string(max_request)
                  + " bytes");
  if (end == std::string::npos && !at_end_)
    return read();
  request_ = received_.substr(0, end);
  received_.erase(0, end == std::string::npos ? end : end + 1);
  timer_.cancel();
  handlers_.on_request(*this);
}

void control_connection::refuse(std::string_view why) {
  last_ = true;
  received_.clear();
  unsent_ += codec::control_failed(why) + '\n';
  write();
}

void control_connection::write() {
  while (!unsent_.empty()) {
    auto count = ::send(fd_.native_handle(), unsent_.data(), unsent_.size(),
                        MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0 && errno != EAGAIN)
      return close(); // the client has gone
    if (count < 0) {
      arm();
      fd_.async_wait(descriptor::wait_write,
                     [self = shared_from_this()](auto error) {
                       if (!error && self->fd_.is_open())
                         self->write();
                     });
      return;
    }
    unsent_.erase(0, static_cast<std::size_t>(count));
  }
  last_ ? close() : look_for_request();
}

} // namespace container_agent::runtime
