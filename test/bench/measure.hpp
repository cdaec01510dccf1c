#pragma once

#include "test/bench/chain.hpp"
#include "test/bench/series.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

namespace container_agent::bench {

/// How much is measured. The cats' and the agent's turn alternate in each
/// round, so that a disturbance meets both; many short rounds, because what
/// disturbs (other work on the machine, where the scheduler puts processes)
/// comes and goes within a second.
struct plan {
  agent_setup setup;
  std::filesystem::path scratch; ///< A directory for the FIFOs.

  int latency_rounds = 61;
  int trips_a_round = 200; ///< Timed ones; a tenth more come before them.
  int throughput_rounds = 21;
  std::uint64_t throughput_bytes = 128 << 20; ///< A round, each side.
  int start_rounds = 31;
  std::chrono::seconds idle_window{10};
  std::uint64_t flood_bytes = 1 << 30;

  /// The same with less of everything: about fifteen seconds.
  void make_quick();
};

/// A measurement: a name for `--only` and a function that gives its figures.
struct measurement {
  std::string_view name;
  std::string_view about;
  std::vector<figure> (*run)(const plan&);
};

/// All of them, in the order in which they run.
const std::vector<measurement>& measurements();

std::vector<figure> measure_raw_round_trip(const plan& p);
std::vector<figure> measure_stream_json_round_trip(const plan& p);
std::vector<figure> measure_raw_throughput(const plan& p);
std::vector<figure> measure_stream_json_throughput(const plan& p);
std::vector<figure> measure_tracing(const plan& p);
std::vector<figure> measure_start(const plan& p);
std::vector<figure> measure_stop(const plan& p);
std::vector<figure> measure_idle(const plan& p);
std::vector<figure> measure_memory(const plan& p);

/// One turn of each side a round; who begins alternates.
template <class Agent, class Cats>
void interleave(int rounds, Agent agent, Cats cats) {
  for (int round = 0; round < rounds; ++round) {
    if (round % 2 == 0) {
      cats();
      agent();
    } else {
      agent();
      cats();
    }
  }
}

/// Three cats make as many process switches as host, agent, child and agent.
inline constexpr int cats_for_a_round_trip = 3;

using bench_clock = std::chrono::steady_clock;

inline double microseconds_since(bench_clock::time_point begin) {
  using duration = std::chrono::duration<double, std::micro>;
  return duration(bench_clock::now() - begin).count();
}

} // namespace container_agent::bench
