#include "main/shim/descendants.hpp"

#include "main/loop/fd.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <utility>

namespace container_agent::runtime {

namespace {

constexpr std::size_t max_children = 256;

// Checks each number, because a /proc that was mounted for another pid
// namespace shows numbers that mean other processes here.
void add(std::vector<pid_t>& found, pid_t pid) {
  if (pid > 0 && found.size() < max_children && is_child(pid))
    found.push_back(pid);
}

// Numbers, each followed by a space. Needs CONFIG_PROC_CHILDREN in the kernel.
bool read_children_file(std::vector<pid_t>& found) {
  unique_fd file{::open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC)};
  if (!file)
    return false;
  std::array<char, 4096> buffer;
  pid_t number = 0;
  for (;;) {
    auto count = ::read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return count == 0;
    for (auto c : std::span{buffer.data(), static_cast<std::size_t>(count)}) {
      if (std::isdigit(static_cast<unsigned char>(c))) {
        number = number * 10 + (c - '0');
      } else {
        add(found, number);
        number = 0;
      }
    }
  }
}

// Asks for each number whether it is a child; needs no other file.
void scan_proc(std::vector<pid_t>& found) {
  auto* folder = ::opendir("/proc");
  if (!folder)
    return;
  while (const auto* entry = ::readdir(folder))
    add(found, std::atoi(entry->d_name));
  ::closedir(folder);
}

int milliseconds_until(steady_time until) {
  if (until == steady_time::max())
    return -1;
  using namespace std::chrono;
  auto left = ceil<milliseconds>(until - steady_clock::now()).count();
  return static_cast<int>(std::clamp<long long>(left, 0, INT_MAX));
}

} // namespace

steady_time kill_deadline() {
  return std::chrono::steady_clock::now() + std::chrono::seconds{1};
}

bool is_child(pid_t pid) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid), &info,
                  WEXITED | WNOHANG | WNOWAIT)
         == 0;
}

std::vector<pid_t> children() {
  std::vector<pid_t> found;
  if (!read_children_file(found)) {
    found.clear();
    scan_proc(found);
  }
  return found;
}

bool wait_for_end(std::span<const pid_t> pids, steady_time until) {
  std::vector<unique_fd> processes;
  std::vector<pollfd> entries;
  for (auto pid : pids) {
    unique_fd process{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
    if (!process)
      return true; // the caller looks again
    entries.push_back({process.get(), POLLIN, 0});
    processes.push_back(std::move(process));
  }
  for (;;) {
    auto count
      = ::poll(entries.data(), entries.size(), milliseconds_until(until));
    if (count >= 0 || errno != EINTR)
      return count > 0;
  }
}

bool kill_children(steady_time until, std::span<const pid_t> spared,
                   const std::function<void(pid_t, int)>& on_end) {
  for (;;) {
    auto found = children();
    std::erase_if(found, [spared](pid_t pid) {
      return std::find(spared.begin(), spared.end(), pid) != spared.end();
    });
    std::vector<pid_t> killed;
    for (auto pid : found)
      if (::kill(pid, SIGKILL) == 0)
        killed.push_back(pid);
    if (killed.empty())
      return found.empty();
    if (!wait_for_end(killed, until))
      return false;
    int status = 0;
    for (auto pid : found)
      if (::waitpid(pid, &status, WNOHANG) == pid && on_end)
        on_end(pid, status);
  }
}

} // namespace container_agent::runtime
