#pragma once

#include "main/loop/connection_limit.hpp"
#include "main/loop/event_loop.hpp"
#include "main/loop/fd.hpp"
#include "main/trace/record/trace_filter.hpp"
#include "main/trace/record/tracer.hpp"

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace container_agent::runtime {

/// One who follows the trace on a socket: gets a header and then the lines of
/// the events that it wants. They are written when there is nothing else to do,
/// or when `soon` of them wait. A client that is too slow loses events: what
/// does not fit into `max_unsent` is left out, counted, and told of as soon as
/// there is room.
class trace_stream final : public trace_sink,
                           public std::enable_shared_from_this<trace_stream> {
public:
  /// Bytes; about 3,000 events.
  static constexpr std::size_t max_unsent = 1024 * 1024;

  /// Bytes. A loop that is busy all the time must not make a client lose what
  /// it would have read; more often would cost a system call for few events.
  static constexpr std::size_t soon = 64 * 1024;

  /// Events of the past, at most: they fit into `max_unsent`.
  static constexpr std::size_t max_past = 1000;

  enum class framing : std::uint8_t {
    lines,
    server_sent_events, ///< as browsers' EventSource reads them
  };

  /// `on_close` is called once, when the client has gone.
  trace_stream(event_loop& loop, tracer& events, unique_fd client,
               connection_limit::slot slot, const codec::trace_wish& wish,
               framing frame, std::function<void(trace_stream&)> on_close);
  trace_stream(const trace_stream&) = delete;
  trace_stream& operator=(const trace_stream&) = delete;
  ~trace_stream() override;

  /// Begins. `greeting` goes first, unframed.
  void start(std::string greeting = {});

  /// Writes what can be written at once, and leaves.
  void close();

  void write(const trace_event& event) override;

  /// Events left out so far.
  std::uint64_t dropped() const { return dropped_; }

private:
  std::size_t unsent() const { return unsent_.size() - sent_; }
  void remember(std::size_t past);
  void append(std::string_view line);
  void tell_dropped();
  void schedule();
  void flush();
  void watch();

  event_loop& loop_;
  tracer& events_;
  boost::asio::posix::basic_stream_descriptor<
    boost::asio::io_context::executor_type>
    client_;
  connection_limit::slot seat_;
  trace_filter filter_;
  std::size_t past_;
  framing frame_;
  std::function<void(trace_stream&)> on_close_;
  std::string line_; // of the event that is taken
  std::string unsent_;
  std::size_t sent_ = 0; // of `unsent_`
  std::uint64_t dropped_ = 0;
  std::uint64_t untold_ = 0; // of those, not told yet
  bool idle_planned_ = false;
  bool soon_planned_ = false;
  bool waits_for_room_ = false;
};

} // namespace container_agent::runtime
