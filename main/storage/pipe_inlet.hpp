#pragma once

#include "actors/core/ports.hpp"
#include "main/loop/event_loop.hpp"
#include "main/storage/log.hpp"

#include <memory>

namespace container_agent::storage {

/// The reading end of a pipe (Claude's stdout), brought into a log. It can be
/// opened again and again, on another descriptor each time. It waits for
/// readiness and only then moves, so `cancel` never loses a byte. While the log
/// has no room (ENOSPC) a move waits, and is tried again with the next one; the
/// bytes stay in the pipe.
class pipe_inlet final : public inlet {
public:
  pipe_inlet(runtime::event_loop& loop, log& into);
  pipe_inlet(const pipe_inlet&) = delete;
  pipe_inlet& operator=(const pipe_inlet&) = delete;
  ~pipe_inlet() override;

  /// Takes the descriptor over and makes it non-blocking. Closes what was open
  /// before, as `close` does.
  void open(int descriptor);

  /// Gives an outstanding move up and closes the descriptor. A move of a closed
  /// inlet finds its end.
  void close();

  /// Closes the descriptor; an outstanding move finds the end.
  void end();

  bool is_open() const;

  /// The end and errors are final, but those of a log that has `trouble`: these
  /// pass, and the next move tries again.
  void move(handler on_result) override;
  void cancel() override;
  std::size_t unread() const override;

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace container_agent::storage
