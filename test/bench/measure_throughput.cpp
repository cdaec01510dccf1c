#include "test/bench/measure.hpp"

#include "test/bench/flows.hpp"
#include "test/bench/host_io.hpp"
#include "test/bench/payload.hpp"
#include "test/bench/placement.hpp"

#include <functional>
#include <optional>
#include <utility>

namespace container_agent::bench {

namespace {

constexpr std::chrono::seconds transfer_patience{300};

/// Bytes a microsecond are megabytes (10^6) a second.
double megabytes_a_second(std::uint64_t bytes, double microseconds) {
  return static_cast<double>(bytes) / microseconds;
}

double raw_rate(chain& system, std::uint64_t bytes) {
  auto blocks = bytes / block_bytes;
  auto begin = bench_clock::now();
  background_writer writer{system, [&] { write_blocks(system, blocks); }};
  read_blocks(system, blocks);
  auto taken = microseconds_since(begin);
  writer.finish();
  return megabytes_a_second(blocks * block_bytes, taken);
}

/// Asks for a flood and counts it.
class flood_host {
public:
  explicit flood_host(chain& system)
    : input_(system.input()), lines_(system.output()) {}

  double rate(std::uint64_t bytes) {
    auto prompt = flood_line(bytes, ++prompts_);
    auto begin = bench_clock::now();
    write_all(input_, prompt);
    read_flood(lines_, bytes);
    return megabytes_a_second(bytes, microseconds_since(begin));
  }

private:
  int input_;
  line_reader lines_;
  std::uint64_t prompts_ = 0;
};

/// Sends a number of bytes through a chain and tells megabytes a second.
using rate_function = std::function<double(std::uint64_t)>;

/// What is compared: two chains, how their rate is taken, and where they run;
/// the bar applies to the first place, the others are for information.
struct contest {
  std::string name;
  std::optional<bar> goal;
  std::vector<placement> places;
  blueprint agent;
  blueprint floor;
  std::string_view probe;
  std::function<rate_function(chain&)> rate_of;
};

/// What the input FIFO of a running agent holds.
int agent_pipe_bytes(const plan& p) {
  time_limit limit{transfer_patience};
  chain agent{p.scratch / "agent's pipes", raw_agent(p.setup)};
  agent.start_and_probe("probe\n");
  return agent.input_capacity();
}

std::vector<figure> compare(const plan& p, contest c) {
  std::vector<figure> result;
  for (auto where : c.places) {
    time_limit limit{transfer_patience};
    std::string place{to_string(where)};
    placed host{where};
    chain agent{p.scratch / ("agent " + c.name + place), c.agent};
    chain floor{p.scratch / ("floor " + c.name + place), c.floor};
    for (auto* system : {&agent, &floor}) {
      system->start_and_probe(c.probe);
      host.put(*system);
    }
    auto agent_rate = c.rate_of(agent);
    auto floor_rate = c.rate_of(floor);
    figure f{c.name + ", " + place, "MB/s",
             std::exchange(c.goal, std::nullopt)};
    interleave(
      p.throughput_rounds,
      [&] { f.agent.push_back(agent_rate(p.throughput_bytes)); },
      [&] { f.cats.push_back(floor_rate(p.throughput_bytes)); });
    result.push_back(std::move(f));
  }
  return result;
}

} // namespace

std::vector<figure> measure_raw_throughput(const plan& p) {
  auto rate_of = [](chain& system) -> rate_function {
    return [&system](std::uint64_t bytes) { return raw_rate(system, bytes); };
  };
  // The bar is on one core, where the sum of the work decides. Over several
  // cores it is the parallelism of five processes against that of four, and
  // each process's share of cores that others use too.
  contest against_cats{"throughput, raw 64 KiB",
                       ratio_at_least(0.9),
                       {placement::one_core, placement::free},
                       raw_agent(p.setup),
                       cats(cats_for_a_round_trip),
                       "probe\n",
                       rate_of};
  // The agent may give itself larger pipes than a shell gives its cats: that is
  // part of what it does better, and this row shows how much of it.
  auto against_large = against_cats;
  against_large.floor.pipe_bytes = agent_pipe_bytes(p);
  against_large.name += ", cats' pipes of "
                        + std::to_string(against_large.floor.pipe_bytes >> 10)
                        + " KiB";
  against_large.goal.reset();
  against_large.places = {placement::one_core};
  auto result = compare(p, std::move(against_cats));
  for (auto& f : compare(p, std::move(against_large)))
    result.push_back(std::move(f));
  return result;
}

std::vector<figure> measure_stream_json_throughput(const plan& p) {
  auto rate_of = [](chain& system) -> rate_function {
    return [host = flood_host{system}](std::uint64_t bytes) mutable {
      return host.rate(bytes);
    };
  };
  // Here the bar is a value, so it is on what users see.
  return compare(p, {"throughput, stream-json 1 KB",
                     value_at_least(200),
                     {placement::free, placement::one_core},
                     stream_json_agent(p.setup),
                     echo_and_cat(p.setup),
                     "",
                     rate_of});
}

} // namespace container_agent::bench
