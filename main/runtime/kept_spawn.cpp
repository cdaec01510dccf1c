#include "main/runtime/kept_spawn.hpp"

#include "main/runtime/fd.hpp"
#include "main/runtime/launch_failure.hpp"
#include "main/runtime/new_process.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <vector>

namespace container_agent::runtime {

namespace {

// What the new process says if it fails; if it succeeds its end of the pipe
// closes without a word.
struct failure {
  launch_step where = launch_step::setup;
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

bool write_number(int file) {
  std::array<char, 16> text{};
  auto end
    = std::to_chars(text.data(), text.data() + text.size(), ::getpid()).ptr;
  auto size = end - text.data();
  return ::write(file, text.data(), static_cast<std::size_t>(size)) == size;
}

launch_step become(const plan& p) {
  default_signal_actions();
  if (::setsid() < 0 || !take_streams(p.streams))
    return launch_step::setup;
  // In this order: an agent that is killed in between leaves no process that
  // the next one would not find.
  if (!write_number(p.number))
    return launch_step::setup;
  if (::getppid() != p.agent)
    ::_exit(127);
  close_all_but_three_on_exec();
  if (p.directory != nullptr && ::chdir(p.directory) != 0)
    return launch_step::directory;
  unblock_all_signals();
  ::execve(p.path.c_str(), p.arguments.data(), p.environment.data());
  return launch_step::exec;
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

} // namespace

child_process::launch_result spawn_kept(const child_command& command,
                                        const keep_place& place) {
  auto program = find_program(command);
  if (program.error)
    return launch_failed(command, program.error, program.reason);
  using stream = keep_place::stream;
  auto in = place.open_for_child(stream::in);
  auto out = place.open_for_child(stream::out);
  auto errors = place.open_for_child(stream::errors);
  auto number = place.open_number();
  auto report = make_pipe();
  if (!in || !out || !errors || !number || !report)
    return launch_failed(command, last_error(),
                         "its pipes can't be opened: "
                           + last_error().message());
  plan p{program.path,
         command.directory.empty() ? nullptr : command.directory.c_str(),
         pointers(command.arguments),
         pointers(command.environment),
         {in.get(), out.get(), errors.get()},
         number.get(),
         report.writer.get(),
         ::getpid()};
  p.arguments.insert(p.arguments.begin(), p.path.data());
  p.arguments.push_back(nullptr);
  p.environment.push_back(nullptr);

  auto pid = fork_without_signals();
  if (pid == 0)
    run(p);
  if (pid < 0)
    return launch_failed(command, last_error(),
                         "no new process: " + last_error().message());
  report.writer.reset();
  failure told;
  ssize_t count = 0;
  do
    count = ::read(report.reader.get(), &told, sizeof(told));
  while (count < 0 && errno == EINTR);
  if (count == 0)
    return {pid, {}, {}};
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {}
  place.open_number();
  std::error_code error{told.number, std::generic_category()};
  return launch_failed(
    command, error,
    describe_launch_failure(command, program.path, told.where, error));
}

} // namespace container_agent::runtime
