#pragma once

#include "actors/core/ports.hpp"
#include "main/loop/event_loop.hpp"
#include "main/storage/cursor.hpp"

#include <memory>

namespace container_agent::storage {

/// Moves a log into the writing end of a pipe (Claude's stdin), by a cursor. It
/// can be opened again.
class pipe_outlet final : public outlet {
public:
  explicit pipe_outlet(runtime::event_loop& loop);
  pipe_outlet(const pipe_outlet&) = delete;
  pipe_outlet& operator=(const pipe_outlet&) = delete;
  ~pipe_outlet() override;

  /// Takes ownership of the descriptor, makes it non-blocking, and continues at
  /// `where`. Forgets an earlier error and limit, and closes an earlier
  /// descriptor. The notification of `on_moved` stays.
  void open(int descriptor, std::unique_ptr<cursor> where);

  /// Closes at once and notifies nobody. The position stays.
  void close();

  /// Closes once everything before the limit was moved, which may be now.
  /// `on_closed` is called from the loop after that, or when the outlet has
  /// failed.
  void close_when_gone(notification on_closed = {});

  /// False before `open`, once closed, and after an error.
  bool is_open() const;

  /// No effect if it is not open, or once `close_when_gone` was called.
  void let_go(std::uint64_t limit) override;
  std::uint64_t position() const override;
  void on_moved(notification notify) override;
  std::error_code error() const override;

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace container_agent::storage
