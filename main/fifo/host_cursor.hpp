#pragma once

#include "main/loop/content.hpp"
#include "main/storage/cursor.hpp"
#include "main/storage/log.hpp"

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace container_agent::runtime {

/// The cursor of an output whose readers come and go. From how many bytes were
/// not read of those that have gone it knows where the next reader begins: with
/// a whole line. Knows no FIFO. Throws as `storage::cursor`.
class host_cursor {
public:
  /// Raw bytes go on with the first one that was not read. The log must live as
  /// long.
  host_cursor(const storage::log& from, std::unique_ptr<storage::cursor> where,
              content kind);

  /// 1 MiB, as much as a FIFO itself can be made to hold without privileges:
  /// how far back a line may begin that is given again. The rest of a longer
  /// one is left out.
  static constexpr std::size_t max_line_start = 1024 * 1024;

  /// 1 MiB, as a reader that is as fast as we are must not keep the loop from
  /// everything else.
  static constexpr std::size_t max_at_once = 1024 * 1024;

  /// 2 MiB: what the log must keep before the position, so that this line and
  /// what a FIFO holds can go again.
  static constexpr std::size_t kept_before = 2 * max_line_start;

  std::uint64_t position() const { return cursor_->position(); }

  /// What has gone up to now was an earlier agent's, which may have struck
  /// lines of it that are not known any more. If any of it goes again, all
  /// behind `read_to` does.
  void distrust_behind(std::uint64_t read_to);

  /// As `storage::cursor::move_to`, at most `max_at_once` bytes. 0 while a line
  /// is being left out.
  ssize_t move_to(int pipe, std::uint64_t limit);

  /// Whether something before `limit` is still to go.
  bool waits(std::uint64_t limit) const;

  /// Up to where the last reader has read.
  std::uint64_t read_to(std::size_t unread) const;

  /// Whether it has stopped within a line that it would be given again.
  bool within_line(std::size_t unread) const;

  /// The last `unread` bytes go again, with the start of the line that they
  /// begin in, or without the rest of it. Returns how many had been read.
  std::uint64_t go_back(std::size_t unread) {
    return go_back(unread, position());
  }

  /// The same, of those that have gone before `gone`.
  std::uint64_t go_back(std::size_t unread, std::uint64_t gone);

  /// Whether the rest of a line is left out.
  bool cuts() const { return cuts_; }

  /// Leaves it out, as far as `limit`. Once the line has ended, returns how
  /// many bytes that were in all; also after a `go_back` by more than the log
  /// holds, which an earlier agent has left of another one.
  std::uint64_t skip_line(std::uint64_t limit);

private:
  std::uint64_t begin_of_last(std::uint64_t count, std::uint64_t gone) const;
  std::uint64_t surely_read(std::uint64_t at) const;
  std::uint64_t struck_between(std::uint64_t at, std::uint64_t to) const;
  std::optional<std::uint64_t> line_start(std::uint64_t at) const;

  const storage::log& from_;
  std::unique_ptr<storage::cursor> cursor_;
  content kind_;
  std::uint64_t distrusted_from_ = 0;
  std::uint64_t distrusted_to_ = 0;
  bool cuts_ = false;
  std::uint64_t skipped_ = 0; // and not yet told of
};

} // namespace container_agent::runtime
