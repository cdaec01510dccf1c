#include "main/runtime/kept_spawn.hpp"

#include "main/runtime/exec_failure.hpp"
#include "main/runtime/fd.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <vector>

namespace container_agent::runtime {

namespace {

enum class step : int { setup, directory, exec };

// What the new process says if it fails; if it succeeds its end of the pipe
// closes without a word.
struct failure {
  step where = step::setup;
  int number = 0;
};

struct plan {
  std::string path;
  const char* directory = nullptr; ///< null: as it is
  std::vector<char*> arguments;
  std::vector<char*> environment;
  std::array<int, 3> streams{};
  int number = -1;
  int report = -1;
  pid_t agent = 0;
};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (const auto& text : texts)
    result.push_back(const_cast<char*>(text.c_str()));
  return result;
}

// -- in the new process: nothing but system calls -----------------------------

// By the kernel's own call: glibc refuses the two signals that it keeps for
// itself, and whoever started the agent may have had them ignored.
void default_signal_actions() {
  std::array<unsigned long, 4> default_action{}; // struct kernel_sigaction
  for (int signal = 1; signal < NSIG; ++signal)
    ::syscall(SYS_rt_sigaction, signal, default_action.data(), nullptr,
              (NSIG - 1) / 8);
}

bool write_number(int file) {
  std::array<char, 16> text{};
  auto end
    = std::to_chars(text.data(), text.data() + text.size(), ::getpid()).ptr;
  auto size = end - text.data();
  return ::write(file, text.data(), static_cast<std::size_t>(size)) == size;
}

step become(const plan& p) {
  default_signal_actions();
  if (::setsid() < 0)
    return step::setup;
  for (int number = 0; number < 3; ++number)
    if (::dup2(p.streams[static_cast<std::size_t>(number)], number) < 0)
      return step::setup;
  // In this order: an agent that is killed in between leaves no process that
  // the next one would not find.
  if (!write_number(p.number))
    return step::setup;
  if (::getppid() != p.agent)
    ::_exit(127);
  if (::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) != 0
      && errno != ENOSYS && errno != EPERM)
    return step::setup;
  if (p.directory != nullptr && ::chdir(p.directory) != 0)
    return step::directory;
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(p.path.c_str(), p.arguments.data(), p.environment.data());
  return step::exec;
}

[[noreturn]] void run(const plan& p) {
  failure failed{become(p), errno};
  [[maybe_unused]] auto told = ::write(p.report, &failed, sizeof(failed));
  ::_exit(127);
}

// -- in the agent -------------------------------------------------------------

// Our handlers write into a pipe that we read: they must not run over there.
pid_t fork_without_signals() {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &before);
  auto pid = ::fork();
  if (pid != 0)
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
  return pid;
}

child_process::launch_result failed(const child_command& command,
                                    std::error_code error,
                                    const std::string& reason) {
  auto text = "cannot run \"" + command.program + '"';
  if (!command.directory.empty())
    text += " in \"" + command.directory + '"';
  return {0, error, text + ": " + reason};
}

std::string describe(const child_command& command, const std::string& path,
                     step where, std::error_code error) {
  switch (where) {
    case step::exec:
      return describe_exec_failure(path, command.directory, error);
    case step::directory: return describe_directory_failure(error);
    case step::setup: break;
  }
  return "the new process could not be set up: " + error.message();
}

} // namespace

child_process::launch_result spawn_kept(const child_command& command,
                                        const keep_place& place) {
  auto program = find_program(command);
  if (program.error)
    return failed(command, program.error, program.reason);
  using stream = keep_place::stream;
  auto in = place.open_for_child(stream::in);
  auto out = place.open_for_child(stream::out);
  auto errors = place.open_for_child(stream::errors);
  auto number = place.open_number();
  std::array<int, 2> ends{};
  if (!in || !out || !errors || !number || ::pipe2(ends.data(), O_CLOEXEC) != 0)
    return failed(command, last_error(),
                  "its pipes can't be opened: " + last_error().message());
  unique_fd reader{ends[0]};
  unique_fd writer{ends[1]};
  plan p{program.path,
         command.directory.empty() ? nullptr : command.directory.c_str(),
         pointers(command.arguments),
         pointers(command.environment),
         {in.get(), out.get(), errors.get()},
         number.get(),
         writer.get(),
         ::getpid()};
  p.arguments.insert(p.arguments.begin(), p.path.data());
  p.arguments.push_back(nullptr);
  p.environment.push_back(nullptr);

  auto pid = fork_without_signals();
  if (pid == 0)
    run(p);
  if (pid < 0)
    return failed(command, last_error(),
                  "no new process: " + last_error().message());
  writer.reset();
  failure told;
  ssize_t count = 0;
  do
    count = ::read(reader.get(), &told, sizeof(told));
  while (count < 0 && errno == EINTR);
  if (count == 0)
    return {pid, {}, {}};
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {}
  place.open_number();
  std::error_code error{told.number, std::generic_category()};
  return failed(command, error,
                describe(command, program.path, told.where, error));
}

} // namespace container_agent::runtime
