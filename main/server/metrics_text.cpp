#include "main/server/metrics_text.hpp"

#include "messages/agent_version.hpp"

#include <nlohmann/json.hpp>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <limits>
#include <utility>
#include <vector>

namespace container_agent {

namespace {

using nlohmann::json;
using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using labels = std::vector<ClientMetric::Label>;

constexpr double milliseconds_a_second = 1000;

class metrics {
public:
  explicit metrics(std::string_view document)
    : facts_(json::parse(document, nullptr, false)) {} // braces: an array

  /// Begins a family.
  metrics& counter(const char* name, const char* help) {
    return begin(name, help, MetricType::Counter);
  }
  metrics& gauge(const char* name, const char* help) {
    return begin(name, help, MetricType::Gauge);
  }

  /// Adds the document's value at a place, if it is a number or a boolean.
  metrics& from(const char* place, labels of = {}, double unit = 1) {
    const auto* found = at(place);
    if (found != nullptr && found->is_number())
      add(found->get<double>() / unit, std::move(of));
    else if (found != nullptr && found->is_boolean())
      add(found->get<bool>() ? 1.0 : 0.0, std::move(of));
    return *this;
  }

  metrics& add(double value, labels of = {}) {
    ClientMetric metric;
    metric.label = std::move(of);
    metric.counter.value = metric.gauge.value = value;
    families_.back().metric.push_back(std::move(metric));
    return *this;
  }

  metrics& add(std::uint64_t value, labels of = {}) {
    return add(static_cast<double>(value), std::move(of));
  }

  void histogram(const char* name, const char* help, const char* place) {
    begin(name, help, MetricType::Histogram);
    const auto* found = at(place);
    if (found != nullptr && found->is_object())
      add(found->value("below_s", std::vector<double>{}),
          found->value("counts", std::vector<std::uint64_t>{}),
          found->value("sum_s", 0.0));
  }

  void histogram(const char* name, const char* help,
                 const runtime::trace_counts::waiting& waits) {
    begin(name, help, MetricType::Histogram);
    add({waits.bounds.begin(), waits.bounds.end()},
        {waits.counts.begin(), waits.counts.end()}, waits.sum);
  }

  const json* at(const char* place) const {
    json::json_pointer pointer{place};
    return facts_.contains(pointer) ? &facts_.at(pointer) : nullptr;
  }

  std::string text() {
    std::erase_if(families_, [](const auto& f) { return f.metric.empty(); });
    return prometheus::TextSerializer{}.Serialize(families_);
  }

private:
  // Each of `counts` covers only its own range; Prometheus' buckets are
  // cumulative.
  void add(std::vector<double> bounds, const std::vector<std::uint64_t>& counts,
           double sum) {
    bounds.push_back(std::numeric_limits<double>::infinity());
    if (bounds.size() != counts.size())
      return;
    ClientMetric metric;
    auto& result = metric.histogram;
    for (std::size_t i = 0; i < bounds.size(); ++i) {
      result.sample_count += counts[i];
      result.bucket.push_back({result.sample_count, bounds[i]});
    }
    result.sample_sum = sum;
    families_.back().metric.push_back(std::move(metric));
  }

  metrics& begin(const char* name, const char* help, MetricType type) {
    families_.push_back(
      {std::string{"container_agent_"} + name, help, type, {}});
    return *this;
  }

