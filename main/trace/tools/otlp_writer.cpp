#include "main/trace/tools/otlp_writer.hpp"

namespace container_agent::trace {

namespace {

// The receiver cuts lines above 1 MiB (its max_log_size).
constexpr std::uint64_t max_batch_spans = 256;
constexpr std::uint64_t max_batch_bytes = 256 * 1024;

constexpr std::size_t remembered = 65'536;

// In opentelemetry/proto/trace/v1/trace.proto.
constexpr int kind_internal = 1;
constexpr int kind_server = 2;
constexpr int kind_client = 3;
constexpr int kind_consumer = 5;
constexpr int status_error = 2;

int span_kind(const trace_line& event) {
  if (event.kind == event_kind::message)
    return kind_consumer;
  if (event.kind == event_kind::bytes)
    return event.direction == "in" ? kind_server : kind_client;
  return kind_internal;
}

std::string span_name(const trace_line& event) {
  switch (event.kind) {
    case event_kind::message: return event.actor + ' ' + event.type;
    case event_kind::bytes: return event.port + ' ' + event.direction;
    case event_kind::timer: return event.actor + " timer";
    case event_kind::spawn: return event.actor + " spawn";
    default: return event.actor + " end";
  }
}

/// Not those that are empty or 0: they are absent, in the trace as here.
template <class Value, class... More>
void put_attributes(codec::json_writer& to, std::string_view name,
                    const Value& value, const More&... more) {
  if (value != Value{}) {
    to.open('{').word("key", name).key("value").open('{');
    if constexpr (std::is_integral_v<Value>) // of 64 bits: a text in protobuf
      to.word("intValue", std::to_string(value));
    else
      to.put("stringValue", value);
    to.close('}').close('}');
  }
  if constexpr (sizeof...(more) > 0)
    put_attributes(to, more...);
}

std::string resource_of(const trace_line& header) {
  std::string result;
  codec::json_writer to{result};
  to.open('{').key("attributes").open('[');
  put_attributes(to, "service.name", std::string_view{"container-agent"},
                 "service.version", header.agent, "process.pid", header.pid);
  to.close(']').close('}');
  return result;
}

/// Nanoseconds, or another id of 64 bits.
std::string hex_of(std::uint64_t id) {
  return to_string(trace_id{0, id}).substr(16);
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
  ++in_batch_;
  json_.open('{')
    .word("traceId", trace)
    .word("spanId", hex_of(span_id(event.n)));
  if (auto parent = parent_of(event, trace))
    json_.word("parentSpanId", hex_of(span_id(parent)));
  json_.put("name", span_name(event)).put("kind", span_kind(event));
  moment("startTimeUnixNano", event.at);
  moment("endTimeUnixNano",
         event.done.value_or(event.taken.value_or(event.at)));
  attributes(event);
  if (event.taken) {
    json_.key("events").open('[').open('{').word("name", "taken up");
    moment("timeUnixNano", *event.taken);
    json_.close('}').close(']');
  }
  if (event.failed || event.outcome == "failed"
      || event.outcome == "undelivered") {
    json_.key("status").open('{').put("code", status_error);
    json_.put("message", event.outcome.empty() ? event.reason : event.outcome);
    json_.close('}');
  }
  json_.close('}');
  if (in_batch_ == max_batch_spans || text_.size() >= max_batch_bytes)
    close_batch();
}

// A prompt that the next agent has sent again is one trace of two runs, which
// count their events both from 1.
std::uint64_t otlp_writer::span_id(std::uint64_t n) const {
  constexpr unsigned numbers = 48; // bits: at a million a second, nine years
  return n | static_cast<std::uint64_t>(clock_.index()) << numbers;
}

void otlp_writer::attributes(const trace_line& event) {
  json_.key("attributes").open('[');
  put_attributes(
    json_, "agent.n", event.n, "agent.cause", event.cause, "agent.actor",
    event.actor, "agent.actor_id", event.actor_id, "agent.from", event.from,
    "agent.from_id", event.from_id, "agent.type", event.type, "agent.summary",
    event.summary, "agent.payload", event.payload, "agent.outcome",
    event.outcome, "agent.mailbox_depth", event.depth, "agent.incarnation",
    event.incarnation, "agent.reason", event.reason, "agent.port", event.port);
  if (event.kind == event_kind::bytes)
    put_attributes(json_, "agent.bytes", event.count);
  put_attributes(json_, "agent.queueing_ns", queueing(event).value_or(0),
                 "agent.handling_ns", handling(event).value_or(0));
  json_.close(']');
}

void otlp_writer::moment(std::string_view name, std::uint64_t ns) {
  json_.word(name, std::to_string(clock_.since_1970(ns)));
}

void otlp_writer::open_batch() {
  if (in_batch_ > 0)
    return;
  json_.open('{').key("resourceSpans").open('[').open('{');
  json_.key("resource").json(resource_).key("scopeSpans").open('[').open('{');
  json_.key("scope")
    .open('{')
    .word("name", "container-agent.actors")
    .close('}');
  json_.key("spans").open('[');
}

void otlp_writer::close_batch() {
  if (in_batch_ > 0)
    out_ << text_ << "]}]}]}\n";
  text_.clear();
  in_batch_ = 0;
}

std::string_view otlp_writer::trace_of(const trace_line& event) const {
  if (trace_id_in(event.trace))
    return event.trace;
  return all_ ? std::string_view{run_trace_} : std::string_view{};
}

void otlp_writer::remember(const trace_line& event, std::string_view trace) {
  auto through = event.kind == event_kind::timer && trace.empty();
  slot(event.n)
    = {event.n, clock_.index(), through ? event.cause : 0, trace_id_in(trace)};
}

std::uint64_t otlp_writer::parent_of(const trace_line& event,
                                     std::string_view trace) {
  // What happens within a handler is written before its message, and belongs to
  // the same prompt.
  if (event.kind != event_kind::message && event.kind != event_kind::end)
    return event.cause;
  auto cause = event.cause;
  // What a timer sends was caused by what set the timer, and that is a span:
  // one step leads through.
  for (int step = 0; step < 2 && cause > 0; ++step) {
    const auto& found = slot(cause);
    if (found.n != cause || found.run != clock_.index()) {
      ++orphans_;
      return 0;
    }
    if (found.trace == trace_id_in(trace))
      return cause;
    cause = found.parent;
  }
  return 0;
}

} // namespace container_agent::trace
