#include "main/trace/read/prompt_life.hpp"

#include "messages/trace_id.hpp"

#include <algorithm>
#include <ostream>

namespace container_agent::trace {

namespace {

bool is_kept(const trace_line& event) {
  return event.kind == event_kind::bytes
         || (event.kind == event_kind::message && event.outcome != "skipped");
}

life_event kept(const trace_line& event, const run_clock& clock) {
  life_event result{event, clock.index(), clock.at(event.at), {}, {}};
  if (event.taken)
    result.handled = clock.at(*event.taken);
  if (event.done)
    result.ended = clock.at(*event.done);
  return result;
}

} // namespace

std::string trace_of_prompt(std::string_view prompt) {
  return to_string(trace_id_named(prompt));
}

prompt_life read_life(std::string_view prompt,
                      const std::vector<trace_input>& inputs,
                      std::ostream& err) {
  prompt_life life;
  life.trace = trace_of_prompt(prompt);
  run_clock clock;
  std::int64_t first = INT64_MAX;
  auto take = [&](const trace_line& event, std::string_view) {
    if (event.kind == event_kind::header)
      clock.enter(event);
    if (event.trace != life.trace || !is_kept(event))
      return;
    if (life.events.size() == max_life_events) {
      ++life.left_out;
      return;
    }
    life.events.push_back(kept(event, clock));
    if (life.events.back().began < first) {
      first = life.events.back().began;
      life.began = clock.since_1970(event.at);
    }
  };
  life.read = read_trace(inputs, take, err);
  std::stable_sort(life.events.begin(), life.events.end(),
                   [](const auto& a, const auto& b) {
                     return a.began != b.began ? a.began < b.began : a.n < b.n;
                   });
  return life;
}

int close_life(const prompt_life& life, std::ostream& err) {
  auto code = close_reading(life.read, err);
  if (life.left_out > 0)
    err << "note: " << life.left_out << " more events of this prompt were left "
        << "out\n";
  if (!life.events.empty() || life.read.lines == 0)
    return code;
  err << "error: nothing in the trace belongs to the prompt with trace id "
      << life.trace << "; its first events may be in an older file\n";
  return 1;
}

} // namespace container_agent::trace
