#pragma once

#include "main/loop/connection_limit.hpp"
#include "main/loop/event_loop.hpp"
#include "main/loop/fd.hpp"
#include "main/server/socket_place.hpp"

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace container_agent::runtime {

/// One client of the control socket; see control_server.hpp for its life.
class control_connection
  : public std::enable_shared_from_this<control_connection> {
public:
  /// Called when a request is complete, and when the connection is over for any
  /// reason. Never called from within a call to the connection, except
  /// `answer`.
  struct handlers {
    std::function<void(control_connection&)> on_request;
    std::function<void(control_connection&)> on_close;

    /// The client speaks HTTP: its first byte is a capital letter.
    std::function<void(control_connection&)> on_http;
  };

  control_connection(event_loop& loop, unique_fd connected,
                     connection_limit::slot slot, socket_peer peer,
                     std::chrono::milliseconds patience, handlers h);

  /// Begins to read.
  void start() { read(); }

  void answer(std::string_view line);

  /// Sends the reason, and closes.
  void refuse(std::string_view why);

  void close();

  /// What another owner continues with; the connection closes.
  struct rest {
    unique_fd socket;
    connection_limit::slot slot;
    std::string received; ///< and not handled yet
  };
  rest give_away();

  /// No request is under way, so it may be closed to make room.
  bool idle() const { return id == 0; }

  const socket_peer& peer() const { return peer_; }
  const std::string& request() const { return request_; }

  /// For the server: the request that is under way; 0: none.
  std::uint64_t id = 0;

private:
  using descriptor = boost::asio::posix::basic_stream_descriptor<
    boost::asio::io_context::executor_type>;

  void read();
  void on_readable();
  void look_for_request();
  void write();
  void arm();

  descriptor fd_;
  boost::asio::steady_timer timer_;
  connection_limit::slot seat_;
  socket_peer peer_;
  std::chrono::milliseconds patience_;
  handlers handlers_;
  std::string received_;
  std::string request_;
  std::string unsent_;
  bool at_end_ = false; // the client has ended its side
  bool last_ = false;   // close once everything was sent
};

} // namespace container_agent::runtime
