#pragma once

#include "actors/core/ports.hpp"
#include "main/loop/event_loop.hpp"
#include "main/loop/file_watch.hpp"
#include "main/server/control_connection.hpp"
#include "main/server/request_queue.hpp"
#include "main/server/socket_place.hpp"
#include "messages/codec/control_message.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace container_agent::runtime {

/// The control socket: a Unix domain stream socket on the loop, for the agent's
/// own user and root. docs/control.md describes its protocol.
///
/// A connection's life:
///
///     state    waits for                    then
///     ──────────────────────────────────────────────────────────────────
///     reading  a whole line                 → asking
///              (at most `patience`)         no object, too long, too late:
///                                           told why, closed
///                                           HTTP, or `trace`: given away
///     asking   the queue's answer            → writing
///     writing  room in the socket           → reading, or closed if the
///              (at most `patience`)         client has said that it is done
///
/// A connection has one request under way at a time; the next one is not read
/// before that. If no slot is free, a new client gets that of the oldest
/// connection with nothing under way, which is told the reason and closed. If
/// there is none, the new client is told the reason and closed. Timers run only
/// while a connection is waited for, so an unused socket wakes nobody up.
class control_server {
public:
  /// How long a client may be silent, or leave its answer unread.
  static constexpr std::chrono::milliseconds default_patience{5000};

  /// They take over connections of other kinds; each may be missing.
  struct guests {
    /// Takes a connection that speaks HTTP, with the bytes received so far.
    std::function<void(control_connection::rest)> http;

    /// Takes a connection that wants to follow the trace.
    std::function<void(control_connection::rest, const codec::trace_wish&)>
      trace;

    /// Closes one of their idle connections; false if there is none.
    std::function<bool()> make_room;
  };

  /// `watch`: reports when the socket was removed, so that it is made again;
  /// null: it is not. Throws `socket_error`.
  control_server(event_loop& loop, event_log& log, request_queue& queue,
                 std::string path, guests others = {},
                 std::chrono::milliseconds patience = default_patience,
                 file_watch* watch = nullptr);
  control_server(const control_server&) = delete;
  control_server& operator=(const control_server&) = delete;
  ~control_server();

  /// For the end of the agent: closes all connections, and removes the socket's
  /// file unless it was replaced.
  void finish();

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace container_agent::runtime
