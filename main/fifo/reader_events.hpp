#pragma once

#include "actors/core/ports.hpp"
#include "main/loop/file_watch.hpp"

#include <cstdint>
#include <string>
#include <system_error>

namespace container_agent::runtime {

/// What the readers of a FIFO do, as inotify(7) tells: come, read, leave. A
/// reader that has it open for writing too leaves as a writer does. So does our
/// own writer: `collect` right after closing it, or that looks like one.
class reader_events {
public:
  explicit reader_events(file_watch& watch) : watch_{watch} {}
  reader_events(const reader_events&) = delete;
  reader_events& operator=(const reader_events&) = delete;

  /// Watches what `name` leads to, in place of what was watched. `on_event` is
  /// called from the loop.
  std::error_code start(const std::string& name, notification on_event);

  void stop() { subscription_.reset(); }
  bool started() const { return static_cast<bool>(subscription_); }

  /// Takes in what has happened up to now; `on_event` is not called for that.
  void collect();

  /// What was collected so far is forgotten.
  void forget() { since_read_ = 0; }

  /// Whether a reader has left since anybody has read: who is there now has
  /// come after that.
  bool left_since_read() const;

  /// Whether a reader left in the last batch of events.
  bool any_left() const;

  /// Whether, in the last batch, one who only reads has left, or one has come:
  /// neither is our own writer's doing.
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
