#pragma once

#include "actors/core/ports.hpp"
#include "main/fifo/fifo_path.hpp"
#include "main/loop/event_loop.hpp"
#include "main/loop/file_watch.hpp"

#include <functional>
#include <memory>

namespace container_agent::runtime {

/// The output to a host that opens it for each reply and reads to the end: the
/// FIFO is opened for each reply and closed after it.
///
/// The replies lie in a log; each ends with `reply_end`, which is not written.
/// A reply waits for its reader without polling, and is written as it grows.
/// When the reader has read the last byte, the FIFO is closed, so that the
/// reader gets EOF. The next reply begins only after that reader has closed its
/// end, so no reader gets a byte of another reply. Only one reader at a time is
/// supported.
///
///     state     waits for                then
///     ───────────────────────────────────────────────────────────────────
///     idle      a reply                  opens the FIFO → waiting
///     waiting   a reader                 → writing
///     writing   room in the FIFO, more   all was read: closes → leaving
///               of the reply, and the    reader gone, nothing was read:
///               reader's reading         → waiting, nothing is lost
///                                        reader gone, something was read:
///                                        the rest is dropped, `reply_cut`
///                                        is logged → idle
///     leaving   the reader's close, or   → idle
///               that another one comes
///     lost      something usable at      → idle
///               the path
///
/// A reader that keeps the FIFO open after its EOF delays the next reply, and
/// so does one that has it open for writing too, which gets no EOF. If the FIFO
/// is replaced, a reply that is being read is finished in the old one, and all
/// others go to the new one.
///
/// After an error, replies wait until the next `on_moved`.
///
/// The position moves when a reply is done, whole or not. A reply that an agent
/// did not finish is given again by the next agent.
class fifo_reply_output final : public host_outlet {
public:
  /// Prepares the FIFO. Throws `fifo_error`, also if inotify(7) can't be had. A
  /// reply begins at `position`. The log must outlive this object.
  fifo_reply_output(event_loop& loop, file_watch& watch, event_log& log,
                    fifo_path place, const stream_log& from,
                    std::uint64_t position);
  fifo_reply_output(const fifo_reply_output&) = delete;
  fifo_reply_output& operator=(const fifo_reply_output&) = delete;
  ~fifo_reply_output() override;

  /// Called with the position whenever it has moved, for a note that outlives
  /// all processes.
  void on_position(std::function<void(std::uint64_t)> note);

  void let_go(std::uint64_t limit) override;
  std::uint64_t position() const override;
  void on_moved(notification notify) override;
  std::error_code error() const override;
  std::uint64_t replies_known() const override;

  /// Counts replies that were read whole, cut or dropped. One that was cut or
  /// dropped while it grew counts at once; the position moves when its end has
  /// come.
  std::uint64_t replies_done() const override;

  /// Closes the FIFO if the reply had begun. If the reply is incomplete, its
  /// further bytes are dropped too. The caller logs.
  std::size_t drop_reply() override;

  /// For the end of the agent: closes the FIFO, and removes it if it was made
  /// here and `keep_fifo` is off. Waiting replies stay in the log.
  void finish(bool keep_fifo);

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace container_agent::runtime
