#include "main/shim/shim_place.hpp"

#include "main/loop/system_call.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace container_agent::runtime {

namespace {

constexpr mode_t only_us = 0600;

// An address for paths of any length. If a path is too long for a socket's
// address, its folder is reached through a descriptor.
struct address {
  sockaddr_un name{};
  unique_fd folder;

  address(const std::string& directory, const std::string& path) {
    name.sun_family = AF_UNIX;
    constexpr auto room = sizeof name.sun_path - 1;
    auto text = path;
    if (text.size() > room) {
      folder.reset(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
      text = "/proc/self/fd/" + std::to_string(folder.get())
             + path.substr(directory.size());
    }
    text.copy(name.sun_path, room);
  }

  const sockaddr* get() const {
    return reinterpret_cast<const sockaddr*>(&name);
  }
};

unique_fd new_socket() {
  return unique_fd{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)};
}

[[noreturn]] void fail(const std::string& path, const std::string& what,
                       const std::string& advice) {
  throw shim_error{"the Claude that an earlier agent has left can't be taken "
                   "over at "
                   + path + ": " + what + ". " + advice};
}

} // namespace

shim_place::shim_place(const std::string& directory)
  : directory_{directory},
    path_{directory + "/shim.sock"},
    next_path_{path_ + ".next"} {}

unique_fd shim_place::connect() const {
  auto result = new_socket();
  if (!result)
    throw shim_error{"no socket: " + last_error().message()};
  ::setsockopt(result.get(), SOL_SOCKET, SO_RCVTIMEO, &longest_answer,
               sizeof longest_answer);
  ::setsockopt(result.get(), SOL_SOCKET, SO_SNDTIMEO, &longest_answer,
               sizeof longest_answer);
  address place{directory_, path_};
  if (without_interruption(
        [&] { return ::connect(result.get(), place.get(), sizeof place.name); })
      != 0) {
    if (errno == ENOENT || errno == ECONNREFUSED) // none, or a dead one
      return {};
    fail(path_, last_error().message(),
         "Look what is there, and remove it if it is no agent's.");
  }
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(result.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0
      || peer.uid != ::geteuid())
    fail(path_, "it belongs to user " + std::to_string(peer.uid),
         "Choose another directory: --state-dir.");
  return result;
}

unique_fd shim_place::prepare(shim_plan& plan) const {
  address place{directory_, next_path_};
  // An agent that was killed before `put_in_place` may have left one.
  if (::unlink(next_path_.c_str()) != 0 && errno != ENOENT)
    return {};
  auto result = new_socket();
  // bind(2) gives the file the socket's mode, so it is never more open.
  if (!result || ::fchmod(result.get(), only_us) != 0
      || ::bind(result.get(), place.get(), sizeof place.name) != 0
      || !find_at(next_path_, plan.at_path))
    return {};
  plan.listener = result.get();
  plan.path = path_;
  return result;
}

std::error_code shim_place::put_in_place() const {
  return ::rename(next_path_.c_str(), path_.c_str()) == 0 ? std::error_code{}
                                                          : last_error();
}

void shim_place::remove() const {
  ::unlink(path_.c_str());
  ::unlink(next_path_.c_str());
}

} // namespace container_agent::runtime
