#include "main/fifo/fifo_lock.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace container_agent::runtime {

namespace {

// The holder may end and remove the file after it was opened and before it was
// locked; then try again.
constexpr int max_lock_attempts = 16;

// O_NONBLOCK, because a FIFO may be at the path.
constexpr int open_flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;

struct flock whole_file() {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

bool is_regular(const unique_fd& file) {
  struct stat found {};
  return ::fstat(file.get(), &found) == 0 && S_ISREG(found.st_mode);
}

// The kernel gives no pid if the holder's pid namespace is not visible from
// here.
std::string holder_of(const unique_fd& file) {
  auto lock = whole_file();
  if (::fcntl(file.get(), F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK)
    return {};
  if (lock.l_pid <= 0)
    return "another agent, in another container or pid namespace, uses it";
  return "another agent (pid " + std::to_string(lock.l_pid) + ") uses it";
}

} // namespace

fifo_lock::~fifo_lock() {
  // Remove the file before closing it: a process that opened it meanwhile then
  // sees that it has no name any more.
  if (file_ && leads_to(file_))
    ::unlink(path_.c_str());
}

std::string fifo_lock::holder() const {
  unique_fd file{::open(path_.c_str(), O_RDONLY | open_flags)};
  return file && is_regular(file) ? holder_of(file) : std::string{};
}

std::string fifo_lock::hold(mode_t mode) {
  if (file_ && leads_to(file_))
    return {};
  for (int attempt = 0; attempt < max_lock_attempts; ++attempt) {
    auto file = open_file(mode);
    if (!file || !is_regular(file)) {
      fault_ = file ? "it is no file" : last_error().message();
      // Another user owns it, but reading may be allowed.
      return holder();
    }
    auto lock = whole_file();
    if (::fcntl(file.get(), F_SETLK, &lock) == 0) {
      if (!leads_to(file))
        continue;
      fault_.clear();
      file_ = std::move(file);
      return {};
    }
    if (errno != EAGAIN && errno != EACCES) {
      fault_ = last_error().message();
      return {};
    }
    if (auto other = holder_of(file); !other.empty())
      return other;
  }
  return "other agents come and go there";
}

// Tries without O_CREAT first: in a folder with the sticky bit the kernel may
// refuse it for an existing file of another user (fs.protected_regular).
unique_fd fifo_lock::open_file(mode_t mode) const {
  for (int attempt = 0; attempt < max_lock_attempts; ++attempt) {
    unique_fd file{::open(path_.c_str(), O_RDWR | open_flags)};
    if (file || errno != ENOENT)
      return file;
    file.reset(
      ::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | open_flags, 0600));
    if (file)
      ::fchmod(file.get(), mode); // if refused, only the owner may use it
    if (file || errno != EEXIST)
      return file;
  }
  return {};
}

bool fifo_lock::leads_to(const unique_fd& file) const {
  struct stat ours {
  }, found{};
  return ::fstat(file.get(), &ours) == 0 && ::lstat(path_.c_str(), &found) == 0
         && ours.st_dev == found.st_dev && ours.st_ino == found.st_ino;
}

} // namespace container_agent::runtime
