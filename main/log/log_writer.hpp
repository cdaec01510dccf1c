#pragma once

#include "main/loop/fd.hpp"

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace container_agent {

/// Writes whole lines to a descriptor and never waits for it: a reader of
/// stderr that has stopped must not stop the agent. A line that can't be
/// written now is dropped and counted; one that was begun is finished first
/// when there is room again, so lines stay whole.
class log_writer {
public:
  log_writer() = default;
  log_writer(const log_writer&) = delete;
  log_writer& operator=(const log_writer&) = delete;
  ~log_writer() { write_pending(); }

  /// Writes to a descriptor that belongs to somebody else, such as stderr. A
  /// pipe or terminal is opened anew if the system allows it: an own open file
  /// description can be non-blocking without making it so for everybody who
  /// shares the old one.
  void use(int fd);

  /// Appends to a file, made with mode 0640 if missing. Returns 0, or `errno`
  /// with what was used before still in use.
  int open(const std::string& path);

  /// Whether at least the beginning of a line can be written now. Finishes a
  /// line that was begun before.
  bool ready();

  /// Writes `line`, which ends in a LF. Returns false if it was dropped.
  bool write(std::string_view line);

  /// Lines dropped since the last call.
  std::uint64_t take_dropped() { return std::exchange(dropped_, 0); }

  /// Lines dropped that `take_dropped` has not told yet.
  std::uint64_t dropped() const { return dropped_; }

  /// Counts lines that never got here, or got here as a part of one.
  void count_dropped(std::uint64_t lines) { dropped_ += lines; }

  bool is_terminal() const;

private:
  void adopt(int fd);
  bool writable() const;
  ssize_t write_once(std::string_view text);
  bool write_pending();

  int fd_ = -1;
  runtime::unique_fd own_; ///< closed at the end; not set for somebody else's
  mode_t type_ = 0;        ///< S_IFREG, S_IFSOCK, …
  bool begun_ = false;     ///< a part of the line that is pending is out
  std::string pending_;    ///< the rest of a line that was begun
  bool torn_ = false;      ///< the rest of a begun line was lost
  std::uint64_t dropped_ = 0;
};

} // namespace container_agent
