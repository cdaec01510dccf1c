#include "main/fifo/fifo_path.hpp"

#include "main/fifo/pipe_info.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

namespace container_agent::runtime {

namespace {

// Other processes may change the path at the same time; each attempt then looks
// again.
constexpr int max_fifo_attempts = 8;

// While it lives, new files get exactly the requested mode. The umask belongs
// to the process, so this relies on there being one thread.
class exact_modes {
public:
  exact_modes() : before_{::umask(0)} {}
  exact_modes(const exact_modes&) = delete;
  exact_modes& operator=(const exact_modes&) = delete;
  ~exact_modes() { ::umask(before_); }

private:
  mode_t before_;
};

std::string octal(mode_t mode) {
  constexpr char digits[] = "01234567";
  return {'0', digits[(mode >> 6) & 7], digits[(mode >> 3) & 7],
          digits[mode & 7]};
}

std::string kind(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG: return "a regular file";
    case S_IFDIR: return "a directory";
    case S_IFLNK: return "a symbolic link";
    case S_IFBLK: return "a block device";
    case S_IFCHR: return "a character device";
    case S_IFSOCK: return "a socket";
    case S_IFIFO: return "a FIFO";
    default: return "something unknown";
  }
}

[[noreturn]] void fail(const std::string& path, const std::string& why) {
  throw fifo_error{"cannot use " + (path.empty() ? "an empty path" : path)
                   + " as a pipe: " + why};
}

[[noreturn]] void fail(const std::string& path, const std::string& what,
                       int error, const std::string& advice) {
  fail(path, what + ": " + std::strerror(error) + ". " + advice);
}

void require_alone(const std::string& path, const std::string& holder) {
  if (!holder.empty())
    throw fifo_in_use{"cannot use " + path + " as a pipe: " + holder
                      + ". Stop it, or choose another --instance or "
                        "--pipe-dir."};
}

[[noreturn]] void refuse(const std::string& path, mode_t found) {
  auto advice = S_ISLNK(found)
                  ? " Links are not followed, not even to a FIFO: name the "
                    "FIFO itself, or remove the link."
                  : " Move it away, or choose another path.";
  fail(path, kind(found) + " is there, not a FIFO." + advice);
}

// The file at `path`, links not followed; nothing if there is none.
std::optional<struct stat> look(const std::string& path) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) == 0)
    return found;
  if (errno == ENOENT)
    return std::nullopt;
  fail(path, "cannot look at it", errno,
       "Correct the path, or the permissions of its directory.");
}

// AT_EACCESS needs faccessat2(2), which old seccomp profiles deny. It only
// matters for a program with the set-uid bit.
bool may(const std::string& path, int what) {
  if (::getuid() == ::geteuid() && ::getgid() == ::getegid())
    return ::access(path.c_str(), what) == 0;
  return ::faccessat(AT_FDCWD, path.c_str(), what, AT_EACCESS) == 0;
}

void require_access(const std::string& path, const struct stat& found) {
  // Not checked by opening, which would wake up a process at the other end.
  if (may(path, R_OK | W_OK))
    return;
  fail(path,
       "no permission to read and write the FIFO (owner "
         + std::to_string(found.st_uid) + ":" + std::to_string(found.st_gid)
         + ", mode " + octal(found.st_mode) + "; this is user "
         + std::to_string(::geteuid()) + ":" + std::to_string(::getegid())
         + ")",
       errno,
       "Give both sides permission, or remove it and let the agent make it.");
}

// Adds search permission for all who may read or write there.
mode_t directory_mode(mode_t mode) {
  return 0700 | mode | ((mode & 0444) >> 2) | ((mode & 0222) >> 1);
}

std::string as_user() {
  return " for user id " + std::to_string(::geteuid());
}

void check_directory(const std::string& path, const std::string& directory) {
  struct stat found {};
  if (::stat(directory.c_str(), &found) == 0) {
    if (!S_ISDIR(found.st_mode))
      fail(path, directory + " is " + kind(found.st_mode)
                   + ", not a directory. Choose another directory.");
    if (!may(directory, W_OK | X_OK))
      fail(path, "nothing may be made in " + directory, errno,
           "Give the directory write permission" + as_user()
             + ", or choose another.");
    return;
  }
  if (errno != ENOENT || directory == directory_of(directory))
    fail(path, "cannot use the directory " + directory, errno,
         "Correct the path, or choose another directory.");
  check_directory(path, directory_of(directory));
}

void make_directory(const std::string& path, const std::string& directory,
                    mode_t mode) {
  struct stat found {};
  if (::stat(directory.c_str(), &found) == 0) {
    if (S_ISDIR(found.st_mode))
      return;
    fail(path, directory + " is " + kind(found.st_mode)
                 + ", not a directory. Choose another directory.");
  }
  if (errno == ENOENT && directory != directory_of(directory)) {
    make_directory(path, directory_of(directory), mode);
    exact_modes exactly;
    if (::mkdir(directory.c_str(), directory_mode(mode)) == 0
        || errno == EEXIST)
      return;
  }
  fail(path, "cannot make the directory " + directory, errno,
       "Make it yourself, with write permission" + as_user()
         + ", or choose another.");
}

