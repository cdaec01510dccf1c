#include "main/fifo/reader_events.hpp"

#include "main/fifo/fifo_path.hpp"

#include <sys/inotify.h>

#include <utility>

namespace container_agent::runtime {

namespace {

// After an overflow, any of these may have happened.
constexpr std::uint32_t leaving_events = IN_CLOSE | IN_Q_OVERFLOW;
constexpr std::uint32_t changing_events
  = IN_OPEN | IN_CLOSE_NOWRITE | IN_Q_OVERFLOW;

} // namespace

std::error_code reader_events::start(const std::string& name,
                                     notification on_event) {
  if (watch_.error())
    return watch_.error();
  on_event_ = std::move(on_event);
  subscription_ = watch_.watch_fifo(
    name, IN_OPEN | IN_ACCESS | IN_CLOSE,
    [this](const file_watch::fifo_events& batch) {
      since_read_
        = batch.since_read | ((batch.all & IN_ACCESS) != 0 ? 0 : since_read_);
      all_ = batch.all;
      // A copy, because the handler may watch another FIFO.
      if (auto call = on_event_; !collecting_)
        call();
    });
  return subscription_ ? std::error_code{} : last_error();
}

void reader_events::collect() {
  collecting_ = true;
  all_ = 0;
  watch_.collect();
  collecting_ = false;
}

bool reader_events::left_since_read() const {
  return (since_read_ & leaving_events) != 0;
}

bool reader_events::any_left() const {
  return (all_ & leaving_events) != 0;
}

bool reader_events::reader_changed() const {
  return (all_ & changing_events) != 0;
}

} // namespace container_agent::runtime