  json facts_;
  std::vector<MetricFamily> families_;
};

void add_state(metrics& all) {
  all.gauge("build_info", "1; which version of the agent this is.")
    .add(1.0, {{"version", std::string{agent_version()}}});
  all.gauge("state", "1 for the state that the agent is in.");
  if (const auto* now = all.at("/state"); now && now->is_string())
    for (const auto* state :
         {"starting", "ready", "busy", "degraded", "failed"})
      all.add(*now == state ? 1.0 : 0.0, {{"state", state}});
  all.gauge("live", "1 unless a restart of the container would help.")
    .from("/live");
  all.gauge("ready", "1 if prompts are taken.").from("/ready");
  all.gauge("uptime_seconds", "Time since the start of the agent.")
    .from("/uptime_s");
}

void add_prompts(metrics& all) {
  all.counter("prompts_accepted_total", "Prompts that were accepted.")
    .from("/prompts/accepted");
  all.counter("prompts_total", "Prompts by what became of them.")
    .from("/prompts/answered", {{"outcome", "answered"}})
    .from("/prompts/failed", {{"outcome", "failed"}})
    .from("/input/rejected", {{"outcome", "rejected"}});
  all.counter("prompts_resent_total", "Prompts sent again after a crash.")
    .from("/prompts/resent");
  all.gauge("prompts_in_flight", "Prompts that Claude has.")
    .from("/prompts/in_flight");
  all.gauge("queue_prompts", "Prompts that wait for Claude.")
    .from("/prompts/queued");
  all.gauge("queue_bytes", "Bytes of the prompts that wait.")
    .from("/prompts/queued_bytes");
  all.histogram("turn_duration_seconds", "How long turns took.",
                "/turns/duration");
  all.histogram("first_output_seconds",
                "From the begin of a turn to Claude's first word in it.",
                "/turns/first_output");
  all.gauge("turn_age_seconds", "How long the turn in flight has lasted.")
    .from("/turn/age_ms", {}, milliseconds_a_second);
  all.gauge("tasks_running", "Tasks of Claude's that run in the background.")
    .from("/tasks/running");
  all.gauge("open_requests", "Requests of Claude's that wait for the host.")
    .from("/requests/open");
  all.gauge("open_request_age_seconds", "How long the oldest of them waits.")
    .from("/requests/list/0/age_ms", {}, milliseconds_a_second);
}

void add_cost(metrics& all) {
  all.counter("cost_dollars_total", "What Claude's results say they cost.")
    .from("/cost/usd");
  all.counter("tokens_total", "Tokens, as Claude's results count them.")
    .from("/cost/input_tokens", {{"kind", "input"}})
    .from("/cost/output_tokens", {{"kind", "output"}})
    .from("/cost/cache_read_tokens", {{"kind", "cache_read"}})
    .from("/cost/cache_creation_tokens", {{"kind", "cache_creation"}});
}

void add_pipes(metrics& all) {
  all.counter("input_lines_total", "Lines (raw mode: pieces) from the host.")
    .from("/input/lines");
  all.gauge("input_unread_bytes", "Bytes in the input pipe.")
    .from("/input/unread_bytes");
  all.gauge("output_pending_bytes", "Bytes that wait for the output pipe.")
    .from("/output/pending_bytes");
  all.gauge("output_unread_bytes", "Bytes in the output pipe.")
    .from("/output/unread_bytes");
  all.counter("dropped_replies_total", "Replies that nobody came to read.")
    .from("/output/dropped_replies");
  all
    .counter("backpressure_seconds_total",
             "Time in which nothing was taken: from the host, as enough "
             "waits; from Claude, as the host does not read.")
    .from("/input/held_ms", {{"from", "host"}}, milliseconds_a_second)
    .from("/output/held_ms", {{"from", "claude"}}, milliseconds_a_second);
}

void add_processes(metrics& all) {
  all.counter("claude_launches_total", "Claudes that were started, or found.")
    .from("/claude/launches");
  all
    .gauge("claude_resident_memory_bytes", "Claude's, without what it started.")
    .from("/claude/rss_bytes");
  all.gauge("claude_cpu_seconds", "CPU time of the Claude of the moment.")
    .from("/claude/cpu_ms", {}, milliseconds_a_second);
  all.gauge("resident_memory_bytes", "The agent's own.")
    .from("/agent/rss_bytes");
  all.counter("cpu_seconds_total", "CPU time of the agent.")
    .from("/agent/cpu_ms", {}, milliseconds_a_second);
  all
    .gauge("loop_lag_seconds",
           "How late the last look of the agent at itself was.")
    .from("/agent/loop_lag_ms", {}, milliseconds_a_second);
  all.gauge("control_connections", "Connections that are open now.")
    .from("/agent/control_connections");
}

void add_restarts(metrics& all) {
  all.counter("restarts_total", "Restarts by actor and kind of reason.");
  const auto* restarts = all.at("/restarts/by_actor");
  if (restarts == nullptr || !restarts->is_array())
    return;
  for (const auto& r : *restarts)
    all.add(r.value("count", 0.0), {{"actor", r.value("actor", "")},
                                    {"reason", r.value("reason", "")}});
}

void add_trace(metrics& all, const runtime::trace_counts& traced) {
  all.counter("messages_total", "Messages between actors, by type.");
  for (const auto& [type, count] : traced.messages)
    all.add(count, {{"type", std::string{type}}});
  all.histogram("message_wait_seconds",
                "How long messages waited until their handlers ran.",
                traced.waits);
  all.counter("trace_events_total", "Events of the trace.").add(traced.events);
  all
    .counter("trace_events_dropped_total",
             "Events that a file or a client was too slow for.")
    .add(traced.dropped);
  all.counter("bytes_total", "Bytes across the agent's boundary.");
  for (std::size_t i = 0; i < traced.bytes.size(); ++i) {
    auto port = std::string{to_string(static_cast<runtime::trace_port>(i))};
    const auto& moved = traced.bytes[i];
    if (moved.in > 0)
      all.add(moved.in, {{"port", port}, {"direction", "in"}});
    if (moved.out > 0)
      all.add(moved.out, {{"port", port}, {"direction", "out"}});
  }
}

} // namespace

std::string metrics_text(std::string_view document,
                         const runtime::trace_counts* traced) {
  metrics all{document};
  add_state(all);
  add_prompts(all);
  add_cost(all);
  add_pipes(all);
  add_processes(all);
  add_restarts(all);
  if (traced != nullptr)
    add_trace(all, *traced);
  return all.text();
}

} // namespace container_agent
