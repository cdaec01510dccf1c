#include "main/trace/record/tracer.hpp"
#include "test/simulation/world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace container_agent::simulation {

namespace {

using runtime::trace_event;
using runtime::trace_kind;
using runtime::trace_outcome;

// A tracer sees one agent in its life: in other modes another one may come.
constexpr auto one_agent = run_mode::once;

/// Keeps what tests count.
class traced_run final : public runtime::trace_sink {
public:
  std::set<std::uint64_t> numbers;
  std::set<std::uint64_t> causes;
  std::map<trace_outcome, std::uint64_t> messages;
  std::uint64_t twice = 0;
  std::uint64_t errors = 0; // as answers: CAF drops one that comes too late,
                            // and the turn goes on

  void write(const trace_event& e) override {
    if (e.outcome != trace_outcome::skipped && !numbers.insert(e.number).second)
      ++twice;
    if (e.cause != 0)
      causes.insert(e.cause);
    else
      uncaused_.push_back(e);
    if (e.kind != trace_kind::message)
      return;
    ++messages[e.outcome];
    errors += e.type == std::string_view{"error"} ? 1 : 0;
    if (e.done >= 0) {
      auto [i, first] = first_done_.try_emplace(e.to_id, e.done);
      i->second = std::min(i->second, e.done);
    }
  }

  /// What an actor that has taken a message has done, and nothing is said to
  /// have caused. Before, it is being made, and a supervisor that is being made
  /// is told at once of a child that has ended; and the simulated clock does
  /// not tell of timers, which an actor sets for itself.
  std::vector<std::string> unexplained() const {
    std::vector<std::string> result;
    for (const auto& e : uncaused_) {
      auto who = e.kind == trace_kind::end ? e.to_id : e.from_id;
      auto worked = first_done_.find(who);
      if (worked != first_done_.end() && e.sent > worked->second
          && e.from_id != e.to_id && e.type != std::string_view{"down"})
        result.push_back(std::string{e.to == nullptr ? "" : e.to} + ' '
                         + e.type);
    }
    return result;
  }

private:
  std::vector<trace_event> uncaused_;
  std::map<std::uint32_t, runtime::trace_time> first_done_;
};

/// The lines of all events of a run. `at_once`: each is made as it happens, or
/// of notes when there are many.
std::string lines_of_run(std::uint64_t seed, bool at_once) {
  // The same moment for the same event, whenever somebody asks for its time.
  std::chrono::steady_clock::time_point time;
  runtime::tracer_config settings{.ring = 16};
  settings.now = [&time] { return time += std::chrono::microseconds{1}; };
  if (!at_once)
    settings.when_idle = [](std::function<void()>) {}; // never idle
  runtime::tracer events{settings};
  struct : runtime::trace_sink {
    void write(const trace_event& event) override {
      runtime::append_event(lines, event);
    }
    std::string lines;
  } sink;
  events.add(sink);
  message_watch watch{events};
  run_seed(seed, {}, &watch, one_agent);
  events.remove(sink);
  return sink.lines;
}

} // namespace

TEST(tracing, makes_the_same_of_notes_as_of_what_happens) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    auto lines = lines_of_run(seed, true);
    EXPECT_GT(lines.size(), 10'000u) << "seed " << seed;
    EXPECT_EQ(lines, lines_of_run(seed, false)) << "seed " << seed;
  }
}

// The faults of these runs: exceptions before and after handlers, kills.
TEST(tracing, has_every_message_of_a_run_with_faults_exactly_once) {
  std::uint64_t exact = 0;
  std::uint64_t undelivered = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    runtime::tracer events{{.ring = 16}};
    traced_run seen;
    events.add(seen);
    message_watch watch{events};
    run_seed(seed, {}, &watch, one_agent);
    auto taken = seen.messages[trace_outcome::handled]
                 + seen.messages[trace_outcome::failed]
                 + seen.messages[trace_outcome::skipped];
    EXPECT_GE(taken, watch.messages.waiting) << "seed " << seed;
    EXPECT_LE(taken,
              watch.messages.waiting + watch.messages.beginnings + seen.errors)
      << "seed " << seed;
    exact += taken == watch.messages.waiting ? 1 : 0;
    EXPECT_EQ(seen.twice, 0u) << "seed " << seed;
    EXPECT_THAT(seen.unexplained(), testing::IsEmpty()) << "seed " << seed;
    auto known = seen.numbers; // and what is not complete
    events.visit([&](const auto& event) { known.insert(event.number); });
    EXPECT_TRUE(std::includes(known.begin(), known.end(), seen.causes.begin(),
                              seen.causes.end()))
      << "seed " << seed;
    EXPECT_EQ(seen.numbers.size(), events.counts().events) << "seed " << seed;
    undelivered += seen.messages[trace_outcome::undelivered];
  }
  EXPECT_GT(undelivered, 0u);
  EXPECT_GT(exact, 40u) << "of 60 runs";
}

} // namespace container_agent::simulation
