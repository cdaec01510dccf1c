#pragma once

#include "actors/ports.hpp"
#include "main/runtime/event_loop.hpp"

#include <sys/types.h>

#include <deque>
#include <memory>
#include <system_error>

namespace container_agent::runtime {

/// A way to write of its own, for a `pipe_sink` where a plain write(2) will not
/// do.
class piece_writer {
public:
  virtual ~piece_writer() = default;

  /// As write(2) of `piece` to the non-blocking pipe `to`: how many bytes of it
  /// are there now, or -1 with `errno` set.
  virtual ssize_t write(int to, const bytes& piece) = 0;

  /// This piece is not to be written after all; nothing before it waits.
  virtual void leave_out(const bytes& /*piece*/) {}
};

/// The writing end of a pipe as a `byte_sink`. It can be opened again and
/// again.
///
/// A write goes to the kernel at once if nothing is pending; what does not fit
/// waits and goes out, several pieces in one writev(2), when there is room.
class pipe_sink final : public byte_sink {
public:
  /// Pieces in one writev(2). More would not fit into a pipe anyway, unless
  /// they are tiny.
  static constexpr std::size_t max_pieces_per_write = 64;

  /// `writer`, if there is one, writes in place of write(2), a piece a call.
  explicit pipe_sink(event_loop& loop, piece_writer* writer = nullptr);
  pipe_sink(const pipe_sink&) = delete;
  pipe_sink& operator=(const pipe_sink&) = delete;
  ~pipe_sink() override;

  /// Takes the descriptor over and makes it non-blocking. Forgets an earlier
  /// error, and drops and closes what was open before. What `on_drained` was
  /// given stays.
  void open(int descriptor);

  /// Closes at once; pending bytes are dropped, nobody is notified.
  void close();

  /// Closes once nothing is pending, which may be now. `on_closed` is called
  /// from the loop when that has happened, or the sink has failed.
  void close_when_drained(notification on_closed = {});

  /// False before `open`, once closed, and after an error.
  bool is_open() const;

  /// What was not written yet, in order; the first may be the rest of a piece.
  /// Nothing is pending after this, and nobody is notified.
  std::deque<bytes> take_pending();

  /// Bytes that were taken and dropped, by `open`, `close` or an error, since
  /// the last call.
  std::size_t take_dropped();

  /// On a sink that is closed, or about to be, this is the error EPIPE.
  void write(bytes data) override;

  /// 0 after an error: the rest has been dropped.
  std::size_t pending() const override;

  /// `notify` is called when a write has left something pending and that has
  /// been written since, and when the sink has failed; not after a write that
  /// went out whole. An empty function is allowed.
  void on_drained(notification notify) override;

  std::error_code error() const override;

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace container_agent::runtime
