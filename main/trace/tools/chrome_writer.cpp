#include "main/trace/tools/chrome_writer.hpp"

#include "main/trace/tools/flow_order.hpp"

namespace container_agent::trace {

namespace {

// Ids of arrows and slices must differ between runs, and be exact as doubles:
// 2^44 events a run, 512 runs.
constexpr int run_shift = 44;

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
  out_ << R"({"displayTimeUnit":"ns","traceEvents":[)";
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
}

void chrome_writer::finish() {
  for (auto& run : runs_)
    for (auto& [name, track] : run.actors)
      if (track.waiting)
        counter(track, "mailbox", "depth", track.emptied, 0);
  out_ << "\n]}\n";
  out_.flush();
}

void chrome_writer::header(const trace_line& event) {
  clock_.enter(event);
  if (clock_.index() == runs_.size())
    runs_.emplace_back();
  metadata("process_name", 0);
  out_ << R"({"name":)";
  out_.quoted("container-agent " + std::string{event.agent} + " (process "
              + std::to_string(event.pid) + ")")
    << "}}";
  metadata("process_sort_index", 0);
  out_ << R"({"sort_index":)" << process() << "}}";
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
    begin(phase, at, on.id);
    out_ << R"(,"cat":"mailbox","name":")" << on.name << R"( mailbox","id":)"
         << unique(event.n);
  };
  slice('b', sent);
  out_ << R"(,"args":{"type":)";
  out_.quoted(event.type) << R"(,"n":)" << event.n << "}}";
  if (event.depth == 1 && on.waiting)
    counter(on, "mailbox", "depth", on.emptied, 0);
  if (event.depth > 0)
    counter(on, "mailbox", "depth", sent, event.depth);
  on.waiting = event.depth > 0;
  auto end = event.taken ? event.taken : event.done;
  if (!end)
    return;
  on.emptied = clock_.at(*end);
  slice('e', on.emptied);
  out_ << '}';
}

void chrome_writer::handling(const trace_line& event, const track& on) {
  auto whole = event.taken && event.done;
  // What was never done has an open slice; what was never taken up, a mark.
  auto phase = whole ? 'X' : event.taken ? 'B' : 'i';
  if (phase == 'i' && event.outcome == "queued")
    return;
  auto at = event.taken ? *event.taken : event.done.value_or(event.at);
  begin(phase, clock_.at(at), on.id);
  if (whole) {
    out_ << R"(,"dur":)";
    out_.micros(static_cast<std::int64_t>(*event.done - *event.taken));
  }
  out_ << R"(,"cat":"message","name":)";
  out_.quoted(event.type);
  if (phase == 'i')
    out_ << R"(,"s":"t")";
  if (is_bad(event))
    out_ << R"(,"cname":"terrible")";
  arguments(event);
}

void chrome_writer::arguments(const trace_line& event) {
  auto text = [&](const char* name, std::string_view value) {
    if (!value.empty())
      (out_ << ",\"" << name << "\":").quoted(value);
  };
  out_ << R"(,"args":{"n":)" << event.n;
  if (event.cause > 0)
    out_ << R"(,"cause":)" << event.cause;
  text("trace", event.trace);
  text("from", event.from);
  text("summary", event.summary);
  text("payload", event.payload);
  text("outcome", event.outcome);
  if (auto time = queueing(event)) {
    out_ << R"(,"queued_us":)";
    out_.micros(static_cast<std::int64_t>(*time));
  }
  out_ << "}}";
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
  begin('X', at, on.id);
  out_ << R"(,"dur":0,"cat":"bytes","name":")" << event.count << " bytes "
       << (in ? "in" : "out") << R"(","args":{"n":)" << event.n
       << R"(,"bytes":)" << event.count;
  if (event.cause > 0)
    out_ << R"(,"cause":)" << event.cause;
  if (!event.trace.empty())
    (out_ << R"(,"trace":)").quoted(event.trace);
  out_ << "}}";
  auto& total = in ? on.in_total : on.out_total;
  total += event.count;
  counter(on, "bytes", event.direction, at, total);
  auto writer = actor_at(event.port);
  if (!in && event.cause > 0 && !writer.empty()) {
    flow('s', event.n, at, actor(writer).id);
    flow('f', event.n, at, on.id);
  }
  keep_origin(event, on);
}

