#pragma once

#include "main/loop/fd.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <system_error>

namespace container_agent::runtime {

/// Asio's stream descriptor, on the loop.
using stream_descriptor = boost::asio::posix::basic_stream_descriptor<
  boost::asio::io_context::executor_type>;

/// Gives it the descriptor `number` and makes that non-blocking; closes it on
/// failure.
inline std::error_code take_over(stream_descriptor& target, int number) {
  unique_fd owned{number};
  auto flags = ::fcntl(number, F_GETFL);
  if (flags < 0 || ::fcntl(number, F_SETFL, flags | O_NONBLOCK) < 0)
    return last_error();
  boost::system::error_code error;
  target.assign(number, error);
  if (!error)
    (void)owned.release();
  return error;
}

/// Whether it can be read, or has ended. Check this after each wait: Asio may
/// hand an event of a descriptor that was just closed to the one opened after
/// it.
inline bool is_readable(stream_descriptor& descriptor) {
  pollfd awaited{descriptor.native_handle(), POLLIN, 0};
  return ::poll(&awaited, 1, 0) > 0;
}

inline void close_quietly(stream_descriptor& target) {
  boost::system::error_code ignored;
  target.close(ignored);
}

} // namespace container_agent::runtime
