#include "main/server/socket_place.hpp"

#include "main/fifo/fifo_path.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace container_agent::runtime {

namespace {

using kind = socket_error::kind;

// Connections that may wait while the loop is busy; far more than the agent
// ever has.
constexpr int backlog = 64;

// Another process may put something there between two steps.
constexpr int max_socket_attempts = 8;

[[noreturn]] void fail(kind why, const std::string& path,
                       const std::string& text) {
  throw socket_error{why,
                     "cannot use " + path + " as the control socket: " + text};
}

[[noreturn]] void fail(const std::string& path, const std::string& what,
                       int error) {
  fail(kind::unusable, path,
       what + ": " + std::strerror(error)
         + ". Choose another place by --control-socket, or none.");
}

std::string file_name(const std::string& path) {
  auto slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

unique_fd new_socket() {
  return unique_fd{
    ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
}

// The umask belongs to the process, so this relies on there being one thread.
class no_umask {
public:
  no_umask() : before_{::umask(0)} {}
  no_umask(const no_umask&) = delete;
  no_umask& operator=(const no_umask&) = delete;
  ~no_umask() { ::umask(before_); }

private:
  mode_t before_;
};

// True also for a zombie. A process of another namespace (0) counts as alive.
bool has_died(const std::optional<socket_peer>& owner) {
  if (!owner || owner->pid <= 0)
    return false;
  unique_fd process{static_cast<int>(::syscall(SYS_pidfd_open, owner->pid, 0))};
  if (!process)
    return errno == ESRCH;
  pollfd end{process.get(), POLLIN, 0};
  return ::poll(&end, 1, 0) > 0;
}

/// Whether a socket is there that nobody listens to, and that may be removed.
/// Throws if the file must not be touched.
bool is_stale(const std::string& path, const socket_name& name) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) {
    if (errno == ENOENT)
      return false;
    fail(path, "cannot look at it", errno);
  }
  if (!S_ISSOCK(found.st_mode))
    fail(kind::occupied, path,
         "something that is no socket is there. Move it away, or choose "
         "another place by --control-socket.");
  auto client = new_socket();
  if (!client)
    fail(path, "cannot make a socket", errno);
  auto connected = ::connect(client.get(), name.get(), name.length) == 0;
  auto error = errno;
  if (!connected && error == ECONNREFUSED)
    return true;
  if (!connected && error == ENOENT)
    return false;
  // EAGAIN: no room for more connections, so its owner is alive.
  if (!connected && error != EAGAIN)
    fail(path, "cannot tell whether its owner lives", error);
  auto owner = connected ? peer_of(client.get()) : std::nullopt;
  // A process that the dead owner had forked, and that has not called exec(2)
  // yet, holds the socket for a moment.
  if (has_died(owner))
    return true;
  fail(kind::in_use, path,
       (owner && owner->pid > 0 ? "process " + std::to_string(owner->pid)
                                : std::string{"another agent"})
         + " listens there. Stop that one, or give this one another "
           "--instance, --pipe-dir or --control-socket.");
}

} // namespace

socket_name::socket_name(const std::string& path) {
  address.sun_family = AF_UNIX;
  constexpr auto room = sizeof address.sun_path - 1;
  auto text = path;
  if (path.empty())
    fail(kind::unusable, "an empty path", "give it a name.");
  if (text.size() > room) {
    folder.reset(
      ::open(directory_of(path).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!folder)
      fail(path, "cannot open its folder", errno);
    text
      = "/proc/self/fd/" + std::to_string(folder.get()) + '/' + file_name(path);
  }
  if (text.size() > room)
    fail(kind::unusable, path,
         "the name of its file is too long for a socket. Shorten --instance, "
         "or give --control-socket a file name of at most 80 bytes.");
  text.copy(address.sun_path, room);
  length = static_cast<socklen_t>(sizeof address.sun_family + text.size() + 1);
}

std::optional<socket_peer> peer_of(int connection) {
  ucred found{};
  socklen_t size = sizeof found;
  if (::getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &found, &size) != 0)
    return std::nullopt;
  return socket_peer{found.pid, found.uid};
}

socket_place::socket_place(std::string path) : path_{std::move(path)} {
  for (int attempt = 0; attempt < max_socket_attempts; ++attempt)
    if (bind_here())
      return;
  fail(kind::unusable, path_,
       "what is there changes all the time. Look who does that.");
}

bool socket_place::bind_here() {
  socket_name name{path_};
  if (is_stale(path_, name) && ::unlink(path_.c_str()) != 0 && errno != ENOENT)
    fail(path_, "cannot remove what a dead agent has left", errno);
  listener_ = new_socket();
  if (!listener_)
    fail(path_, "cannot make a socket", errno);
  // bind(2) gives the file the socket's mode, so it is never more open.
  if (::fchmod(listener_.get(), 0600) != 0)
    fail(path_, "cannot set its mode", errno);
  {
    no_umask exactly;
    if (::bind(listener_.get(), name.get(), name.length) != 0) {
      if (errno == EADDRINUSE)
        return false;
      fail(path_, "cannot make it", errno);
    }
  }
  if (::listen(listener_.get(), backlog) != 0)
    fail(path_, "cannot listen", errno);
  struct stat made {};
  if (::lstat(path_.c_str(), &made) != 0)
    return false; // another process has removed it again
  device_ = made.st_dev;
  file_ = made.st_ino;
  return true;
}

bool socket_place::moved() const {
  struct stat found {};
  return ::lstat(path_.c_str(), &found) != 0 || found.st_dev != device_
         || found.st_ino != file_;
}

std::error_code socket_place::remove() {
  if (moved())
    return {};
  return ::unlink(path_.c_str()) == 0 || errno == ENOENT ? std::error_code{}
                                                         : last_error();
}

void socket_place::check(const std::string& path) {
  struct stat found {};
  auto folder = directory_of(path);
  // A missing folder is made later; other faults show when the socket is used.
  if (::stat(folder.c_str(), &found) != 0)
    return;
  (void)is_stale(path, socket_name{path});
}

} // namespace container_agent::runtime
