#pragma once

#include "actors/core/ports.hpp"
#include "main/loop/event_loop.hpp"
#include "main/storage/log.hpp"

#include <memory>

namespace container_agent::storage {

/// Moves the reading end of a pipe (Claude's stdout) into a log. It can be
/// opened again with another descriptor. It waits for readiness and only then
/// moves, so `cancel` never loses a byte. While the log has no room (ENOSPC),
/// bytes stay in the pipe and the next move tries again.
class pipe_inlet final : public inlet {
public:
  pipe_inlet(runtime::event_loop& loop, log& into);
  pipe_inlet(const pipe_inlet&) = delete;
  pipe_inlet& operator=(const pipe_inlet&) = delete;
  ~pipe_inlet() override;

  /// Takes ownership of the descriptor and makes it non-blocking. Closes an
  /// earlier one, as `close` does.
  void open(int descriptor);

  /// Cancels an outstanding move and closes the descriptor. A move of a closed
  /// inlet finds the end.
  void close();

  /// Closes the descriptor; an outstanding move finds the end.
  void end();

  bool is_open() const;

  /// The end and errors are final, except while the log has `trouble`: that
  /// passes, and the next move tries again.
  void move(handler on_result) override;
  void cancel() override;
  std::size_t unread() const override;

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace container_agent::storage
