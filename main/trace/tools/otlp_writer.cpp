#include "main/trace/tools/otlp_writer.hpp"

#include "messages/trace_id.hpp"

#include <charconv>

namespace container_agent::trace {

namespace {

// The receiver cuts lines above 1 MiB (its max_log_size).
constexpr std::uint64_t max_batch_spans = 256;
constexpr std::uint64_t max_batch_bytes = 256 * 1024;

constexpr std::size_t remembered = 65'536;

// In opentelemetry/proto/trace/v1/trace.proto.
constexpr std::string_view kind_internal = "1";
constexpr std::string_view kind_server = "2";
constexpr std::string_view kind_client = "3";
constexpr std::string_view kind_consumer = "5";
constexpr std::string_view status_error = "2";

std::string_view span_kind(const trace_line& event) {
  if (event.kind == event_kind::message)
    return kind_consumer;
  if (event.kind == event_kind::bytes)
    return event.direction == "in" ? kind_server : kind_client;
  return kind_internal;
}

std::string span_name(const trace_line& event) {
  auto actor = std::string{event.actor};
  switch (event.kind) {
    case event_kind::message: return actor + ' ' + std::string{event.type};
    case event_kind::bytes:
      return std::string{event.port} + ' ' + std::string{event.direction};
    case event_kind::timer: return actor + " timer";
    case event_kind::spawn: return actor + " spawn";
    default: return actor + " end";
  }
}

struct trace_bits {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
};

// Not 32 hex digits: another trace, whichever.
trace_bits bits_of(std::string_view trace) {
  trace_bits bits;
  if (trace.size() != 32)
    return bits;
  std::from_chars(trace.data(), trace.data() + 16, bits.high, 16);
  std::from_chars(trace.data() + 16, trace.data() + 32, bits.low, 16);
  return bits;
}

bool is_trace(std::string_view trace) {
  constexpr std::string_view digits = "0123456789abcdef";
  auto bits = bits_of(trace);
  return trace.size() == 32
         && trace.find_first_not_of(digits) == std::string_view::npos
         && (bits.high | bits.low) != 0;
}

std::string resource_of(const trace_line& header) {
  std::string version;
  append_escaped(version, header.agent);
  return R"({"attributes":[)"
         R"({"key":"service.name","value":{"stringValue":"container-agent"}},)"
         R"({"key":"service.version","value":{"stringValue":")"
         + version + R"("}},{"key":"process.pid","value":{"intValue":")"
         + std::to_string(header.pid) + R"("}}]})";
}

std::string trace_of_run(const trace_line& header) {
  return to_string(trace_id_of("run of process " + std::to_string(header.pid)
                               + " at " + std::to_string(header.epoch_us)));
}

} // namespace

otlp_writer::otlp_writer(std::ostream& out, bool all)
  : out_{out},
    all_{all},
    resource_{resource_of({})},
    run_trace_{trace_of_run({})},
    known_(remembered) {}

void otlp_writer::write(const trace_line& event) {
  if (event.kind == event_kind::header)
    return header(event);
  // A skipped message comes again, and then for good.
  if (event.n == 0 || event.outcome == "skipped")
    return;
  auto trace = trace_of(event);
  remember(event, trace);
  if (trace.empty())
    ++left_out_;
  else
    span(event, trace);
}

void otlp_writer::finish() {
  close_batch();
  out_.flush();
}

void otlp_writer::header(const trace_line& event) {
  if (!clock_.enter(event))
    return;
  close_batch();
  resource_ = resource_of(event);
  run_trace_ = trace_of_run(event);
}

void otlp_writer::span(const trace_line& event, std::string_view trace) {
  open_batch();
  out_ << (in_batch_++ == 0 ? "" : ",") << R"({"traceId":")" << trace
       << R"(","spanId":")";
  out_.hex(span_id(event.n));
  if (auto parent = parent_of(event, trace)) {
    out_ << R"(","parentSpanId":")";
    out_.hex(span_id(parent));
  }
  out_ << R"(","name":)";
  out_.quoted(span_name(event)) << R"(,"kind":)" << span_kind(event) << ',';
  moment("startTimeUnixNano", event.at);
  out_ << ',';
  moment("endTimeUnixNano",
         event.done.value_or(event.taken.value_or(event.at)));
  attributes(event);
  if (event.taken) {
    out_ << R"(,"events":[{"name":"taken up",)";
    moment("timeUnixNano", *event.taken);
    out_ << "}]";
  }
  auto failed = event.failed || event.outcome == "failed"
                || event.outcome == "undelivered";
  if (failed) {
    out_ << R"(,"status":{"code":)" << status_error << R"(,"message":)";
    out_.quoted(event.outcome.empty() ? event.reason : event.outcome) << '}';
  }
  out_ << '}';
  if (in_batch_ == max_batch_spans
      || out_.written() - batch_begin_ >= max_batch_bytes)
    close_batch();
}

