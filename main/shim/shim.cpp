#include "main/shim/shim.hpp"

#include "main/shim/descendants.hpp"

#include <dirent.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <span>
#include <utility>

namespace container_agent::runtime {

namespace {

// The kernel sends this when the reaper dies. Any process may send it, so the
// shim checks its parent.
constexpr int reaper_died = SIGTERM;

constexpr int waiting_agents = 4;

// -- descriptors --------------------------------------------------------------

void close_from_to(unsigned first, unsigned last) {
  ::syscall(SYS_close_range, first, last, 0);
}

// For kernels and sandboxes without close_range(2).
void close_one_by_one(std::span<const int> spared) {
  auto* folder = ::opendir("/proc/self/fd");
  if (!folder)
    return;
  while (const auto* entry = ::readdir(folder))
    if (auto number = std::atoi(entry->d_name);
        number != ::dirfd(folder)
        && !std::binary_search(spared.begin(), spared.end(), number))
      ::close(number);
  ::closedir(folder);
}

// Otherwise the end of a pipe, a lock or a connection would wait for this
// process.
void close_all_but(std::span<int> spared) {
  std::sort(spared.begin(), spared.end());
  if (::syscall(SYS_close_range, ~0U, ~0U, 0) != 0)
    return close_one_by_one(spared);
  unsigned next = 0;
  for (auto number : spared) {
    if (number < 0)
      continue;
    auto spare = static_cast<unsigned>(number);
    if (spare > next)
      close_from_to(next, spare - 1);
    next = spare + 1;
  }
  close_from_to(next, ~0U);
}

// -- the reaper ---------------------------------------------------------------

[[noreturn]] void reap_after(pid_t shim) {
  close_all_but({});
  ::prctl(PR_SET_NAME, "agent-reaper");
  while (::waitpid(shim, nullptr, 0) < 0 && errno == EINTR) {}
  kill_children(steady_time::max());
  ::_exit(0);
}

// -- the shim -----------------------------------------------------------------

// Reaps all ended children except Claude. Returns whether Claude has ended; it
// stays a zombie, so that its pid is not reused.
bool claude_has_ended(pid_t claude) {
  for (;;) {
    siginfo_t ended{};
    if (::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0)
      return true; // there is none at all
    if (ended.si_pid == 0)
      return false;
    if (ended.si_pid == claude)
      return true;
    ::waitpid(ended.si_pid, nullptr, 0);
  }
}

// Returns Claude's wait status.
int kill_all(pid_t claude) {
  ::kill(-claude, SIGKILL);
  std::optional<int> status;
  kill_children(steady_time::max(), {}, [&](pid_t pid, int how) {
    if (pid == claude)
      status = how;
  });
  if (status)
    return *status;
  // Without /proc no child was found, not even Claude.
  int how = 0;
  return ::waitpid(claude, &how, 0) == claude ? how : 0;
}

class shim {
public:
  shim(const shim_plan& plan, pid_t reaper, pid_t claude);
  [[noreturn]] void run();

private:
  void greet(bool with_files);
  void accept_agent();
  void listen_to_agent();
  void agent_has_gone();
  void look_at_processes();
  void end_claude();
  [[noreturn]] void finish();

