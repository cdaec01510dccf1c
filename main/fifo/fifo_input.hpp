#pragma once

#include "actors/core/ports.hpp"
#include "main/fifo/fifo_place.hpp"
#include "main/loop/content.hpp"
#include "main/loop/event_loop.hpp"
#include "main/loop/file_watch.hpp"
#include "main/storage/log.hpp"

#include <memory>

namespace container_agent::runtime {

/// The input from the host: the reading end of a FIFO whose writers come and
/// go, brought into a log.
///
/// The reading descriptor stays open for good (unread bytes vanish with the
/// last descriptor). Beside it a "keeper", open for writing, keeps the end from
/// being seen. While `report_end` is on it is closed as soon as a move has to
/// wait, so that the last writer's leaving is seen; switching costs nothing
/// while there is something to move, and no byte is lost either way.
///
/// - An end is reported only once a writer has been there. After it the next
///   move waits for the next writer.
/// - If the FIFO is replaced or removed, what is unread in the old one is moved
///   first; then it is closed (its writers get EPIPE) and the new one is read.
///   With `report_end` on, and something moved since the last end, that is
///   reported as an end: the rest of a half-read line will not come.
/// - An error is reported once, and the next move tries again. What the log has
///   no room for stays in the FIFO: no byte is lost.
class fifo_input final : public inlet {
public:
  /// Prepares and opens the FIFO. Throws `fifo_error`. The log must live as
  /// long.
  fifo_input(event_loop& loop, file_watch& watch, event_log& log,
             fifo_place place, storage::log& into);
  fifo_input(const fifo_input&) = delete;
  fifo_input& operator=(const fifo_input&) = delete;
  ~fifo_input() override;

  void move(handler on_result) override;
  void cancel() override;
  std::size_t unread() const override;
  void report_end(bool on) override;

  /// For the end of the agent: closes the FIFO for good, and removes it if it
  /// was made here and shall not be kept. Nothing is reported after this. With
  /// `keep_rest`, what is unread goes into the log, for the next agent; what is
  /// left then is logged (`input_left_unread`).
  void finish(bool keep_fifo, bool keep_rest);

  /// 16 MiB, about: what `finish` takes at most. A host that writes as fast as
  /// its input is taken must not hold the end up.
  static constexpr std::size_t max_rest = 16 * 1024 * 1024;

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace container_agent::runtime
