#pragma once

#include "actors/ports.hpp"
#include "main/log_writer.hpp"
#include "main/runtime/event_loop.hpp"
#include "main/runtime/trace/tracer.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace container_agent {

/// `--trace-file`: each event a line, written when there is nothing else to do.
/// What the file does not take at once (it may be a pipe) is left out, counted,
/// and told of in the file as soon as it takes more. A file that reaches its
/// size becomes PATH.1, and so on; the oldest one goes.
class trace_file final : public runtime::trace_sink {
public:
  struct config {
    std::string path;
    std::uint64_t max_size = 0; ///< bytes
    std::uint64_t files = 0;    ///< kept beside the current one
  };

  /// Throws `std::runtime_error`, with a text for the user, if the file can't
  /// be opened.
  trace_file(config settings, runtime::tracer& events,
             runtime::event_loop& loop, event_log& log);
  trace_file(const trace_file&) = delete;
  trace_file& operator=(const trace_file&) = delete;
  ~trace_file() override;

  void take(const runtime::trace_event& event, std::string_view line) override;

  /// Writes what is buffered.
  void flush();

  /// Events left out so far.
  std::uint64_t dropped() const { return dropped_; }

private:
  void schedule();
  void rotate();
  void begin();

  config config_;
  runtime::tracer& events_;
  runtime::event_loop& loop_;
  event_log& log_;
  log_writer writer_;
  std::string buffer_;
  std::uint64_t buffered_ = 0; // events in the buffer
  std::uint64_t size_ = 0;     // of the file
  std::uint64_t dropped_ = 0;
  std::uint64_t untold_ = 0; // of those, not told in the file yet
  bool regular_ = false;
  bool rotation_failed_ = false;
  bool told_ = false; // the log knows that events are dropped
  std::shared_ptr<bool> scheduled_ = std::make_shared<bool>(false);
};

} // namespace container_agent
