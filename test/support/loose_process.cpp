#include "test/support/loose_process.hpp"

#include "test/support/subprocess.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace container_agent::test {

namespace {

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (auto& s : strings)
    result.push_back(s.data());
  result.push_back(nullptr);
  return result;
}

[[noreturn]] void become(const loose_process::options& o, pid_t parent,
                         char** argv, char** envp) {
  if (!o.cwd.empty() && ::chdir(o.cwd.c_str()) != 0)
    ::_exit(126);
  if (o.arrange)
    o.arrange();
  if (o.user != 0 && ::setuid(o.user) != 0)
    ::_exit(126);
  // Behind setuid(2), which would clear it.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent)
    ::_exit(126);
  ::execve(argv[0], argv, envp);
  ::_exit(127);
}

} // namespace

loose_process::loose_process(const options& o) {
  auto argv = o.argv;
  std::vector<std::string> env;
  for (const auto& [name, value] : o.env)
    env.push_back(name + '=' + value);
  auto argv_pointers = pointers(argv);
  auto env_pointers = pointers(env);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    throw std::system_error(errno, std::generic_category(), "pipe2");
  unique_fd reader{ends[0]};
  unique_fd writer{ends[1]};
  auto parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0)
    throw std::system_error(errno, std::generic_category(), "fork");
  if (pid_ == 0)
    become(o, parent, argv_pointers.data(), env_pointers.data());
  writer.reset();
  // Closed by a successful exec, or by the end.
  char byte;
  while (::read(reader.get(), &byte, 1) < 0 && errno == EINTR) {}
}

loose_process::~loose_process() {
  if (pid_ <= 0)
    return;
  kill();
  ::waitpid(pid_, nullptr, 0);
}

bool loose_process::lives() const {
  siginfo_t info{};
  return pid_ > 0
         && ::waitid(P_PID, static_cast<id_t>(pid_), &info,
                     WEXITED | WNOHANG | WNOWAIT)
              == 0
         && info.si_pid == 0;
}

void loose_process::kill() const {
  ::kill(pid_, SIGKILL);
}

void loose_process::wait_gone() {
  test::wait_gone(pid_);
  ::waitpid(std::exchange(pid_, -1), nullptr, 0);
}

void make_descriptor(int fd, int number) {
  if (fd == number)
    return;
  ::dup2(fd, number);
  ::close(fd);
}

std::function<void()> on_fifos(std::filesystem::path input,
                               std::filesystem::path output) {
  return [input = std::move(input), output = std::move(output)] {
    make_descriptor(::open(input.c_str(), O_RDWR), 0);
    make_descriptor(::open(output.c_str(), O_RDWR), 1);
  };
}

std::function<void()> on_pipes() {
  return [] {
    int in[2];
    int out[2];
    if (::pipe(in) != 0 || ::pipe(out) != 0)
      ::_exit(126);
    make_descriptor(in[0], 0); // in[1] stays open
    make_descriptor(out[1], 1);
    ::close(out[0]);
  };
}

} // namespace container_agent::test
