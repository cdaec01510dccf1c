#pragma once

#include "main/trace/read/run_clock.hpp"
#include "main/trace/read/trace_line.hpp"
#include "messages/codec/json_writer.hpp"
#include "messages/trace_id.hpp"

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace container_agent::trace {

/// Writes a trace as OTLP JSON lines, each one ExportTraceServiceRequest, as
/// the otlpjsonfile receiver of the OpenTelemetry Collector reads them. A
/// prompt is a trace, a message a span from when it was sent to when its
/// handler was done, with an event where it was taken up.
class otlp_writer {
public:
  /// `all`: what belongs to no prompt goes into a trace of the whole run.
  otlp_writer(std::ostream& out, bool all);

  void write(const trace_line& event);

  /// Nothing may be written after it.
  void finish();

  /// Events that are in no line: they belong to no prompt.
  std::uint64_t left_out() const { return left_out_; }

  /// Spans without a parent because their cause is in no line before, or more
  /// than 65,536 events before. Not those whose cause is of another prompt, or
  /// of none: with these a prompt begins.
  std::uint64_t orphans() const { return orphans_; }

private:
  // What a later event may name as its cause.
  struct known {
    std::uint64_t n = 0;
    std::uint64_t run = 0;
    std::uint64_t parent = 0; // a timer, which is no span: its own cause
    trace_id trace;
  };

  void header(const trace_line& event);
  void span(const trace_line& event, std::string_view trace);
  void attributes(const trace_line& event);
  void moment(std::string_view name, std::uint64_t ns);

  void open_batch();
  void close_batch();
  std::string_view trace_of(const trace_line& event) const;
  void remember(const trace_line& event, std::string_view trace);
  std::uint64_t parent_of(const trace_line& event, std::string_view trace);
  std::uint64_t span_id(std::uint64_t n) const;
  known& slot(std::uint64_t n) { return known_[n % known_.size()]; }

  std::ostream& out_;
  std::string text_; // the batch
  codec::json_writer json_{text_};
  bool all_;
  run_clock clock_;
  std::string resource_; // the current run's, as JSON
  std::string run_trace_;
  std::vector<known> known_;
  std::uint64_t in_batch_ = 0;
  std::uint64_t left_out_ = 0;
  std::uint64_t orphans_ = 0;
};

} // namespace container_agent::trace
