#pragma once

#include "actors/ports.hpp"
#include "main/runtime/content.hpp"
#include "main/runtime/event_loop.hpp"
#include "main/runtime/fifo_place.hpp"
#include "main/runtime/fifo_watch.hpp"
#include "main/runtime/input_spool.hpp"

#include <memory>

namespace container_agent::runtime {

/// The input from the host: the reading end of a FIFO whose writers come and
/// go.
///
/// The reading descriptor stays open for good (unread bytes vanish with the
/// last descriptor). Beside it a "keeper", open for writing, keeps the end from
/// being seen. While `report_end` is on it is closed as soon as a read has to
/// wait, so that the last writer's leaving is seen; switching costs nothing
/// while there is something to read, and no byte is lost either way.
///
/// - An end is reported only once a writer has been there. After it the next
///   read waits for the next writer.
/// - If the FIFO is replaced or removed, what is unread in the old one is read
///   first; then it is closed (its writers get EPIPE) and the new one is read.
///   With `report_end` on, and something read since the last end, that is
///   reported as an end: the rest of a half-read line will not come.
/// - An error is reported once, and the next read tries again: no byte is lost.
class fifo_input final : public byte_source {
public:
  /// Prepares and opens the FIFO. Throws `fifo_error`.
  /// With a spool, which must live as long, everything goes through it.
  fifo_input(event_loop& loop, fifo_watch& watch, event_log& log,
             fifo_place place, content kind = content::lines,
             input_spool* spool = nullptr);
  fifo_input(const fifo_input&) = delete;
  fifo_input& operator=(const fifo_input&) = delete;
  ~fifo_input() override;

  void read(handler on_result) override;
  void cancel() override;
  void report_end(bool on) override;
  std::size_t unread() const override;
  std::string trouble() const override;

  /// For the end of the agent: closes the FIFO for good, and removes it if it
  /// was made here and shall not be kept. Nothing is delivered after this. What
  /// is unread goes into the spool, if there is one, for the next agent; it is
  /// logged either way (`input_left_unread`).
  void finish(bool keep_fifo);

  const std::string& path() const;

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace container_agent::runtime
