#include "main/trace/tools/chrome_writer.hpp"

#include "main/trace/tools/flow_order.hpp"

#include <utility>

namespace container_agent::trace {

namespace {

// Ids of arrows and slices must differ between runs, and be exact as doubles:
// 2^44 events a run, 512 runs.
constexpr int run_shift = 44;

constexpr std::size_t block = 64 * 1024;

// Threads of names that the flow does not know come after all others.
constexpr std::uint64_t first_stranger = 100;

bool is_final(const trace_line& event) {
  return event.outcome != "skipped";
}

bool is_bad(const trace_line& event) {
  return event.outcome == "failed" || event.outcome == "undelivered";
}

} // namespace

chrome_writer::chrome_writer(std::ostream& out) : out_{out} {
  json_.open('{').word("displayTimeUnit", "ns").key("traceEvents").open('[');
}

void chrome_writer::write(const trace_line& event) {
  switch (event.kind) {
    case event_kind::header: header(event); break;
    case event_kind::message: message(event); break;
    case event_kind::spawn:
    case event_kind::end: life(event); break;
    case event_kind::timer: timer(event); break;
    case event_kind::bytes: boundary(event); break;
    case event_kind::dropped: dropped(event); break;
    case event_kind::other: break;
  }
  if (text_.size() < block)
    return;
  out_ << text_;
  text_.clear();
}

void chrome_writer::finish() {
  for (auto& run : runs_)
    for (auto& [name, track] : run.actors)
      if (track.waiting)
        counter(track, "mailbox", "depth", track.emptied, 0);
  out_ << text_ << "\n]}\n";
}

void chrome_writer::header(const trace_line& event) {
  clock_.enter(event);
  if (clock_.index() == runs_.size())
    runs_.emplace_back();
  metadata("process_name", 0)
    .put("name", "container-agent " + event.agent + " (process "
                   + std::to_string(event.pid) + ")");
  end();
  metadata("process_sort_index", 0).put("sort_index", process());
  end();
}

void chrome_writer::message(const trace_line& event) {
  auto& to = actor(event.actor);
  if (is_final(event))
    waiting(event, to);
  handling(event, to);
  if (is_final(event) && event.taken)
    arrow(event, to);
}

// One track of slices a mailbox: they overlap, so they cannot stand on the
// actor's own.
void chrome_writer::waiting(const trace_line& event, track& on) {
  auto sent = clock_.at(event.at);
  auto slice = [&](char phase, std::int64_t at) {
    begin(phase, at, on.id).word("cat", "mailbox");
    json_.put("name", on.name + " mailbox", "id", unique(event.n));
  };
  slice('b', sent);
  arguments().put("type", event.type, "n", event.n);
  end();
  if (event.depth == 1 && on.waiting)
    counter(on, "mailbox", "depth", on.emptied, 0);
  if (event.depth > 0)
    counter(on, "mailbox", "depth", sent, event.depth);
  on.waiting = event.depth > 0;
  auto taken = event.taken ? event.taken : event.done;
  if (!taken)
    return;
  on.emptied = clock_.at(*taken);
  slice('e', on.emptied);
  json_.close('}');
}

void chrome_writer::handling(const trace_line& event, const track& on) {
  auto whole = event.taken && event.done;
  // What was never done has an open slice; what was never taken up, a mark.
  auto phase = whole ? 'X' : event.taken ? 'B' : 'i';
  if (phase == 'i' && event.outcome == "queued")
    return;
  auto at = event.taken ? *event.taken : event.done.value_or(event.at);
  begin(phase, clock_.at(at), on.id);
  if (whole)
    micros("dur", static_cast<std::int64_t>(*event.done - *event.taken));
  json_.word("cat", "message").put("name", event.type);
  if (phase == 'i')
    json_.word("s", "t");
  if (is_bad(event))
    json_.word("cname", "terrible");
  arguments()
    .put("n", event.n)
    .put_some("cause", event.cause, "trace", event.trace, "from", event.from,
              "summary", event.summary, "payload", event.payload, "outcome",
              event.outcome);
  if (auto time = queueing(event))
    micros("queued_us", static_cast<std::int64_t>(*time));
  end();
}

// From the boundary or the timer that caused it, if that is known, else from
// its sender.
void chrome_writer::arrow(const trace_line& event, const track& to) {
  if (const auto* from = origin_of(event.cause))
    flow('s', event.n, from->at, from->track_id);
  else if (!event.from.empty())
    flow('s', event.n, clock_.at(event.at), actor(event.from).id);
  else
    return;
  flow('f', event.n, clock_.at(*event.taken), to.id);
}

void chrome_writer::boundary(const trace_line& event) {
  auto& on = boundary(event.port);
  auto at = clock_.at(event.at);
  auto in = event.direction == "in";
  // A slice, not a mark: arrows go to and from slices only.
  auto name = std::to_string(event.count) + " bytes " + (in ? "in" : "out");
  begin('X', at, on.id).put("dur", 0).word("cat", "bytes").put("name", name);
  arguments().put("n", event.n, "bytes", event.count);
  json_.put_some("cause", event.cause, "trace", event.trace);
  end();
  auto& total = in ? on.in_total : on.out_total;
  total += event.count;
  counter(on, "bytes", in ? "in" : "out", at, total);
  auto writer = actor_at(event.port);
  if (!in && event.cause > 0 && !writer.empty()) {
    flow('s', event.n, at, actor(writer).id);
    flow('f', event.n, at, on.id);
  }
  keep_origin(event, on);
}

void chrome_writer::timer(const trace_line& event) {
  auto& on = actor(event.actor);
  begin('i', clock_.at(event.at), on.id).word("s", "t").word("cat", "timer");
  json_.put("name", "timer: " + event.type);
  arguments().put("n", event.n);
  micros("due_us", clock_.at(event.due));
  end();
  keep_origin(event, on);
}

void chrome_writer::dropped(const trace_line& event) {
  begin('i', clock_.at(event.at), 0).word("s", "g").word("cat", "dropped");
  json_.put("name", std::to_string(event.count) + " events missing");
  arguments().put("count", event.count);
  end();
}

void chrome_writer::life(const trace_line& event) {
  auto spawned = event.kind == event_kind::spawn;
  auto id = actor(event.actor).id;
  begin('i', clock_.at(event.at), id).word("s", "t").word("cat", "life");
  json_.word("name", spawned ? event.incarnation > 1 ? "restart" : "spawn"
                     : event.failed ? "end: failed"
                                    : "end");
  if (event.failed)
    json_.word("cname", "terrible");
  arguments().put("n", event.n, "id", event.actor_id);
  if (spawned)
    json_.put("incarnation", event.incarnation);
  json_.put_some("cause", event.cause, "reason", event.reason);
  end();
}

chrome_writer::track& chrome_writer::actor(std::string_view name) {
  auto& known = current().actors;
  auto found = known.find(name);
  return found != known.end() ? found->second : add(known, name, false);
}

chrome_writer::track& chrome_writer::boundary(std::string_view name) {
  auto& known = current().boundaries;
  auto found = known.find(name);
  return found != known.end() ? found->second : add(known, name, true);
}

chrome_writer::track&
chrome_writer::add(named_tracks& to, std::string_view name, bool is_boundary) {
  auto place = place_in_flow(name);
  auto id = place < flow_order.size() ? 1 + 2 * place + (is_boundary ? 1 : 0)
                                      : first_stranger + current().strangers++;
  metadata("thread_name", id)
    .put("name", std::string{name} + (is_boundary ? " (bytes)" : ""));
  end();
  metadata("thread_sort_index", id).put("sort_index", id);
  end();
  auto& added = to[std::string{name}];
  added.id = id;
  added.process = process();
  added.name = name;
  return added;
}

void chrome_writer::keep_origin(const trace_line& event, const track& on) {
  slot(event.n) = {event.n, clock_.index(), clock_.at(event.at), on.id};
}

const chrome_writer::origin* chrome_writer::origin_of(std::uint64_t cause) {
  const auto& kept = slot(cause);
  return cause > 0 && kept.n == cause && kept.run == clock_.index() ? &kept
                                                                    : nullptr;
}

codec::json_writer& chrome_writer::begin(char phase, std::uint64_t of) {
  text_ += std::exchange(first_, false) ? "\n" : ",\n";
  return json_.open('{').word("ph", {&phase, 1}).put("pid", of);
}

codec::json_writer& chrome_writer::begin(char phase, std::int64_t at,
                                         std::uint64_t track_id) {
  begin(phase, process()).put("tid", track_id);
  return micros("ts", at);
}

codec::json_writer& chrome_writer::metadata(std::string_view name,
                                            std::uint64_t track_id) {
  begin('M', process()).put("tid", track_id).word("name", name);
  return arguments();
}

codec::json_writer& chrome_writer::arguments() {
  return json_.key("args").open('{');
}

// Of the arguments, and of what they belong to.
void chrome_writer::end() {
  json_.close('}').close('}');
}

// Nanoseconds, exactly: 1234567 is 1234.567.
codec::json_writer& chrome_writer::micros(std::string_view name,
                                          std::int64_t ns) {
  auto size = static_cast<std::uint64_t>(ns < 0 ? -ns : ns);
  auto part = std::to_string(1000 + size % 1000);
  part.front() = '.';
  return json_.key(name).json((ns < 0 ? "-" : "") + std::to_string(size / 1000)
                              + part);
}

void chrome_writer::counter(const track& on, std::string_view what,
                            std::string_view unit, std::int64_t at,
                            std::uint64_t value) {
  begin('C', on.process);
  micros("ts", at).put("name", on.name + ' ' + std::string{what});
  arguments().put(unit, value);
  end();
}

void chrome_writer::flow(char phase, std::uint64_t n, std::int64_t at,
                         std::uint64_t track_id) {
  begin(phase, at, track_id).word("cat", "flow").word("name", "sent");
  json_.put("id", unique(n));
  if (phase == 'f')
    json_.word("bp", "e");
  json_.close('}');
}

std::uint64_t chrome_writer::unique(std::uint64_t n) const {
  return (std::uint64_t{clock_.index()} << run_shift) + n;
}

} // namespace container_agent::trace
