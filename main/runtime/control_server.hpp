#pragma once

#include "actors/ports.hpp"
#include "main/runtime/event_loop.hpp"
#include "main/runtime/socket_place.hpp"

#include <chrono>
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
///     asking   `answer`                     → writing
///     writing  room in the socket           → reading, or closed if the
///              (at most `patience`)         client has said that it is done
///
/// One request of a connection is under way at a time; the next one is not read
/// before. Timers run only while there is a connection that is waited for, so
/// nobody wakes up for a socket that is not used.
class control_server final : public control_port {
public:
  /// One more is told so, and closed.
  static constexpr std::size_t max_connections = 16;

  /// How long a client may be silent, or not read its answer.
  static constexpr std::chrono::milliseconds default_patience{5000};

  /// Throws `socket_error`.
  control_server(event_loop& loop, event_log& log, std::string path,
                 std::chrono::milliseconds patience = default_patience);
  control_server(const control_server&) = delete;
  control_server& operator=(const control_server&) = delete;
  ~control_server() override;

  std::optional<request> next() override;
  void answer(std::uint64_t id, std::string_view line) override;
  void take_back() override;
  std::size_t connections() const override;
  void on_request(notification notify) override;

  /// For the end of the agent: closes all connections, and removes the socket
  /// if it is still this one.
  void finish();

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace container_agent::runtime
