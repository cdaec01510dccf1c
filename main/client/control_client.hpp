#pragma once

#include "main/loop/fd.hpp"
#include "main/server/socket_place.hpp"
#include "messages/codec/control_message.hpp"

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace container_agent {

/// Why the agent could not be asked: one line, complete for a user.
struct client_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// … as nobody listens at its socket.
struct nobody_listens : client_error {
  using client_error::client_error;
};

/// A connection to the control socket of an agent. Blocking, with deadlines:
/// neither CAF nor Asio, so that a health check costs next to nothing.
class control_client {
public:
  /// Connects. All that is said has to be over after `timeout`. Throws
  /// `client_error`.
  control_client(std::string path, std::chrono::milliseconds timeout);

  /// Asks and waits for the answer. Throws `client_error`; if the agent does
  /// not answer in time, the text tells what its process does.
  codec::control_answer ask(const codec::control_request& request);

  /// Asks for the trace and hands on whole lines, as they come together, each
  /// with its LF. Ends when the agent closes the connection, when `take`
  /// returns false, when `stop` is readable, or when `output` is a pipe that
  /// nobody reads any more. Only the first line has to come within the timeout.
  /// Throws `client_error`.
  enum class follow_end { agent_has_ended, told_to_stop };
  using line_taker = std::function<bool(std::string_view lines)>;
  follow_end follow(const codec::trace_wish& wish, const line_taker& take,
                    int stop, int output);

  /// The agent's; 0 if it is in another PID namespace.
  std::int32_t pid() const { return pid_; }

  /// Waits until the agent's process has ended. False after `limit`. Throws
  /// `client_error` if that can't be seen from here.
  bool await_end(std::chrono::milliseconds limit);

private:
  using time_point = std::chrono::steady_clock::time_point;

  void connect();
  void send(std::string_view text);
  std::string receive();
  void wait_for(short events);
  [[noreturn]] void fail_silent() const;

  std::string path_;
  std::chrono::milliseconds timeout_;
  time_point deadline_;
  runtime::unique_fd socket_;
  runtime::unique_fd process_; // its pidfd
  std::int32_t pid_ = 0;
};

/// What the process does that does not answer, by its state in /proc: "it is
/// stopped …".
std::string describe_silence(char state);

} // namespace container_agent
