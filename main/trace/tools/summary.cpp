#include "main/trace/read/duration_text.hpp"
#include "main/trace/read/quantiles.hpp"
#include "main/trace/read/run_clock.hpp"
#include "main/trace/tools/trace_tools.hpp"

#include <algorithm>
#include <map>
#include <ostream>

namespace container_agent::trace {

namespace {

struct message_figures {
  std::uint64_t count = 0;
  std::uint64_t failed = 0;
  quantiles queued;
  quantiles handled;

  void add(const trace_line& event) {
    ++count;
    if (event.outcome == "failed" || event.outcome == "undelivered")
      ++failed;
    if (auto time = queueing(event))
      queued.add(*time);
    if (auto time = handling(event))
      handled.add(*time);
  }
};

using figures_by_name = std::map<std::string, message_figures, std::less<>>;

struct trace_figures {
  figures_by_name types;
  figures_by_name actors;
  message_figures all;
  std::map<std::string, std::uint64_t, std::less<>> bytes; // by port and way
  std::uint64_t events = 0;
  std::uint64_t skipped = 0;
  std::uint64_t unfinished = 0; // in a dump: still waiting or being handled
  std::uint64_t spawns = 0;
  std::uint64_t restarts = 0;
  std::uint64_t failures = 0;
  std::uint64_t timers = 0;
  run_clock clock;
  std::int64_t first = INT64_MAX;
  std::int64_t last = INT64_MIN;
  std::uint64_t began = 0; // of the first, since 1970
};

// The agent has some 60; more than this are no names, and must not fill the
// memory.
constexpr std::size_t max_names = 1000;

message_figures& named(figures_by_name& all, std::string_view name) {
  auto found = all.find(name);
  if (found != all.end())
    return found->second;
  return all[all.size() < max_names ? std::string{name} : "(others)"];
}

void count_message(trace_figures& figures, const trace_line& event) {
  if (event.outcome == "skipped") {
    ++figures.skipped;
    return;
  }
  if (event.outcome == "queued" || event.outcome == "running")
    ++figures.unfinished;
  named(figures.types, event.type).add(event);
  named(figures.actors, event.actor).add(event);
  figures.all.add(event);
}

void count_bytes(trace_figures& figures, const trace_line& event) {
  auto name = std::string{event.port} + ' ' + std::string{event.direction};
  if (figures.bytes.size() < max_names || figures.bytes.contains(name))
    figures.bytes[name] += event.count;
}

void widen(trace_figures& figures, const trace_line& event) {
  auto at = figures.clock.at(event.at);
  if (at < figures.first) {
    figures.first = at;
    figures.began = figures.clock.since_1970(event.at);
  }
  auto end = event.done.value_or(event.taken.value_or(event.at));
  figures.last = std::max(figures.last, figures.clock.at(end));
}

void count_event(trace_figures& figures, const trace_line& event) {
  if (event.kind == event_kind::header) {
    figures.clock.enter(event);
    return;
  }
  if (event.kind == event_kind::dropped)
    return;
  ++figures.events;
  widen(figures, event);
  switch (event.kind) {
    case event_kind::message: count_message(figures, event); break;
    case event_kind::bytes: count_bytes(figures, event); break;
    case event_kind::timer: ++figures.timers; break;
    case event_kind::spawn:
      ++figures.spawns;
      figures.restarts += event.incarnation > 1 ? 1 : 0;
      break;
    case event_kind::end: figures.failures += event.failed ? 1 : 0; break;
    default: break;
  }
}

constexpr std::size_t name_width = 26;
constexpr std::size_t count_width = 9;
constexpr std::size_t time_width = 10;

std::string number_cell(std::uint64_t number) {
  return right(std::to_string(number), count_width);
}

std::string time_cells(const quantiles& times) {
  if (times.count() == 0)
    return right("-", time_width) + right("-", time_width)
           + right("-", time_width);
  return right(duration_text(times.percentile(50)), time_width)
         + right(duration_text(times.percentile(99)), time_width)
         + right(duration_text(times.max()), time_width);
}

std::string table_row(const std::string& name, const message_figures& of) {
  return left(name, name_width) + number_cell(of.count) + number_cell(of.failed)
         + time_cells(of.queued) + time_cells(of.handled) + '\n';
}

std::string table_head(const char* name) {
  std::string times;
  for (const auto* cell : {"wait p50", "p99", "max", "work p50", "p99", "max"})
    times += right(cell, time_width);
  return left(name, name_width) + right("count", count_width)
         + right("failed", count_width) + times + '\n';
}

// The most frequent first.
std::string table(const char* title, const figures_by_name& all) {
  std::vector<const figures_by_name::value_type*> rows;
  for (const auto& row : all)
    rows.push_back(&row);
  std::stable_sort(rows.begin(), rows.end(), [](auto* a, auto* b) {
    return a->second.count > b->second.count;
  });
  auto result = table_head(title);
  for (const auto* row : rows)
    result += table_row(row->first, row->second);
  return result + '\n';
}

std::string totals(const trace_figures& figures, const reading& read) {
  auto span = static_cast<std::uint64_t>(figures.last - figures.first);
  auto result = std::to_string(figures.events) + " events in "
                + duration_text(span) + ", from "
                + wall_time_text(figures.began) + "\n";
  auto add = [&](std::uint64_t count, const char* text) {
    result += std::to_string(count) + ' ' + text;
  };
  add(figures.all.count, "messages, ");
  add(figures.all.failed, "failed or undelivered, ");
  add(figures.unfinished, "unfinished, ");
  add(figures.skipped, "times skipped\n");
  add(figures.spawns, "spawns, ");
  add(figures.restarts, "of them restarts, ");
  add(figures.failures, "actors failed, ");
  add(figures.timers, "timers set\n");
  for (const auto& [name, count] : figures.bytes)
    result += left(name, name_width) + number_cell(count) + " bytes\n";
  add(read.dropped, "events missing\n");
  return result;
}

} // namespace

int summary(const event_filter& wanted, const std::vector<trace_input>& inputs,
            std::ostream& out, std::ostream& err) {
  trace_figures figures;
  auto read = read_trace(
    inputs,
    [&](const auto& event, auto) {
      if (wanted.passes(event))
        count_event(figures, event);
    },
    err);
  if (figures.events > 0)
    out << table("message type", figures.types)
        << table("actor (receiver)", figures.actors) << totals(figures, read)
        << "Quantiles are at most 3.1 % too high, maxima exact. wait: in the "
           "mailbox; work: in the handler.\n";
  auto code = close_reading(read, err);
  if (figures.events == 0 && read.events > 0) {
    err << "error: none of the trace's " << read.events
        << " events passes the filters\n";
    code = 1;
  }
  return finish_output(out, err) ? code : 1;
}

} // namespace container_agent::trace
