#pragma once

#include "messages/bytes.hpp"

#include <cstddef>
#include <deque>
#include <vector>

namespace container_agent::runtime {

/// The last bytes given to an output of lines: what its reader may not have
/// read yet, back to the start of the line in which it may have stopped. Tells
/// from where to write again for a new reader, so that it begins with a whole
/// line.
///
/// Pure arithmetic: it knows no descriptor. "Unread" are the last bytes given,
/// whether they wait in the FIFO or still in the port. Pieces are shared with
/// the queue that writes them, not copied.
class written_tail {
public:
  /// How far back the start of a torn line is kept: 1 MiB, as much as a FIFO
  /// itself can be made to hold without privileges. The start of a longer
  /// line is forgotten; its rest is then skipped instead of written again.
  static constexpr std::size_t max_line_start = 1024 * 1024;

  explicit written_tail(std::size_t line_start_limit = max_line_start);

  /// `piece` was given to the output, after all earlier ones.
  void append(bytes piece);

  /// Begins with what an earlier writer has left unread. Where the line began
  /// that it begins in is not known.
  void begin_within(bytes unread);

  /// What was given or comes next goes on with a line whose start is not known.
  void begin_in_line() { begins_line_ = false; }

  /// Forgets what is not needed as long as at most the last `unread` bytes may
  /// be unread. Keeps a line's start for up to the limit. Costs one look at
  /// each byte of a line without end, and at one byte of a whole line.
  void trim(std::size_t unread);

  /// Whether the `unread` last bytes begin at the start of a line.
  bool at_line_start(std::size_t unread) const;

  /// What a new reader gets.
  struct resumption {
    std::vector<bytes> pieces; ///< to be written, in place of what was unread
    std::size_t repeated = 0;  ///< of it, bytes an earlier reader had
    std::size_t cut = 0;       ///< unread bytes that are left out
    bool cut_goes_on = false;  ///< … and all that comes, up to the next LF
  };

  /// For a reader that comes after one that left `unread` bytes. Forgets what
  /// it returns, which is to be appended again as it is written, unless the
  /// line's start is gone: then forgets everything.
  resumption resume(std::size_t unread);

  /// Bytes held.
  std::size_t size() const { return size_; }

  /// Forgets everything. What comes next begins a line.
  void clear();

private:
  static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);

  // Offsets count from the first byte held.
  std::size_t line_start(std::size_t position) const;
  std::size_t line_end(std::size_t position) const;
  std::vector<bytes> from(std::size_t offset) const;
  void drop_front(std::size_t count);
  void drop_back(std::size_t count);
  void release_large_block(std::size_t unread);
  void clear_pieces();

  std::size_t limit_;
  std::deque<bytes> pieces_;
  std::size_t size_ = 0;
  bool begins_line_ = true;
  // The first pieces, known to hold no LF, and their bytes: not searched again.
  std::size_t searched_pieces_ = 0;
  std::size_t searched_bytes_ = 0;
};

} // namespace container_agent::runtime
