#pragma once

#include "main/loop/stream_kind.hpp"
#include "main/storage/cursor.hpp"
#include "main/storage/log.hpp"

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace container_agent::runtime {

/// The cursor of an output whose readers come and go. From the number of unread
/// bytes it computes where the next reader begins: with a whole line. Knows no
/// FIFO. Throws as `storage::cursor`.
class host_cursor {
public:
  /// Raw bytes continue with the first unread one. The log must outlive this
  /// object.
  host_cursor(const storage::log& from, std::unique_ptr<storage::cursor> where,
              stream_kind kind);

  /// 1 MiB, the most that a FIFO can hold without privileges: how far back a
  /// line that is given again may begin. The rest of a longer line is skipped.
  static constexpr std::size_t max_line_start = 1024 * 1024;

  /// 1 MiB: the most to move at once, so that a fast reader does not keep the
  /// loop from other work.
  static constexpr std::size_t max_at_once = 1024 * 1024;

  /// 2 MiB: what the log must keep before the position, so that such a line and
  /// the FIFO's content can be written again.
  static constexpr std::size_t kept_before = 2 * max_line_start;

  std::uint64_t position() const { return cursor_->position(); }

  /// Bytes before the present position were moved by an earlier agent, which
  /// may have struck lines that are not known any more. If any of these bytes
  /// is written again, everything after `read_to` is.
  void distrust_behind(std::uint64_t read_to);

  /// As `storage::cursor::move_to`, but at most `max_at_once` bytes. Returns 0
  /// while a line is being skipped.
  ssize_t move_to(int pipe, std::uint64_t limit);

  /// Whether bytes before `limit` are still to be moved.
  bool waits(std::uint64_t limit) const;

  /// The offset up to which the last reader has read.
  std::uint64_t read_to(std::size_t unread) const;

  /// Whether it stopped within a line that would be given again.
  bool within_line(std::size_t unread) const;

  /// Goes back by `unread` bytes, and further to the start of the line there;
  /// or skips the rest of that line. Returns how many bytes of the line had
  /// been read.
  std::uint64_t go_back(std::size_t unread) {
    return go_back(unread, position());
  }

  /// The same for the bytes moved before `gone`.
  std::uint64_t go_back(std::size_t unread, std::uint64_t gone);

  /// Whether the rest of a line is being skipped.
  bool cuts() const { return cuts_; }

  /// Skips it, as far as `limit`. Once the line has ended, returns the total
  /// number of skipped bytes. Also used after a `go_back` by more than the log
  /// holds: those bytes are an earlier agent's, of another log.
  std::uint64_t skip_line(std::uint64_t limit);

private:
  std::uint64_t begin_of_last(std::uint64_t count, std::uint64_t gone) const;
  std::uint64_t surely_read(std::uint64_t at) const;
  std::uint64_t struck_between(std::uint64_t at, std::uint64_t to) const;
  std::optional<std::uint64_t> line_start(std::uint64_t at) const;

  const storage::log& from_;
  std::unique_ptr<storage::cursor> cursor_;
  stream_kind kind_;
  std::uint64_t distrusted_from_ = 0;
  std::uint64_t distrusted_to_ = 0;
  bool cuts_ = false;
  std::uint64_t skipped_ = 0; // not reported yet
};

} // namespace container_agent::runtime
