#include "test/bench/chain.hpp"

#include "test/bench/host_io.hpp"
#include "test/bench/stream_json_echo.hpp"
#include "test/support/process_memory.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <system_error>

namespace container_agent::bench {

namespace {

constexpr std::string_view instance = "bench";
constexpr std::string_view log_name = "stderr.log";
constexpr off_t log_tail_bytes = 1500;

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

test::unique_fd open_or_fail(const std::filesystem::path& path, int flags) {
  test::unique_fd fd{::open(path.c_str(), flags | O_CLOEXEC, 0600)};
  if (!fd)
    fail(path);
  return fd;
}

std::vector<std::string> agent_command(const agent_setup& setup) {
  std::vector<std::string> result{setup.program,
                                  "--instance",
                                  std::string{instance},
                                  "--log-level",
                                  setup.log_level,
                                  "--health-interval",
                                  "0"};
  result.insert(result.end(), setup.more.begin(), setup.more.end());
  result.push_back("--claude-command");
  return result;
}

void resize(int pipe, int bytes) {
  if (bytes != 0 && ::fcntl(pipe, F_SETPIPE_SZ, bytes) < 0)
    fail("F_SETPIPE_SZ");
}

/// Ends a child that is ours or was inherited from a process that we killed.
void kill_and_reap(pid_t pid) {
  // Not ours (any more): the number may belong to anybody.
  if (::waitpid(pid, nullptr, WNOHANG) != 0)
    return;
  ::kill(pid, SIGKILL);
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {}
}

} // namespace

blueprint cats(int count) {
  blueprint result;
  result.commands.assign(static_cast<std::size_t>(count), {"cat"});
  return result;
}

blueprint echo_and_cat(const agent_setup& setup) {
  blueprint result;
  result.commands = {{setup.echo_program, std::string{echo_argument}}, {"cat"}};
  return result;
}

blueprint raw_agent(const agent_setup& setup) {
  auto command = agent_command(setup);
  command.insert(command.end(), {"cat", "--mode", "raw"});
  return {{std::move(command)}, true, 0, false};
}

blueprint stream_json_agent(const agent_setup& setup) {
  auto command = agent_command(setup);
  command.insert(command.end(),
                 {setup.echo_program, "--", std::string{echo_argument}});
  return {{std::move(command)}, true, 0, true};
}

process::process(const std::vector<std::string>& argv, int in, int out,
                 int err) {
  std::vector<char*> pointers;
  pointers.reserve(argv.size() + 1);
  for (const auto& argument : argv)
    pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  auto parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0)
    fail("fork");
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent)
      ::_exit(126);
    ::signal(SIGPIPE, SIG_DFL);
    ::dup2(in, STDIN_FILENO);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(err, STDERR_FILENO);
    ::execvp(pointers[0], pointers.data());
    ::dprintf(STDERR_FILENO, "cannot run %s: %s\n", pointers[0],
              std::strerror(errno));
    ::_exit(127);
  }
  pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
}

process::process(process&& other) noexcept
  : pid_(std::exchange(other.pid_, -1)), pidfd_(std::move(other.pidfd_)) {}

process::~process() {
  if (pid_ < 0)
    return;
  // Looked up before the kill, while they are still under it.
  auto orphans = test::descendants_of(pid_);
  kill_and_reap(pid_);
  for (auto orphan : orphans)
    kill_and_reap(orphan);
}

chain::chain(std::filesystem::path directory, blueprint what)
  : directory_(std::move(directory)), what_(std::move(what)) {
  std::filesystem::create_directory(directory_);
  for (auto way : {"in", "out"})
    if (::mkfifo(fifo(way).c_str(), 0600) != 0)
      fail(fifo(way));
  // Both ways for now: opens at once and no end of file before the start.
  input_ = open_or_fail(fifo("in"), O_RDWR);
  output_ = open_or_fail(fifo("out"), O_RDWR);
  log_ = open_or_fail(directory_ / log_name, O_RDWR | O_CREAT | O_APPEND);
}

std::filesystem::path chain::fifo(std::string_view way) const {
  std::string name{instance};
  name += '.';
  name += way;
  return directory_ / (name + ".fifo");
}

void chain::start() {
  if (what_.is_agent) {
    auto command = what_.commands.front();
    command.insert(command.begin() + 1, {"--pipe-dir", directory_});
    auto null = open_or_fail("/dev/null", O_RDWR);
    processes_.emplace_back(command, null.get(), null.get(), log_.get());
    return;
  }
  auto in = open_or_fail(fifo("in"), O_RDONLY);
  resize(in.get(), what_.pipe_bytes);
  resize(output(), what_.pipe_bytes);
  for (std::size_t i = 0; i < what_.commands.size(); ++i) {
    test::unique_fd out;
    test::unique_fd next;
    if (i + 1 == what_.commands.size()) {
      out = open_or_fail(fifo("out"), O_WRONLY);
    } else {
      int ends[2];
      if (::pipe2(ends, O_CLOEXEC) != 0)
        fail("pipe2");
      resize(ends[0], what_.pipe_bytes);
      next.reset(ends[0]);
      out.reset(ends[1]);
    }
    processes_.emplace_back(what_.commands[i], in.get(), out.get(), log_.get());
    in = std::move(next);
  }
}

void chain::start_and_probe(std::string_view probe) {
  start();
  if (what_.says_ready) {
    std::string said;
    while (said.find(R"("subtype":"ready")") == said.npos) {
      await_output();
      char part[4096];
      said.append(part, read_some(output(), part));
    }
  }
  if (!probe.empty()) {
    write_all(input(), probe);
    await_output();
    std::string answer(probe.size(), '\0');
    read_exactly(output(), answer);
    if (answer != probe)
      throw std::runtime_error("the first bytes came back changed");
  }
  let_go_of_far_ends();
}

void chain::stop() noexcept {
  processes_.clear();
}

void chain::let_go_of_far_ends() {
  input_ = open_or_fail(fifo("in"), O_WRONLY);
  output_ = open_or_fail(fifo("out"), O_RDONLY);
}

void chain::await_output() {
  std::vector<pollfd> waits{{output(), POLLIN, 0}};
  for (const auto& p : processes_)
    waits.push_back({p.pidfd(), POLLIN, 0});
  for (;;) {
    check_interrupted();
    if (::poll(waits.data(), waits.size(), -1) < 0) {
      if (errno == EINTR)
        continue;
      fail("poll");
    }
    if (waits.front().revents & POLLIN)
      return;
    throw std::runtime_error("a process ended too soon; its log:\n"
                             + log_tail());
  }
}

int chain::input_capacity() const {
  return ::fcntl(input(), F_GETPIPE_SZ);
}

std::vector<pid_t> chain::pids() const {
  std::vector<pid_t> result;
  for (const auto& p : processes_)
    result.push_back(p.pid());
  if (what_.is_agent)
    for (auto child : test::children_of(guard()))
      result.push_back(child);
  return result;
}

pid_t chain::guard() const {
  return test::children_of(head().pid()).at(0);
}

std::string chain::log_tail() const {
  auto size = ::lseek(log_.get(), 0, SEEK_END);
  auto from = std::max<off_t>(0, size - log_tail_bytes);
  std::string result(static_cast<std::size_t>(size - from), '\0');
  auto n = ::pread(log_.get(), result.data(), result.size(), from);
  result.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
  return result;
}

} // namespace container_agent::bench
