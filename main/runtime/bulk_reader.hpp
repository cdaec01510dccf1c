#pragma once

#include "main/runtime/content.hpp"
#include "messages/bytes.hpp"

#include <sys/types.h>

#include <cstddef>
#include <memory>

namespace container_agent::runtime {

/// Reads a pipe whose bytes nobody looks at. While much comes at a time it is
/// not copied into the agent, and out again, but stays in the kernel: splice(2)
/// moves its pages into a pipe of the agent's own, a piece each, and from there
/// to where it is written (`write_piece`; docs/performance.md).
///
/// Little is read as always: a call that finds nothing more costs as much as
/// the copy. So is all that somebody looks at.
class bulk_reader {
public:
  explicit bulk_reader(content kind);
  bulk_reader(const bulk_reader&) = delete;
  bulk_reader& operator=(const bulk_reader&) = delete;
  ~bulk_reader();

  /// A read(2) has found so many bytes: whether the next piece is worth it.
  void has_read(std::size_t size);

  /// The next piece of the non-blocking pipe `from`, at most `read_size` bytes.
  /// Empty if read(2) is to tell what there is: little at a time, or nothing;
  /// or `from` is no pipe, or as many pieces are on their way as may be.
  bytes take(int from);

  /// Pieces on their way at a time, each in a pipe of 64 KiB. With 4 throughput
  /// is a sixth lower, with 16 it is the same.
  static constexpr std::size_t max_pieces = 8;

private:
  class shelf;
  class store;

  friend ssize_t write_piece(int to, const bytes& piece);

  content kind_;
  bool much_ = false;
  std::shared_ptr<shelf> shelf_;
};

/// As write(2) of `piece` to the non-blocking descriptor `to`, wherever its
/// bytes are.
ssize_t write_piece(int to, const bytes& piece);

} // namespace container_agent::runtime
