#pragma once

#include "main/storage/log.hpp"

#include <sys/types.h>

#include <cstdint>
#include <functional>

namespace container_agent::storage {

/// A reader's position in a log. It is the offset of an open file description,
/// which splice(2) advances in the same call that moves the bytes. A process
/// that holds the same description therefore knows the exact position, at
/// whatever instruction the agent was killed.
class cursor {
public:
  /// Begins at `offset`.
  cursor(log& of, std::uint64_t offset);

  /// Continues with a description that an earlier agent left with a holder.
  /// `offset_of_file` is where its segment begins. Throws `log_error` if it is
  /// not part of this log.
  cursor(log& of, runtime::unique_fd description, std::uint64_t offset_of_file);

  cursor(const cursor&) = delete;
  cursor& operator=(const cursor&) = delete;

  std::uint64_t position() const { return position_; }

  /// Moves bytes before `limit` into a non-blocking pipe, as many as it takes.
  /// Struck ranges are skipped, except for the rest of a line that has begun.
  /// If splice(2) is refused it uses pread(2) and write(2), then sets the
  /// offset. Returns the number of bytes moved; 0: there are none; -1 with
  /// `errno`: EAGAIN: the pipe is full; EPIPE. Throws as `stream_log::read`.
  ssize_t move_to(int pipe, std::uint64_t limit);

  /// Moves the position.
  void seek(std::uint64_t offset);

  /// Called with each new description, and where its file begins, before the
  /// cursor moves on it; for the present one at once. For a holder.
  using holder = std::function<void(int description, std::uint64_t begins)>;
  void on_description(holder tell);

  /// Called with the position after each move, for a note that outlives all
  /// processes: see `position_page`.
  void on_position(std::function<void(std::uint64_t)> note);

  /// Whether splice(2) out of this log was refused. Then bytes written just
  /// before the agent is killed are written twice.
  bool copies() const { return copies_; }

private:
  void stand_at(std::uint64_t offset);
  void step_over_struck();
  ssize_t move_part(int pipe, std::size_t size);
  ssize_t copy_part(int pipe, std::size_t size);
  void note();

  log& log_;
  runtime::unique_fd file_;
  std::uint64_t begins_ = 0; // where the file of `file_` begins
  std::uint64_t position_ = 0;
  std::uint64_t begun_to_ = 0; // end of a struck line that has begun
  bool copies_ = false;
  holder tell_;
  std::function<void(std::uint64_t)> note_;
};

} // namespace container_agent::storage
