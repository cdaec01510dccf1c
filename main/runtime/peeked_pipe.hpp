#pragma once

#include "actors/ports.hpp"
#include "main/runtime/event_loop.hpp"
#include "main/runtime/fd.hpp"
#include "main/runtime/move_note.hpp"
#include "main/runtime/pipe_sink.hpp"

#include <cstdint>
#include <memory>
#include <system_error>

namespace container_agent::runtime {

/// Claude's stdout, where Claude outlives the agent (`--keep-claude`). Reading
/// only looks: tee(2) copies what is in the FIFO, and the copy travels through
/// the agent with its `origin`. The bytes themselves leave the FIFO when they
/// are written to the host, by splice(2) from the one pipe into the other: at
/// each moment they are in exactly one of both, whenever the agent is killed.
///
/// It is the source of the copies, and has the writer of the host's output.
///
/// The pipe is held open for writing, too, so its end is never seen: whoever
/// knows that the writer is gone says so by `expect_end`.
class peeked_pipe final : public byte_source {
public:
  peeked_pipe(event_loop& loop, move_note& note);
  peeked_pipe(const peeked_pipe&) = delete;
  peeked_pipe& operator=(const peeked_pipe&) = delete;
  ~peeked_pipe() override;

  /// Takes the FIFO, open for reading and writing and non-blocking.
  std::error_code open(unique_fd fifo);

  /// Where in all that Claude says the FIFO begins. Before the first read.
  void begin_at(std::uint64_t position);

  void read(handler on_result) override;
  void cancel() override;

  /// No effect.
  void report_end(bool on) override;

  /// Whether the next read that finds nothing new finds the end.
  void expect_end(bool on);

  /// Whether to throw away what comes up to the next LF: the rest of a line
  /// that was ended (`move_note::line_cut`). Before the first read of a child.
  void skip_line(bool on);

  /// Another child comes: what the host has of a line is not of its own.
  void forget_line();

  /// What moves the bytes: an `output_mover`.
  piece_writer& writer();

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace container_agent::runtime
