#pragma once

#include "actors/core/ports.hpp"
#include "main/fifo/fifo_path.hpp"
#include "main/loop/event_loop.hpp"
#include "main/loop/file_watch.hpp"
#include "main/loop/stream_kind.hpp"
#include "main/storage/log.hpp"

#include <memory>

namespace container_agent::runtime {

/// The input from the host: moves bytes from the reading end of a FIFO, whose
/// writers come and go, into a log.
///
/// The reading descriptor always stays open (unread bytes vanish when the last
/// descriptor is closed). Another descriptor, the "keeper", is open for writing
/// and hides the end. While `report_end` is on, the keeper is closed when a
/// move has to wait, so that the last writer's leaving is seen. Switching costs
/// nothing while there are bytes to move, and loses no byte.
///
/// - An end is reported only after a writer has been there. The next move then
///   waits for the next writer.
/// - If the FIFO is replaced or removed, the unread bytes of the old one are
///   moved first. Then it is closed (its writers get EPIPE) and the new one is
///   read. If `report_end` is on and bytes were moved since the last end, an
///   end is reported: the rest of a half-read line will not come.
/// - An error is reported once, and the next move tries again. Bytes that the
///   log has no room for stay in the FIFO.
class fifo_input final : public inlet {
public:
  /// Prepares and opens the FIFO. Throws `fifo_error`. The log must outlive
  /// this object.
  fifo_input(event_loop& loop, file_watch& watch, event_log& log,
             fifo_path place, storage::log& into);
  fifo_input(const fifo_input&) = delete;
  fifo_input& operator=(const fifo_input&) = delete;
  ~fifo_input() override;

  void move(handler on_result) override;
  void cancel() override;
  std::size_t unread() const override;
  void report_end(bool on) override;

  /// For the end of the agent: closes the FIFO for good, and removes it if it
  /// was made here and `keep_fifo` is off. Nothing is reported after this. With
  /// `keep_rest`, unread bytes go into the log for the next agent; the bytes
  /// left after that are logged (`input_left_unread`).
  void finish(bool keep_fifo, bool keep_rest);

  /// 16 MiB: about the most that `finish` reads, so that a host that keeps
  /// writing can't delay the end.
  static constexpr std::size_t max_rest = 16 * 1024 * 1024;

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace container_agent::runtime