// Returns whether it was made; false if something is there by now.
bool make_fifo(const std::string& path, mode_t mode) {
  exact_modes exactly;
  if (::mkfifo(path.c_str(), mode) == 0)
    return true;
  if (errno == EEXIST || errno == ENOENT) // ENOENT: the directory has gone
    return false;
  fail(path, "cannot make the FIFO", errno,
       "Give its directory write permission" + as_user()
         + ", or choose another.");
}

bool same_file(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

} // namespace

void make_directory_of(const std::string& path, mode_t mode) {
  make_directory(path, directory_of(path), mode);
}

fifo_path::fifo_path(std::string path, mode_t mode, int capacity)
  : path_{std::move(path)},
    mode_{mode & 0777},
    capacity_{capacity},
    lock_{path_} {}

void fifo_path::check() const {
  if (path_.empty())
    fail(path_, "give it a name.");
  auto found = look(path_);
  if (!found)
    check_directory(path_, directory_of(path_));
  else if (!S_ISFIFO(found->st_mode))
    refuse(path_, found->st_mode);
  else
    require_access(path_, *found);
  require_alone(path_, lock_.holder());
}

void fifo_path::prepare(event_log& log, std::string_view logger) {
  prepare();
  if (!lock_.fault().empty())
    log.write(log_level::warn, logger, "fifo_not_locked",
              {{"path", lock_.path()},
               {"error", lock_.fault()},
               {"effect", "a second agent would not be noticed"}});
}

void fifo_path::prepare() {
  if (path_.empty())
    fail(path_, "give it a name.");
  if (auto found = look(path_); found && !S_ISFIFO(found->st_mode))
    refuse(path_, found->st_mode);
  make_directory(path_, directory_of(path_), mode_);
  require_alone(path_, lock_.hold(mode_));
  auto made = false;
  for (int attempt = 0; attempt < max_fifo_attempts; ++attempt) {
    if (auto found = look(path_); found && !S_ISFIFO(found->st_mode))
      refuse(path_, found->st_mode);
    unique_fd anchor{::open(path_.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC)};
    struct stat found {};
    if (anchor && ::fstat(anchor.get(), &found) == 0
        && S_ISFIFO(found.st_mode)) {
      // A default ACL of the directory overrides the umask.
      if (made && (found.st_mode & 0777) != mode_
          && ::chmod(fifo_name(anchor.get()).c_str(), mode_) != 0)
        fail(path_, "cannot give the FIFO the mode " + octal(mode_), errno,
             "Choose another directory.");
      require_access(path_, found);
      anchor_ = std::move(anchor);
      made_ = made;
      complained_ = false;
      return;
    }
    if (!anchor && errno != ENOENT)
      fail(path_, "cannot look at it", errno, "Check the permissions.");
    if (!anchor) {
      make_directory(path_, directory_of(path_), mode_);
      made = make_fifo(path_, mode_);
    }
  }
  fail(path_, "what is there changes all the time. Look who does that.");
}

unique_fd fifo_path::open(int access) const {
  auto flags = access | O_NONBLOCK | O_CLOEXEC;
  unique_fd result{::open(fifo_name(anchor_.get()).c_str(), flags)};
  if (result && capacity_ > 0)
    ::fcntl(result.get(), F_SETPIPE_SZ, capacity_); // a refusal costs speed
  if (result || errno != ENOENT)
    return result;
  // Without /proc the path is used, if it still leads there.
  result.reset(::open(path_.c_str(), flags | O_NOFOLLOW));
  struct stat ours {
  }, opened{};
  if (result && ::fstat(anchor_.get(), &ours) == 0
      && ::fstat(result.get(), &opened) == 0 && !same_file(ours, opened)) {
    result.reset();
    errno = ENOENT;
  }
  return result;
}

bool fifo_path::moved() const {
  struct stat ours {
  }, found{};
  return ::fstat(anchor_.get(), &ours) != 0
         || ::lstat(path_.c_str(), &found) != 0 || !same_file(ours, found);
}

fifo_path::change fifo_path::refresh(event_log& log, std::string_view logger) {
  if (!moved()) {
    renew_lock(log, logger);
    return change::none;
  }
  try {
    prepare();
  } catch (const fifo_error& error) {
    if (!std::exchange(complained_, true))
      log.write(log_level::error, logger, "fifo_unusable",
                {{"path", path_}, {"error", error.what()}});
    return change::unusable;
  }
  log.write(log_level::warn, logger, "fifo_replaced",
            {{"path", path_}, {"made_again", made_}});
  return change::replaced;
}

void fifo_path::renew_lock(event_log& log, std::string_view logger) {
  auto holder = lock_.hold(mode_);
  if (holder.empty())
    complained_ = false;
  else if (!std::exchange(complained_, true))
    log.write(log_level::error, logger, "fifo_lock_lost",
              {{"path", lock_.path()}, {"error", holder}});
}

void fifo_path::remove(event_log& log, std::string_view logger) {
  if (!made_ || moved())
    return;
  made_ = false;
  if (::unlink(path_.c_str()) != 0 && errno != ENOENT)
    log.write(log_level::warn, logger, "fifo_not_removed",
              {{"path", path_}, {"error", std::strerror(errno)}});
}

std::string fifo_path::current_name() const {
  auto name = fifo_name(anchor_.get());
  return ::access(name.c_str(), F_OK) == 0 ? name : path_;
}

} // namespace container_agent::runtime
