#pragma once

#include "main/loop/fd.hpp"

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include <optional>
#include <stdexcept>
#include <string>

/// Unix domain sockets at a path: connecting and listening. Plain system calls,
/// because the agent and the subcommands that query it share this.
namespace container_agent::runtime {

/// A start-up error. Its text is complete for a user: what, where, why, and
/// what to do.
class socket_error : public std::runtime_error {
public:
  enum class kind {
    in_use,   ///< a running process listens there
    occupied, ///< something other than our socket is there
    unusable, ///< no permission, no such folder, a name too long, …
  };

  socket_error(kind why, const std::string& what)
    : std::runtime_error{what}, why_{why} {}

  kind why() const noexcept { return why_; }

private:
  kind why_;
};

/// The address of a path for bind(2) and connect(2). A socket's address holds
/// 107 bytes (`sun_path`, unix(7)); a longer path is reached through a
/// descriptor of its folder in /proc/self/fd, which stays open while this
/// object lives.
struct socket_name {
  /// Throws `socket_error`.
  explicit socket_name(const std::string& path);

  const sockaddr* get() const {
    return reinterpret_cast<const sockaddr*>(&address);
  }

  sockaddr_un address{};
  socklen_t length = 0;
  unique_fd folder;
};

/// The process at the other end of a connection.
struct socket_peer {
  pid_t pid = 0; ///< 0: in another PID namespace
  uid_t uid = 0;
};
std::optional<socket_peer> peer_of(int connection);

/// A listening socket at a path, and its file.
class socket_place {
public:
  /// Makes the socket and listens, with mode 0600 from the first moment,
  /// regardless of umask and default ACLs. Replaces what a dead agent has left.
  /// Throws `socket_error`, naming the process if a running one listens there.
  explicit socket_place(std::string path);

  /// Whether the path now leads to something else, or to nothing.
  bool moved() const;

  int listener() const { return listener_.get(); }
  const std::string& path() const { return path_; }

  /// Removes the file, unless it was replaced. Returns the error if that fails.
  std::error_code remove();

  /// Gives the listening socket away.
  unique_fd take_listener() { return std::move(listener_); }

  /// Checks whether one could be made, and changes nothing. Throws
  /// `socket_error`.
  static void check(const std::string& path);

private:
  bool bind_here();

  std::string path_;
  unique_fd listener_;
  dev_t device_ = 0;
  ino_t file_ = 0;
};

} // namespace container_agent::runtime
