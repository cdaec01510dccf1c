#pragma once

#include "actors/ports.hpp"
#include "main/runtime/content.hpp"
#include "main/runtime/event_loop.hpp"
#include "main/runtime/fifo_place.hpp"
#include "main/runtime/fifo_watch.hpp"
#include "main/runtime/pipe_sink.hpp"

#include <memory>

namespace container_agent::runtime {

/// The output to the host: a FIFO whose readers come and go.
///
/// A "keeper" descriptor, open for reading and writing, makes that opening
/// needs no reader, that a reader's leaving is no error, and that what the
/// FIFO holds (64 KiB as a rule) stays while nobody reads.
///
/// - When the last reader leaves in the middle of a line, that line is written
///   again from its start, before all that was not read: nothing is lost, and
///   the next reader begins with a whole line. Of a line whose start is further
///   back than `written_tail::max_line_start`, the rest is left out instead and
///   `output_line_cut` logged. A reader that comes before this was noticed
///   (some 100 µs) goes on where the other stopped; so does one that was there
///   all the time, and one that has the FIFO open for writing too.
/// - If the FIFO is replaced or removed, what nobody has read goes over to the
///   new one, beginning with a whole line. A reader of the old one gets EOF.
/// - While nothing usable is at the path, output waits. So it does after an
///   error, until the next `on_drained`: whoever comes to write tries again.
class fifo_output final : public host_sink {
public:
  /// Prepares and opens the FIFO. Throws `fifo_error`. Of raw bytes nothing is
  /// repeated or left out. `writer`: see `pipe_sink`.
  fifo_output(event_loop& loop, fifo_watch& watch, event_log& log,
              fifo_place place, content kind = content::lines,
              piece_writer* writer = nullptr);
  fifo_output(const fifo_output&) = delete;
  fifo_output& operator=(const fifo_output&) = delete;
  ~fifo_output() override;

  /// An earlier agent has left a line that goes on with what comes next.
  /// Whoever reads at that time gets its rest; a later reader begins with a
  /// whole line.
  void begin_in_line();

  void write(bytes data) override;
  std::size_t pending() const override;
  void on_drained(notification notify) override;
  std::error_code error() const override;
  std::size_t unread() const override;
  /// Once nothing before it waits.
  void leave_out(const bytes& piece) override;

  /// No effect: there is no end of a reply to be seen in this FIFO.
  void end_reply() override { ++replies_; }
  /// Never drops anything; returns 0.
  std::size_t drop_reply() override { return 0; }
  /// How often `end_reply` was called.
  std::uint64_t replies_done() const override { return replies_; }

  /// For the end of the agent: closes the FIFO for good, with what nobody has
  /// read, and removes it if it was made here and shall not be kept.
  void finish(bool keep_fifo);

private:
  struct state;
  std::shared_ptr<state> state_;
  std::uint64_t replies_ = 0;
};

} // namespace container_agent::runtime
