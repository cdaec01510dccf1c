#pragma once

#include "actors/core/ports.hpp"
#include "main/fifo/fifo_place.hpp"
#include "main/loop/content.hpp"
#include "main/loop/event_loop.hpp"
#include "main/loop/file_watch.hpp"
#include "main/storage/cursor.hpp"
#include "main/storage/log.hpp"

#include <functional>
#include <memory>

namespace container_agent::runtime {

/// The output to the host: a FIFO whose readers come and go, filled from a log
/// by a cursor.
///
/// A "keeper" descriptor, open for reading and writing, makes that opening
/// needs no reader, that a reader's leaving is no error, and that what the
/// FIFO holds (64 KiB as a rule) stays while nobody reads. What the host has
/// not read are the last bytes before the cursor, as many as the FIFO holds.
///
/// - When the last reader leaves in the middle of a line, the FIFO is emptied
///   and the cursor goes back to that line's start: nothing is lost, and the
///   next reader begins with a whole line. If the line's start is further back
///   than `host_cursor::max_line_start`, the rest of the line is left out
///   instead, and `output_line_cut` logged. A reader that comes before this was
///   noticed (some 100 µs) goes on where the other stopped; so does one that
///   was there all the time, and one that has the FIFO open for writing too.
/// - If the FIFO is replaced or removed, what nobody has read goes over to the
///   new one, beginning with a whole line. A reader of the old one gets EOF.
/// - While nothing usable is at the path, output waits in the log. So it does
///   after an error, until the next `on_moved`.
///
/// The cursor goes back before the FIFO is emptied. An agent that is killed
/// between both makes the next one give some lines twice; in the other order
/// they would be lost.
class fifo_output final : public host_outlet {
public:
  /// Prepares and opens the FIFO, and goes on where `where` stands. Throws
  /// `fifo_error`. Of raw bytes exactly what was not read goes again, and
  /// nothing is left out. The log must live as long, and keep
  /// `host_cursor::kept_before` bytes before the position.
  fifo_output(event_loop& loop, file_watch& watch, event_log& log,
              fifo_place place, const storage::log& from,
              std::unique_ptr<storage::cursor> where,
              content kind = content::lines);
  fifo_output(const fifo_output&) = delete;
  fifo_output& operator=(const fifo_output&) = delete;
  ~fifo_output() override;

  /// For the start, if the cursor stands where `on_read` has told an earlier
  /// agent: what has gone since may have been lost with the FIFO. Empties it,
  /// and begins with the line that the cursor is within.
  void begin_with_line();

  /// For the start, if the cursor stands exactly where an earlier agent's did,
  /// and somebody has held the FIFO (`on_writer`). `read_to`: as `on_read` has
  /// told that agent.
  void go_on_behind(std::uint64_t read_to);

  /// Called with the writing end of each FIFO that is used, and of the present
  /// one at once: as long as somebody holds it, what nobody has read does not
  /// end with the agent.
  void on_writer(std::function<void(int)> holder);

  /// Called with the offset up to which the host has certainly read, after each
  /// move, when a reader leaves, and with the last position at the end: for a
  /// note that outlives all processes.
  void on_read(std::function<void(std::uint64_t)> note);

  void let_go(std::uint64_t limit) override;
  /// Less than before when a line is given again.
  std::uint64_t position() const override;
  void on_moved(notification notify) override;
  std::error_code error() const override;
  std::size_t unread() const override;

  /// For the end of the agent: closes the FIFO for good, and removes it if it
  /// was made here and shall not be kept. If nobody reads, the position goes
  /// back by what was not read.
  void finish(bool keep_fifo);

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace container_agent::runtime
