#pragma once

#include "main/storage/log.hpp"

#include <sys/types.h>

#include <cstdint>
#include <functional>

namespace container_agent::storage {

/// A reader's place in a log: the offset of an open file description, which
/// splice(2) moves on by itself in the same call that moves the bytes. So
/// whoever holds that description, too, knows the place after the agent was
/// killed, at whatever instruction.
class cursor {
public:
  /// Stands at `offset`.
  cursor(log& of, std::uint64_t offset);

  /// Goes on with a description that an earlier agent has left with a holder.
  /// `offset_of_file` is where its segment begins. Throws `log_error` if it is
  /// no part of this log.
  cursor(log& of, runtime::unique_fd description, std::uint64_t offset_of_file);

  cursor(const cursor&) = delete;
  cursor& operator=(const cursor&) = delete;

  std::uint64_t position() const { return position_; }

  /// Moves what lies before `limit` into a non-blocking pipe, as much as it
  /// takes, nothing that was struck: that is stepped over (but the rest of a
  /// line that had begun). Where splice(2) is refused: pread(2), write(2), and
  /// the offset after that. Returns bytes moved, or -1 with `errno`: EAGAIN:
  /// the pipe is full; EPIPE. 0: nothing to move. Throws as `stream_log::read`.
  ssize_t move_to(int pipe, std::uint64_t limit);

  /// Goes to another place.
  void seek(std::uint64_t offset);

  /// Called with each new description before the cursor moves on it (and with
  /// the present one at once), and where its file begins: for a holder.
  using holder = std::function<void(int description, std::uint64_t begins)>;
  void on_description(holder tell);

  /// Called with the position after each move, for a note that outlives all
  /// processes: see `position_page`.
  void on_position(std::function<void(std::uint64_t)> note);

  /// Whether splice(2) out of this log was refused. Bytes that were written
  /// just before the agent is killed come twice then.
  bool copies() const { return copies_; }

private:
  void stand_at(std::uint64_t offset);
  void step_over_struck();
  ssize_t move_part(int pipe, std::size_t size);
  ssize_t copy_part(int pipe, std::size_t size);
  void note();

  log& log_;
  runtime::unique_fd file_;
  std::uint64_t begins_ = 0; // the file of `file_`
  std::uint64_t position_ = 0;
  std::uint64_t begun_to_ = 0; // the end of a struck line that had begun
  bool copies_ = false;
  holder tell_;
  std::function<void(std::uint64_t)> note_;
};

} // namespace container_agent::storage
