#pragma once

#include "actors/core/ports.hpp"
#include "main/fifo/fifo_path.hpp"
#include "main/loop/event_loop.hpp"
#include "main/loop/file_watch.hpp"
#include "main/loop/stream_kind.hpp"
#include "main/storage/cursor.hpp"
#include "main/storage/log.hpp"

#include <functional>
#include <memory>

namespace container_agent::runtime {

/// The output to the host: a cursor moves bytes from a log into a FIFO whose
/// readers come and go.
///
/// A "keeper" descriptor is open for reading and writing. Because of it,
/// opening needs no reader, a reader's leaving is no error, and the FIFO's
/// content (usually up to 64 KiB) stays while nobody reads. The bytes that the
/// host has not read are the last ones before the cursor, as many as the FIFO
/// holds.
///
/// - If the last reader leaves in the middle of a line, the FIFO is emptied and
///   the cursor goes back to the start of that line: nothing is lost, and the
///   next reader begins with a whole line. If the line's start is further back
///   than `host_cursor::max_line_start`, the rest of the line is skipped
///   instead, and `output_line_cut` is logged. A reader that comes before this
///   was noticed (some 100 µs) goes on where the other one stopped, and so does
///   a reader that was there all the time, or that has the FIFO open for
///   writing too.
/// - If the FIFO is replaced or removed, unread bytes are moved to the new one,
///   beginning with a whole line. A reader of the old one gets EOF.
/// - While the path leads to nothing usable, and after an error until the next
///   `on_moved`, output waits in the log.
///
/// The cursor goes back before the FIFO is emptied. If the agent is killed
/// between the two, the next one gives some lines twice; in the other order
/// they would be lost.
class fifo_output final : public host_outlet {
public:
  /// Prepares and opens the FIFO, and continues at `where`. Throws
  /// `fifo_error`. With raw bytes, exactly the unread bytes are written again,
  /// and nothing is skipped. The log must outlive this object and keep
  /// `host_cursor::kept_before` bytes before the position.
  fifo_output(event_loop& loop, file_watch& watch, event_log& log,
              fifo_path place, const storage::log& from,
              std::unique_ptr<storage::cursor> where,
              stream_kind kind = stream_kind::lines);
  fifo_output(const fifo_output&) = delete;
  fifo_output& operator=(const fifo_output&) = delete;
  ~fifo_output() override;

  /// For the start, if the cursor stands where an earlier agent's `on_read`
  /// reported: bytes moved since then may have been lost with the FIFO. Empties
  /// the FIFO and begins with the line at the cursor.
  void begin_with_line();

  /// For the start, if the cursor has an earlier agent's exact position and the
  /// FIFO was held open (`on_writer`). `read_to`: as that agent's `on_read`
  /// reported.
  void go_on_behind(std::uint64_t read_to);

  /// Called with the writing end of each FIFO that is used, and at once with
  /// the present one. While another process holds it open, unread bytes outlive
  /// the agent.
  void on_writer(std::function<void(int)> holder);

  /// Called with the offset up to which the host has certainly read: after each
  /// move, when a reader leaves, and at the end with the last position. For a
  /// note that outlives all processes.
  void on_read(std::function<void(std::uint64_t)> note);

  void let_go(std::uint64_t limit) override;
  /// Goes back when a line is given again.
  std::uint64_t position() const override;
  void on_moved(notification notify) override;
  std::error_code error() const override;
  std::size_t unread() const override;

  /// For the end of the agent: closes the FIFO for good, and removes it if it
  /// was made here and `keep_fifo` is off. If nobody reads, the position goes
  /// back by the unread bytes.
  void finish(bool keep_fifo);

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace container_agent::runtime