// A prompt that the next agent has sent again is one trace of two runs, which
// count their events both from 1.
std::uint64_t otlp_writer::span_id(std::uint64_t n) const {
  constexpr unsigned numbers = 48; // bits: at a million a second, nine years
  return n | static_cast<std::uint64_t>(clock_.index()) << numbers;
}

void otlp_writer::attributes(const trace_line& event) {
  out_ << R"(,"attributes":[)";
  first_attribute_ = true;
  number("agent.n", event.n);
  number("agent.cause", event.cause);
  text("agent.actor", event.actor);
  number("agent.actor_id", event.actor_id);
  text("agent.from", event.from);
  number("agent.from_id", event.from_id);
  text("agent.type", event.type);
  text("agent.summary", event.summary);
  text("agent.payload", event.payload);
  text("agent.outcome", event.outcome);
  number("agent.mailbox_depth", event.depth);
  number("agent.incarnation", event.incarnation);
  text("agent.reason", event.reason);
  text("agent.port", event.port);
  if (event.kind == event_kind::bytes)
    number("agent.bytes", event.count);
  if (auto time = queueing(event))
    number("agent.queueing_ns", *time);
  if (auto time = handling(event))
    number("agent.handling_ns", *time);
  out_ << ']';
}

// What is absent, in the trace as here, is empty or 0.
void otlp_writer::text(std::string_view name, std::string_view value) {
  if (value.empty())
    return;
  key(name);
  out_ << R"("stringValue":)";
  out_.quoted(value) << "}}";
}

void otlp_writer::number(std::string_view name, std::uint64_t value) {
  if (value == 0)
    return;
  key(name);
  out_ << R"("intValue":")" << value << R"("}})";
}

void otlp_writer::key(std::string_view name) {
  out_ << (first_attribute_ ? "" : ",") << R"({"key":")" << name
       << R"(","value":{)";
  first_attribute_ = false;
}

void otlp_writer::moment(std::string_view name, std::uint64_t ns) {
  out_ << '"' << name << R"(":")" << clock_.since_1970(ns) << '"';
}

void otlp_writer::open_batch() {
  if (in_batch_ > 0)
    return;
  batch_begin_ = out_.written();
  out_ << R"({"resourceSpans":[{"resource":)" << resource_
       << R"(,"scopeSpans":[{"scope":{"name":"container-agent.actors"},)"
       << R"("spans":[)";
}

void otlp_writer::close_batch() {
  if (in_batch_ > 0)
    out_ << "]}]}]}\n";
  in_batch_ = 0;
}

std::string_view otlp_writer::trace_of(const trace_line& event) const {
  if (is_trace(event.trace))
    return event.trace;
  return all_ ? std::string_view{run_trace_} : std::string_view{};
}

void otlp_writer::remember(const trace_line& event, std::string_view trace) {
  auto bits = bits_of(trace);
  auto through = event.kind == event_kind::timer && trace.empty();
  slot(event.n)
    = {event.n, clock_.index(), through ? event.cause : 0, bits.high, bits.low};
}

std::uint64_t otlp_writer::parent_of(const trace_line& event,
                                     std::string_view trace) {
  // What happens within a handler is written before its message, and belongs to
  // the same prompt.
  if (event.kind != event_kind::message && event.kind != event_kind::end)
    return event.cause;
  auto bits = bits_of(trace);
  auto cause = event.cause;
  // What a timer sends was caused by what set the timer, and that is a span:
  // one step leads through.
  for (int step = 0; step < 2 && cause > 0; ++step) {
    const auto& found = slot(cause);
    if (found.n != cause || found.run != clock_.index()) {
      ++orphans_;
      return 0;
    }
    if (found.high == bits.high && found.low == bits.low)
      return cause;
    cause = found.parent;
  }
  return 0;
}

} // namespace container_agent::trace