  const shim_plan& plan_;
  pid_t reaper_;
  pid_t claude_;
  unique_fd connection_;
  unique_fd listener_;
  unique_fd signals_;
  held_files files_;
  file_offsets begins_;
  std::optional<int> status_; // Claude's, once it has ended
};

shim::shim(const shim_plan& plan, pid_t reaper, pid_t claude)
  : plan_{plan},
    reaper_{reaper},
    claude_{claude},
    connection_{plan.connection},
    listener_{plan.listener},
    begins_{plan.begins} {
  std::array<int, held_count + 2> spared{plan.connection, plan.listener};
  for (std::size_t i = 0; i < held_count; ++i) {
    files_[i].reset(plan.files[i]);
    spared[i + 2] = plan.files[i];
  }
  close_all_but(spared);
  sigset_t awaited;
  ::sigemptyset(&awaited);
  ::sigaddset(&awaited, SIGCHLD);
  ::sigaddset(&awaited, reaper_died);
  signals_.reset(::signalfd(-1, &awaited, SFD_CLOEXEC | SFD_NONBLOCK));
}

void shim::run() {
  ::prctl(PR_SET_NAME, "agent-shim");
  // Listens here, so that SO_PEERCRED gives an agent the shim's pid.
  if (!signals_
      || (plan_.keep && ::listen(listener_.get(), waiting_agents) != 0))
    finish();
  greet(false);
  for (;;) {
    auto& other = connection_ ? connection_ : listener_;
    std::array<pollfd, 2> awaited{pollfd{signals_.get(), POLLIN, 0},
                                  pollfd{other.get(), POLLIN, 0}};
    if (::poll(awaited.data(), awaited.size(), -1) < 0)
      continue;
    if (awaited[0].revents != 0)
      look_at_processes();
    if (awaited[1].revents == 0)
      continue;
    if (connection_)
      listen_to_agent();
    else
      accept_agent();
  }
}

// The agent that started the shim already has all descriptors.
void shim::greet(bool with_files) {
  shim_message hello;
  hello.what = shim_message::kind::hello;
  hello.claude = claude_;
  hello.shim = ::getpid();
  hello.reaper = reaper_;
  hello.has_ended = status_.has_value() ? 1 : 0;
  hello.status = status_.value_or(0);
  hello.begins = begins_;
  hello.input_from = plan_.input_from;
  std::array<int, held_count> numbers{};
  for (std::size_t i = 0; i < held_count; ++i)
    numbers[i] = with_files ? files_[i].get() : -1;
  send_message(connection_.get(), hello, numbers);
}

void shim::accept_agent() {
  unique_fd fresh{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
  ucred peer{};
  socklen_t size = sizeof peer;
  if (!fresh
      || ::getsockopt(fresh.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0
      || peer.uid != ::geteuid())
    return;
  connection_ = std::move(fresh);
  greet(true);
}

void shim::listen_to_agent() {
  shim_message message;
  held_files files;
  if (!receive_message(connection_.get(), message, files)
      || message.version != shim_message::current_version)
    return agent_has_gone();
  switch (message.what) {
    case shim_message::kind::hold:
      for (std::size_t i = 0; i < held_count; ++i)
        if (files[i]) {
          files_[i] = std::move(files[i]);
          begins_[i] = message.begins[i];
        }
      return;
    case shim_message::kind::close_input:
      files_[index_of(held_file::input)].reset();
      return;
    case shim_message::kind::end: finish();
    case shim_message::kind::hello:
    case shim_message::kind::ended: return;
  }
}

// If an agent ends after starting this shim and before putting it in place, the
// earlier shim is still there, and this one finishes. The earlier one learns of
// the agent's end only after this one has closed what it inherited, so exactly
// one of the two stays.
void shim::agent_has_gone() {
  connection_.reset();
  shim_plan::identity now;
  if (!plan_.keep || !find_at(plan_.path, now)
      || now.device != plan_.at_path.device || now.file != plan_.at_path.file
      || now.made.tv_sec != plan_.at_path.made.tv_sec
      || now.made.tv_nsec != plan_.at_path.made.tv_nsec)
    finish();
}

void shim::look_at_processes() {
  signalfd_siginfo taken;
  while (::read(signals_.get(), &taken, sizeof taken) > 0) {}
  if (::getppid() != reaper_)
    finish();
  if (status_)
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {}
  else if (claude_has_ended(claude_))
    end_claude();
}

void shim::end_claude() {
  status_ = kill_all(claude_);
  shim_message end;
  end.what = shim_message::kind::ended;
  end.status = *status_;
  if (connection_)
    send_message(connection_.get(), end);
  if (!plan_.keep)
    ::_exit(0);
}

void shim::finish() {
  if (!status_)
    end_claude();
  ::_exit(0);
}

} // namespace

bool find_at(const std::string& path, shim_plan::identity& found) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0)
    return false;
  found = {info.st_dev, info.st_ino, info.st_mtim};
  return true;
}

bool fork_below_shim(const shim_plan& plan) {
  // Each has its own group, so that a SIGKILL to the group of the agent, or of
  // one of the two, does not reach the other. With `keep` also its own session,
  // so that a terminal that closes does not end it.
  if ((plan.keep ? ::setsid() : ::setpgid(0, 0)) < 0
      || ::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
    return false;
  auto reaper = ::getpid();
  auto below = ::fork();
  if (below < 0)
    return false;
  if (below > 0)
    reap_after(below);
  if (::setpgid(0, 0) != 0 || ::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0
      || ::prctl(PR_SET_PDEATHSIG, reaper_died) != 0)
    return false;
  if (::getppid() != reaper)
    ::_exit(127); // it died before that took effect
  auto parent = ::getpid();
  auto child = ::fork();
  if (child < 0)
    return false;
  if (child > 0)
    shim{plan, reaper, child}.run();
  if (::setpgid(0, 0) != 0 || ::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
    return false;
  if (::getppid() != parent)
    ::_exit(127);
  return true;
}

} // namespace container_agent::runtime
