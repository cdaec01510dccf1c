#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace container_agent::test {

/// What /proc/<pid>/status says of a process.
struct process_memory {
  std::uint64_t rss_kib = 0;  ///< VmRSS: memory in use now.
  std::uint64_t peak_kib = 0; ///< VmHWM: the most that was ever in use.
  unsigned threads = 0;
};

/// Throws std::runtime_error when there is no such process.
process_memory memory_of(pid_t pid);

/// All the `Name: value` lines of /proc/<pid>/status.
std::map<std::string, std::string> status_of(pid_t pid);

/// The processes whose parent is `pid`.
std::vector<pid_t> children_of(pid_t pid);

/// Those, theirs, and so on; each before its own.
std::vector<pid_t> descendants_of(pid_t pid);

/// Is there a process with this number that is not a zombie?
bool is_alive(pid_t pid);

/// Was this built with AddressSanitizer? Its shadow memory makes every bar on
/// resident memory meaningless; such tests then check all but the bar.
constexpr bool sanitized() {
#if defined(__SANITIZE_ADDRESS__)
  return true;
#else
  return false;
#endif
}

} // namespace container_agent::test
