#include "main/runtime/trace/tracer.hpp"
#include "test/simulation/world.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace container_agent::simulation {

namespace {

using runtime::trace_event;
using runtime::trace_kind;
using runtime::trace_outcome;

/// Keeps what tests count.
class traced_run final : public runtime::trace_sink {
public:
  std::set<std::uint64_t> numbers;
  std::map<trace_outcome, std::uint64_t> messages;
  std::uint64_t twice = 0;
  std::uint64_t uncaused = 0; // causes that are no event before it

  void take(const trace_event& e, std::string_view) override {
    if (e.cause >= e.number)
      ++uncaused;
    if (e.kind == trace_kind::message)
      ++messages[e.outcome];
    if (e.outcome != trace_outcome::skipped && !numbers.insert(e.number).second)
      ++twice;
  }

  bool wants_lines() const override { return false; }
};

} // namespace

// The faults of these runs: exceptions before and after handlers, kills.
TEST(tracing, has_every_message_of_a_run_with_faults_exactly_once) {
  std::uint64_t exact = 0;
  std::uint64_t undelivered = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    runtime::tracer events{{.ring = 16}};
    traced_run seen;
    events.add(seen);
    message_watch watch{events};
    run_seed(seed, {}, &watch);
    auto taken = seen.messages[trace_outcome::handled]
                 + seen.messages[trace_outcome::failed]
                 + seen.messages[trace_outcome::skipped];
    EXPECT_GE(taken, watch.messages.waiting) << "seed " << seed;
    EXPECT_LE(taken, watch.messages.waiting + watch.messages.beginnings)
      << "seed " << seed;
    exact += taken == watch.messages.waiting ? 1 : 0;
    EXPECT_EQ(seen.twice, 0u) << "seed " << seed;
    EXPECT_EQ(seen.uncaused, 0u) << "seed " << seed;
    EXPECT_EQ(seen.numbers.size(), events.counts().events) << "seed " << seed;
    undelivered += seen.messages[trace_outcome::undelivered];
  }
  EXPECT_GT(undelivered, 0u);
  EXPECT_GT(exact, 40u) << "of 60 runs";
}

} // namespace container_agent::simulation
