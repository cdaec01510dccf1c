#include "main/trials.hpp"

#include "main/runtime/fd.hpp"
#include "main/runtime/fifo_lock.hpp"
#include "main/runtime/fifo_place.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace container_agent {

namespace {

using runtime::last_error;
using runtime::unique_fd;
using verdict = finding::verdict;

finding found_ok(std::string what, std::string where, std::string detail) {
  return {verdict::ok, std::move(what),    std::move(where), std::move(detail),
          {},          exit_code::graceful};
}

finding check_output_file(std::string what, const std::string& path,
                          std::string advice) {
  auto there = ::access(path.c_str(), F_OK) == 0;
  auto error = try_to_append(path);
  if (!error)
    return found_ok(std::move(what), path,
                    there ? "will be appended to" : "will be made");
  return {verdict::problem,
          std::move(what),
          path,
          "can't be written: " + error.message(),
          std::move(advice),
          exit_code::bad_usage};
}

std::error_code try_pidfd() {
  unique_fd own{static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0))};
  return own ? std::error_code{} : last_error();
}

// One byte from a pipe into another one, as a copy or for good.
template <class Call>
std::error_code try_on_pipes(Call call) {
  auto from = runtime::make_pipe(O_NONBLOCK);
  auto to = runtime::make_pipe(O_NONBLOCK);
  if (!from || !to || ::write(from.writer.get(), "x", 1) != 1)
    return last_error();
  return call(from.reader.get(), to.writer.get()) == 1 ? std::error_code{}
                                                       : last_error();
}

std::error_code try_tee() {
  return try_on_pipes(
    [](int from, int to) { return ::tee(from, to, 1, SPLICE_F_NONBLOCK); });
}

std::error_code try_splice() {
  return try_on_pipes([](int from, int to) {
    return ::splice(from, nullptr, to, nullptr, 1, SPLICE_F_NONBLOCK);
  });
}

finding denied(const std::string& call, std::error_code error,
               const std::string& purpose) {
  return {verdict::problem,
          "system calls",
          call,
          "is denied (" + error.message() + "), and " + purpose,
          "The kernel or the container's seccomp profile is too old: use a "
          "newer engine, or a profile that allows "
            + call + " (docker run --security-opt seccomp=FILE).",
          exit_code::claude_not_found};
}

} // namespace

std::error_code try_to_make_in(const std::string& folder) {
  unique_fd file{
    ::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600)};
  if (file)
    return {};
  // Some file systems have no files without names.
  if (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)
    return ::access(folder.c_str(), W_OK | X_OK) == 0 ? std::error_code{}
                                                      : last_error();
  return last_error();
}

std::error_code try_to_append(const std::string& path) {
  unique_fd file{::open(path.c_str(), O_WRONLY | O_APPEND | O_NONBLOCK
                                        | O_CLOEXEC | O_NOCTTY)};
  if (file)
    return {};
  return errno == ENOENT ? try_to_make_in(runtime::directory_of(path))
                         : last_error();
}

finding check_system_calls(const options& settings) {
  if (auto error = try_pidfd())
    return denied("pidfd_open", error,
                  "without it Claude's end can't be noticed");
  if (!settings.claude.keep)
    return found_ok("system calls", "", "all that are needed");
  if (auto error = try_tee())
    return denied("tee", error, "--keep-claude needs it");
  if (auto error = try_splice())
    return denied("splice", error, "--keep-claude needs it");
  return found_ok("system calls", "", "all that are needed");
}

finding check_log_file(const std::string& path) {
  if (path.empty())
    return found_ok("log", "stderr", "");
  return check_output_file("log", path,
                           "Name another one: --log-file PATH; without it the "
                           "log goes to stderr.");
}

finding check_trace_file(const std::string& path) {
  return check_output_file("trace file", path,
                           "Name another one: --trace-file PATH, or leave it "
                           "out.");
}

finding check_trace_directory(const std::string& path) {
  auto there = ::access(path.c_str(), F_OK) == 0;
  auto error = try_to_make_in(there ? path : runtime::directory_of(path));
  if (!error)
    return found_ok("trace folder", path, there ? "" : "will be made");
  return {verdict::warning,
          "trace folder",
          path,
          "can't be written: " + error.message(),
          "Name another one for dumps of the trace: --trace-dir DIR.",
          exit_code::graceful};
}

finding check_keep_directory(const std::string& path) {
  auto problem = [&](const std::string& detail) {
    return finding{verdict::problem,
                   "kept Claude",
                   path,
                   detail,
                   "Correct it, or choose another one: --keep-dir DIR.",
                   exit_code::bad_pipe};
  };
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0)
    return errno == ENOENT ? found_ok("kept Claude", path, "will be made")
                           : problem(last_error().message());
  if (!S_ISDIR(status.st_mode))
    return problem("is no folder");
  if (status.st_uid != ::geteuid() || (status.st_mode & 022) != 0)
    return problem("must be this user's own, and nobody else's to write to");
  if (auto holder = runtime::fifo_lock{path + "/agent"}.holder();
      !holder.empty())
    return problem(holder);
  if (auto error = try_to_make_in(path))
    return problem("can't be written: " + error.message());
  return found_ok("kept Claude", path, "");
}

} // namespace container_agent
