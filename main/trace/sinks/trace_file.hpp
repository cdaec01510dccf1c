#pragma once

#include "actors/core/ports.hpp"
#include "main/log/log_writer.hpp"
#include "main/loop/event_loop.hpp"
#include "main/trace/record/tracer.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace container_agent {

/// `--trace-file`: each event a line. Events become lines some at a time, when
/// there is nothing else to do; lines are written by the block, or
/// `longest_wait` after the first of them: a write(2) each time that the agent
/// is idle would cost a turn more than all the rest of the tracing. What the
/// file does not take at once (it may be a pipe) is left out, counted, and told
/// of in the file as soon as it takes more. A file that reaches its size
/// becomes PATH.1, and so on; the oldest one goes.
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

  void write(const runtime::trace_event& event) override;

  /// What `kill -9` can cost: a crash leaves its dump of the ring, and an agent
  /// that ends writes what it has.
  static constexpr std::chrono::milliseconds longest_wait{100};

  /// Writes what is buffered.
  void flush();

  /// Events left out so far.
  std::uint64_t dropped() const { return dropped_; }

private:
  void spell();
  void schedule();
  void rotate();
  void begin();

  config config_;
  runtime::tracer& events_;
  runtime::event_loop& loop_;
  event_log& log_;
  log_writer writer_;
  std::vector<runtime::trace_event> events_taken_; // no lines yet
  std::string buffer_;
  std::uint64_t buffered_ = 0;      // events in the buffer
  boost::asio::steady_timer timer_; // set while something is buffered
  bool timed_ = false;
  std::uint64_t size_ = 0; // of the file
  std::uint64_t dropped_ = 0;
  std::uint64_t untold_ = 0; // of those, not told in the file yet
  bool regular_ = false;
  bool rotation_failed_ = false;
  bool told_ = false; // the log knows that events are dropped
  std::shared_ptr<bool> scheduled_ = std::make_shared<bool>(false);
};

} // namespace container_agent
