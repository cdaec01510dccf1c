#include "test/support/fifo.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace container_agent::test {

namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

struct stat stat_of(const std::filesystem::path& path) {
  struct stat st {};
  if (::lstat(path.c_str(), &st) != 0)
    fail(path.string());
  return st;
}

} // namespace

unique_fd open_fifo_reader(const std::filesystem::path& path) {
  unique_fd fd{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
  if (!fd)
    fail(path.string());
  return fd;
}

std::optional<unique_fd>
try_open_fifo_writer(const std::filesystem::path& path) {
  unique_fd fd{::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC)};
  if (fd)
    return fd;
  if (errno == ENXIO || errno == ENOENT)
    return std::nullopt;
  fail(path.string());
}

std::string kind_of(const std::filesystem::path& path) {
  struct stat st {};
  if (::lstat(path.c_str(), &st) != 0)
    return "missing";
  switch (st.st_mode & S_IFMT) {
    case S_IFIFO: return "fifo";
    case S_IFREG: return "regular";
    case S_IFLNK: return "symlink";
    case S_IFDIR: return "directory";
    case S_IFSOCK: return "socket";
    default: return "other";
  }
}

mode_t mode_of(const std::filesystem::path& path) {
  return stat_of(path).st_mode & 07777;
}

ino_t inode_of(const std::filesystem::path& path) {
  return stat_of(path).st_ino;
}

void make_fifo(const std::filesystem::path& path, mode_t mode) {
  if (::mkfifo(path.c_str(), mode) != 0 || ::chmod(path.c_str(), mode) != 0)
    fail(path.string());
}

void open_write_close(const std::filesystem::path& path, std::string_view bytes,
                      const deadline& until) {
  constexpr std::chrono::milliseconds nap{2};
  auto fd = try_open_fifo_writer(path);
  while (!fd) {
    if (until.passed())
      throw std::runtime_error("timed out: nobody reads " + path.string());
    std::this_thread::sleep_for(nap); // reason: a blocked open is no event
    fd = try_open_fifo_writer(path);
  }
  if (::fcntl(fd->get(), F_SETFL, 0) != 0) // from here on it blocks
    fail(path.string());
  while (!bytes.empty()) {
    auto n = ::write(fd->get(), bytes.data(), bytes.size());
    if (n > 0)
      bytes.remove_prefix(static_cast<std::size_t>(n));
    else if (errno != EINTR)
      fail(path.string());
  }
}

directory_watch::directory_watch(const std::filesystem::path& directory)
  : directory_watch(directory, IN_CREATE | IN_DELETE | IN_MOVE | IN_OPEN
                                 | IN_ATTRIB | IN_CLOSE) {}

directory_watch::directory_watch(const std::filesystem::path& path,
                                 unsigned events)
  : fd_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  if (!fd_ || ::inotify_add_watch(fd_.get(), path.c_str(), events) < 0)
    fail(path.string());
}

void directory_watch::drain() {
  char buffer[16384];
  while (::read(fd_.get(), buffer, sizeof(buffer)) > 0) {}
}

void directory_watch::wait_event(std::string_view what, const deadline& until) {
  pollfd fds[] = {{fd_.get(), POLLIN, 0}};
  if (::poll(fds, 1, until.poll_timeout()) == 0)
    throw std::runtime_error("timed out waiting for " + std::string{what});
  drain();
}

} // namespace container_agent::test
