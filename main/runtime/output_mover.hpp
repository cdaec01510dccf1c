#pragma once

#include "main/runtime/move_note.hpp"
#include "main/runtime/pipe_calls.hpp"
#include "main/runtime/pipe_sink.hpp"

#include <cstdint>

namespace container_agent::runtime {

/// Writes the host's output where Claude outlives the agent (`--keep-claude`).
/// A piece with an `origin` is a copy of what Claude's FIFO still holds: it is
/// moved from there, and what lies before it in the FIFO (lines that the agent
/// has swallowed) thrown away. A piece without one, or whose origin was moved
/// before, is written as it is.
class output_mover final : public piece_writer {
public:
  output_mover(move_note& note, pipe_calls& calls)
    : note_{note}, calls_{calls} {}

  /// Claude's FIFO, non-blocking, and the position of its first byte.
  void from(int fifo) { fifo_ = fifo; }
  void begin_at(std::uint64_t position) { taken_ = position; }

  /// Bytes that have left the FIFO.
  std::uint64_t taken() const { return taken_; }

  /// Throws away what comes before this position: of the rest of a line that
  /// was ended, `to_end`: all.
  void drop_cut(std::uint64_t end, bool to_end);

  /// The host stands within a line of a child that has died, if in any: to end
  /// it cuts nothing.
  void forget_line();

  ssize_t write(int to, const bytes& piece) override;
  void leave_out(const bytes& piece) override;

private:
  bool throw_away(std::uint64_t size, bool ends_cut = false);
  ssize_t move(int to, std::string_view piece);
  ssize_t write_own(int to, std::string_view text);
  ssize_t end_line(int to);

  move_note& note_;
  pipe_calls& calls_;
  int fifo_ = -1;
  std::uint64_t taken_ = 0;
  bool line_is_dead_ = false;
};

} // namespace container_agent::runtime