void chrome_writer::timer(const trace_line& event) {
  auto& on = actor(event.actor);
  begin('i', clock_.at(event.at), on.id);
  out_ << R"(,"s":"t","cat":"timer","name":)";
  out_.quoted("timer: " + std::string{event.type});
  out_ << R"(,"args":{"n":)" << event.n << R"(,"due_us":)";
  out_.micros(clock_.at(event.due));
  out_ << "}}";
  keep_origin(event, on);
}

void chrome_writer::dropped(const trace_line& event) {
  begin('i', clock_.at(event.at), 0);
  out_ << R"(,"s":"g","cat":"dropped","name":")" << event.count
       << R"( events missing","args":{"count":)" << event.count << "}}";
}

void chrome_writer::life(const trace_line& event) {
  auto spawned = event.kind == event_kind::spawn;
  begin('i', clock_.at(event.at), actor(event.actor).id);
  out_ << R"(,"s":"t","cat":"life","name":)"
       << (spawned ? event.incarnation > 1 ? R"("restart")" : R"("spawn")"
           : event.failed ? R"("end: failed")"
                          : R"("end")");
  if (event.failed)
    out_ << R"(,"cname":"terrible")";
  out_ << R"(,"args":{"n":)" << event.n << R"(,"id":)" << event.actor_id;
  if (spawned)
    out_ << R"(,"incarnation":)" << event.incarnation;
  if (event.cause > 0)
    out_ << R"(,"cause":)" << event.cause;
  if (!event.reason.empty())
    (out_ << R"(,"reason":)").quoted(event.reason);
  out_ << "}}";
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
  metadata("thread_name", id);
  out_ << R"({"name":)";
  out_.quoted(std::string{name} + (is_boundary ? " (bytes)" : ""));
  out_ << "}}";
  metadata("thread_sort_index", id);
  out_ << R"({"sort_index":)" << id << "}}";
  auto& added = to[std::string{name}];
  added.id = id;
  added.process = process();
  append_escaped(added.name, name);
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

void chrome_writer::begin(char phase) {
  out_ << (first_ ? "\n" : ",\n") << R"({"ph":")" << phase << R"(","pid":)";
  first_ = false;
}

void chrome_writer::begin(char phase, std::int64_t at, std::uint64_t track_id) {
  begin(phase);
  out_ << process() << R"(,"tid":)" << track_id << R"(,"ts":)";
  out_.micros(at);
}

void chrome_writer::metadata(std::string_view name, std::uint64_t track_id) {
  begin('M');
  out_ << process() << R"(,"tid":)" << track_id << R"(,"name":")" << name
       << R"(","args":)";
}

void chrome_writer::counter(const track& on, std::string_view what,
                            std::string_view unit, std::int64_t at,
                            std::uint64_t value) {
  begin('C');
  out_ << on.process << R"(,"ts":)";
  out_.micros(at);
  out_ << R"(,"name":")" << on.name << ' ' << what << R"(","args":{)";
  out_.quoted(unit) << ':' << value << "}}";
}

void chrome_writer::flow(char phase, std::uint64_t n, std::int64_t at,
                         std::uint64_t track_id) {
  begin(phase, at, track_id);
  out_ << R"(,"cat":"flow","name":"sent","id":)" << unique(n);
  if (phase == 'f')
    out_ << R"(,"bp":"e")";
  out_ << '}';
}

std::uint64_t chrome_writer::unique(std::uint64_t n) const {
  return (std::uint64_t{clock_.index()} << run_shift) + n;
}

} // namespace container_agent::trace
