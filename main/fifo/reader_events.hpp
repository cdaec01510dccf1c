#pragma once

#include "actors/core/ports.hpp"
#include "main/loop/file_watch.hpp"

#include <cstdint>
#include <string>
#include <system_error>

namespace container_agent::runtime {

/// What the readers of a FIFO do, as inotify(7) reports it: come, read, leave.
/// The leaving of a reader that also has it open for writing looks like a
/// writer's, and so does that of our own writer: call `collect` right after
/// closing it.
class reader_events {
public:
  explicit reader_events(file_watch& watch) : watch_{watch} {}
  reader_events(const reader_events&) = delete;
  reader_events& operator=(const reader_events&) = delete;

  /// Watches what `name` leads to, instead of an earlier FIFO. `on_event` is
  /// called from the loop.
  std::error_code start(const std::string& name, notification on_event);

  void stop() { subscription_.reset(); }
  bool started() const { return static_cast<bool>(subscription_); }

  /// Reads what has happened up to now, without calling `on_event`.
  void collect();

  /// Forgets what was collected so far.
  void forget() { since_read_ = 0; }

  /// Whether a reader has left since the last read: a reader that is there now
  /// has come after that.
  bool left_since_read() const;

  /// Whether the last batch of events holds a reader's leaving.
  bool any_left() const;

  /// Whether, in the last batch, a reader has come or one that can't write has
  /// left. Our own writer causes neither.
  bool reader_changed() const;

private:
  file_watch& watch_;
  file_watch::subscription subscription_;
  notification on_event_;
  std::uint32_t since_read_ = 0;
  std::uint32_t all_ = 0; // of the last batch
  bool collecting_ = false;
};

} // namespace container_agent::runtime
