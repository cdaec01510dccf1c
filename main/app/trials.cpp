#include "main/app/trials.hpp"

#include "main/fifo/fifo_lock.hpp"
#include "main/fifo/fifo_path.hpp"
#include "main/loop/fd.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <optional>
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

// The nearest existing folder above `path`.
std::string nearest_folder(std::string path) {
  while (::access(path.c_str(), F_OK) != 0
         && path != runtime::directory_of(path))
    path = runtime::directory_of(path);
  return path;
}

// An unnamed file in a folder; nothing if that fails, which other checks
// report.
unique_fd nameless_file(const std::string& folder) {
  return unique_fd{
    ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)};
}

/// A system call that was refused, and how.
struct refusal {
  std::string call;
  std::error_code error;
};

// Moves bytes from a pipe into a file and on into a pipe. Also copies a pipe's
// content, which is how the log finds the end of a line.
std::optional<refusal> try_to_move(int file) {
  auto from = runtime::make_pipe(O_NONBLOCK);
  auto to = runtime::make_pipe(O_NONBLOCK);
  if (!from || !to || ::write(from.writer.get(), "x", 1) != 1)
    return refusal{"pipe2", last_error()};
  if (::tee(from.reader.get(), to.writer.get(), 1, SPLICE_F_NONBLOCK) != 1)
    return refusal{"tee", last_error()};
  loff_t at = 0;
  if (::splice(from.reader.get(), nullptr, file, &at, 1, SPLICE_F_NONBLOCK)
      != 1)
    return refusal{"splice", last_error()};
  if (::lseek(file, 0, SEEK_SET) != 0
      || ::splice(file, nullptr, to.writer.get(), nullptr, 1, SPLICE_F_NONBLOCK)
           != 1)
    return refusal{"splice", last_error()};
  return std::nullopt;
}

// Writes as much as a log needs at its start.
std::error_code try_to_fill(const std::string& folder) {
  constexpr std::size_t some = 64 * 1024;
  static const std::array<char, some> zeros{};
  auto file = nameless_file(folder);
  if (!file)
    return {};
  auto count = ::write(file.get(), zeros.data(), zeros.size());
  if (count == static_cast<ssize_t>(some))
    return {};
  return count < 0 ? last_error()
                   : std::make_error_code(std::errc::no_space_on_device);
}

std::uint64_t free_bytes(const std::string& folder) {
  struct statvfs status {};
  if (::statvfs(folder.c_str(), &status) != 0)
    return std::numeric_limits<std::uint64_t>::max();
  return std::uint64_t{status.f_bavail} * status.f_frsize;
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
  // Some file systems don't support unnamed files.
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
  auto all = found_ok("system calls", "", "all that are needed");
  if (settings.state.directory.empty())
    return all; // a copy will do, as nothing outlives the agent
  auto folder = nearest_folder(settings.state.directory);
  auto file = nameless_file(folder);
  auto refused = file ? try_to_move(file.get()) : std::nullopt;
  if (!refused)
    return all;
  return {verdict::warning,
          "system calls",
          refused->call,
          "is refused in " + folder + " (" + refused->error.message()
            + "): bytes are copied, and what is on its way when the agent is "
              "killed may be lost or come twice",
          "Use a disk and a container engine that allow it, or leave it so: "
          "only kill -9 does harm.",
          exit_code::graceful};
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

finding check_state_directory(const options& settings) {
  const auto& state = settings.state;
  const auto& path = state.directory;
  if (path.empty())
    return found_ok("state", "", "in memory; nothing outlives the agent");
  auto problem = [&](const std::string& detail,
                     exit_code code = exit_code::bad_pipe) {
    return finding{verdict::problem,
                   "state",
                   path,
                   detail,
                   "Correct it, or choose another one: --state-dir DIR; none: "
                   "in memory.",
                   code};
  };
  struct stat status {};
  auto there = ::lstat(path.c_str(), &status) == 0;
  if (!there && errno != ENOENT)
    return problem(last_error().message());
  if (there && !S_ISDIR(status.st_mode))
    return problem("is no folder");
  if (there && (status.st_uid != ::geteuid() || (status.st_mode & 022) != 0))
    return problem("must be this user's own, and nobody else's to write to");
  if (auto holder = runtime::fifo_lock{path + "/agent"}.holder();
      !holder.empty())
    return problem(holder, exit_code::already_running);
  auto folder = there ? path : nearest_folder(path);
  if (auto error = try_to_make_in(folder))
    return problem("can't be written: " + error.message());
  if (auto error = try_to_fill(folder))
    return problem("has no room: " + error.message());
  auto room = free_bytes(folder);
  if (auto needed = state.max_backlog + state.keep_events; room < needed)
    return {verdict::warning,
            "state",
            path,
            "has room for " + std::to_string(room >> 20) + " MiB, and may take "
              + std::to_string(needed >> 20) + " MiB",
            "Lower --max-backlog and --keep-events. On a full disk the agent "
            "and Claude wait for room, and lose nothing.",
            exit_code::graceful};
  return found_ok("state", path, there ? "is there" : "will be made");
}

} // namespace container_agent
