#pragma once

#include "main/runtime/move_note.hpp"
#include "main/runtime/pipe_calls.hpp"
#include "main/runtime/pipe_sink.hpp"

namespace container_agent::runtime {

/// Writes a kept Claude's stdin, a FIFO. Claude ends at half a line, and the
/// next agent could not know where one was cut. So a line goes in one write(2)
/// where it can: up to PIPE_BUF bytes that is so always, and up to the FIFO's
/// capacity while the FIFO is empty. Where it can't, it is noted that a line is
/// under way.
class whole_lines final : public piece_writer {
public:
  whole_lines(move_note& note, pipe_calls& calls)
    : note_{note}, calls_{calls} {}

  ssize_t write(int to, const bytes& piece) override;

private:
  move_note& note_;
  pipe_calls& calls_;
};

} // namespace container_agent::runtime
