#pragma once

#include "actors/ports.hpp"
#include "main/runtime/event_loop.hpp"
#include "main/runtime/fifo_place.hpp"
#include "main/runtime/fifo_watch.hpp"

#include <memory>

namespace container_agent::runtime {

/// The output to a host that opens it for each reply and reads to the end:
/// the FIFO is opened for each reply and closed after it.
///
/// A reply waits for its reader without polling. It is written as it comes (it
/// need not be whole first). When the reader has taken the last byte, the FIFO
/// is closed, so that the reader gets EOF; the next reply is begun when that
/// reader has closed its end too. So no reader gets a byte of another reply.
/// One reader at a time.
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
/// A reader that keeps the FIFO open after its EOF holds up the next reply. So
/// does one that has it open for writing too, and gets no EOF.
/// If the FIFO is replaced, a reply that is being read is finished in the old
/// one, and all others go to the new one.
///
/// After an error replies wait until the next `on_drained`: whoever comes to
/// write tries again.
class fifo_reply_output final : public host_sink {
public:
  /// Prepares the FIFO. Throws `fifo_error`, also if inotify(7) can't be had.
  fifo_reply_output(event_loop& loop, fifo_watch& watch, event_log& log,
                    fifo_place place);
  fifo_reply_output(const fifo_reply_output&) = delete;
  fifo_reply_output& operator=(const fifo_reply_output&) = delete;
  ~fifo_reply_output() override;

  void write(bytes data) override;

  /// What the FIFO has taken is not pending, though it may still be unread.
  std::size_t pending() const override;

  void on_drained(notification notify) override;
  std::error_code error() const override;

  /// With nothing written since the last one, that is an empty reply: a reader
  /// gets EOF at once.
  void end_reply() override;

  /// Closes the FIFO if the reply had begun. What still comes of a reply that
  /// was not ended yet is dropped too. The caller logs.
  std::size_t drop_reply() override;

  /// Replies read whole, cut or dropped.
  std::uint64_t replies_done() const override;

  /// For the end of the agent: drops what waits, and removes the FIFO if it
  /// was made here and shall not be kept.
  void finish(bool keep_fifo);

  const std::string& path() const;

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace container_agent::runtime
