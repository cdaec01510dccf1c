#pragma once

#include "actors/core/ports.hpp"
#include "main/loop/event_loop.hpp"
#include "main/loop/file_watch.hpp"
#include "main/server/control_connection.hpp"
#include "main/server/control_desk.hpp"
#include "main/server/socket_place.hpp"
#include "messages/codec/control_message.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace container_agent::runtime {

/// The control socket: a Unix domain stream socket on the loop, for the agent's
/// own user and for root. docs/control.md describes what is said on it.
///
/// A connection's life:
///
///     state    waits for                    then
///     ──────────────────────────────────────────────────────────────────
///     reading  a whole line                 → asking
///              (at most `patience`)         no object, too long, too late:
///                                           told why, closed
///                                           HTTP, or `trace`: given away
///     asking   the desk's answer            → writing
///     writing  room in the socket           → reading, or closed if the
///              (at most `patience`)         client has said that it is done
///
/// One request of a connection is under way at a time; the next one is not read
/// before. A client for whom there is no seat gets that of the oldest one that
/// has nothing under way, which is told so and closed; if there is none, it is
/// itself told so, and closed.
/// Timers run only while there is a connection that is waited for, so nobody
/// wakes up for a socket that is not used.
class control_server {
public:
  /// How long a client may be silent, or not read its answer.
  static constexpr std::chrono::milliseconds default_patience{5000};

  /// Who takes connections over. Without them there is no such thing here.
  struct guests {
    /// One that speaks HTTP, with what it has said so far.
    std::function<void(control_connection::rest)> http;

    /// One that wants to follow the trace.
    std::function<void(control_connection::rest, const codec::trace_wish&)>
      trace;

    /// Closes one of these that has nothing under way; false if there is none.
    std::function<bool()> make_room;
  };

  /// `watch`: tells when the socket was removed, so that it is made again;
  /// null: it is not. Throws `socket_error`.
  control_server(event_loop& loop, event_log& log, control_desk& desk,
                 std::string path, guests others = {},
                 std::chrono::milliseconds patience = default_patience,
                 file_watch* watch = nullptr);
  control_server(const control_server&) = delete;
  control_server& operator=(const control_server&) = delete;
  ~control_server();

  /// For the end of the agent: closes all connections, and removes the socket
  /// if it is still this one.
  void finish();

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace container_agent::runtime
