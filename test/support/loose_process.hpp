#pragma once

#include "test/support/unique_fd.hpp"

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace container_agent::test {

/// A process that the agent has not started, with descriptors 0 and 1 as a
/// test wants them. Killed at the end of this object's life.
class loose_process {
public:
  struct options {
    std::vector<std::string> argv; ///< argv[0] is a path
    std::map<std::string, std::string> env;
    std::filesystem::path cwd; ///< empty: the test's own
    /// Runs in the new process and gives it its descriptors; system calls only.
    std::function<void()> arrange;
    uid_t user = 0; ///< if not 0, becomes this user
  };

  /// Returns once the program runs.
  explicit loose_process(const options& o);
  loose_process(loose_process&&) = delete;
  ~loose_process();

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

  /// It has not ended. Looks at this moment.
  [[nodiscard]] bool lives() const;

  void kill() const;

  /// Waits for the end and forgets the process.
  void wait_gone();

private:
  pid_t pid_ = -1;
};

/// Makes descriptor `number` be what `fd` is, and closes that.
void make_descriptor(int fd, int number);

/// For `arrange`: both FIFOs opened for reading and writing, so that nobody
/// waits and nobody sees an end.
std::function<void()> on_fifos(std::filesystem::path input,
                               std::filesystem::path output);

/// For `arrange`: anonymous pipes that nobody else has; the process itself
/// keeps the other end of its stdin.
std::function<void()> on_pipes();

} // namespace container_agent::test
