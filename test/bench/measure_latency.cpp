#include "test/bench/measure.hpp"

#include "test/bench/host_io.hpp"
#include "test/bench/payload.hpp"
#include "test/bench/placement.hpp"

#include <poll.h>

#include <algorithm>
#include <csignal>
#include <stdexcept>
#include <string>
#include <utility>

namespace container_agent::bench {

namespace {

constexpr std::size_t short_line_bytes = 200;
constexpr std::chrono::seconds patience{120};

// Then other processes: of two that run the same program one may be slower by a
// sixth than the other, for as long as they live.
constexpr int rounds_a_pair = 3;

/// Lines of a fixed size that come back as they were.
class raw_host {
public:
  explicit raw_host(chain& system) : system_(system) {}

  void round_trip() {
    auto sent = line_.with(++number_);
    write_all(system_.input(), sent);
    read_exactly(system_.output(), answer_);
    if (answer_ != sent)
      throw std::runtime_error("a line came back changed");
  }

private:
  chain& system_;
  numbered_line line_ = make_line();
  std::string answer_ = std::string(short_line_bytes, '\0');
  std::uint64_t number_ = 0;

  static numbered_line make_line() {
    std::string text{"########"};
    text.append(short_line_bytes - text.size() - 1, 'x');
    return numbered_line{text + '\n'};
  }
};

/// Prompts of 1 KB. The answer is the first line with `prefix`; what comes
/// before it (the agent's `accepted`) is read too and is part of the time.
class stream_json_host {
public:
  stream_json_host(chain& system, std::string_view prefix)
    : system_(system), lines_(system.output()), prefix_(prefix) {}

  void round_trip() {
    write_all(system_.input(), line_.with(++number_));
    std::string_view answer;
    do
      answer = lines_.next();
    while (!answer.starts_with(prefix_));
    if (answer.size() != line_.size()
        || read_number(answer.substr(prefix_.size())) != number_)
      throw std::runtime_error("not the answer to this prompt: "
                               + std::string{answer});
  }

private:
  chain& system_;
  line_reader lines_;
  std::string_view prefix_;
  numbered_line line_ = user_line();
  std::uint64_t number_ = 0;
};

/// What round trips took, round by round.
struct times {
  std::vector<double> p50;
  std::vector<double> p99;
};

/// Round trips of one side.
template <class Host>
class trips {
public:
  trips(Host host, int count, times& result)
    : host_(std::move(host)), count_(count), result_(result) {}

  void run() {
    for (int i = 0; i < count_ / 10; ++i)
      host_.round_trip();
    taken_.clear();
    for (int i = 0; i < count_; ++i) {
      auto begin = bench_clock::now();
      host_.round_trip();
      taken_.push_back(microseconds_since(begin));
    }
    result_.p50.push_back(percentile(taken_, 0.5));
    result_.p99.push_back(percentile(taken_, 0.99));
  }

private:
  Host host_;
  int count_;
  times& result_;
  std::vector<double> taken_;
};

/// One side of a comparison: what is started, what is sent first, and what
/// sends the rest.
template <class MakeHost>
struct side {
  std::string directory;
  blueprint what;
  std::string_view probe;
  MakeHost make_host;
};

template <class MakeHost>
side(std::string, blueprint, std::string_view, MakeHost) -> side<MakeHost>;

template <class AgentSide, class CatsSide>
std::vector<figure> compare(const plan& p, const std::string& name,
                            double limit, const AgentSide& agent_side,
                            const CatsSide& cats_side) {
  std::vector<figure> result;
  // The bar applies to the first placement; the others are for information.
  std::optional<bar> goal = ratio_at_most(limit);
  for (auto where : possible_placements()) {
    time_limit patience_limit{patience};
    placed host{where};
    times agent_times;
    times floor_times;
    for (int round = 0; round < p.latency_rounds; round += rounds_a_pair) {
      auto directory = [&](const auto& s) {
        return p.scratch
               / (s.directory + std::string{to_string(where)} + " "
                  + std::to_string(round));
      };
      chain agent{directory(agent_side), agent_side.what};
      chain floor{directory(cats_side), cats_side.what};
      agent.start_and_probe(agent_side.probe);
      floor.start_and_probe(cats_side.probe);
      host.put(agent);
      host.put(floor);
      trips agent_trips{agent_side.make_host(agent), p.trips_a_round,
                        agent_times};
      trips floor_trips{cats_side.make_host(floor), p.trips_a_round,
                        floor_times};
      interleave(
        std::min(rounds_a_pair, p.latency_rounds - round),
        [&] { agent_trips.run(); }, [&] { floor_trips.run(); });
    }
    auto text = name + ", " + std::string{to_string(where)};
    result.push_back({text + ", p50", "µs", std::exchange(goal, std::nullopt),
                      agent_times.p50, floor_times.p50});
    result.push_back(
      {text + ", p99", "µs", std::nullopt, agent_times.p99, floor_times.p99});
  }
  return result;
}

} // namespace

std::vector<figure> measure_raw_round_trip(const plan& p) {
  auto make_host = [](chain& system) { return raw_host{system}; };
  return compare(
    p, "round trip, raw 200 B", 1.15,
    side{"agent ", raw_agent(p.setup), "probe\n", make_host},
    side{"cats ", cats(cats_for_a_round_trip), "probe\n", make_host});
}

std::vector<figure> measure_stream_json_round_trip(const plan& p) {
  auto agent_host = [](chain& system) {
    return stream_json_host{system, result_prefix};
  };
  auto cats_host = [](chain& system) {
    return stream_json_host{system, user_prefix};
  };
  return compare(
    p, "round trip, stream-json 1 KB", 1.35,
    side{"agent ", stream_json_agent(p.setup), "", agent_host},
    side{"cats ", cats(cats_for_a_round_trip), "probe\n", cats_host});
}

// One agent beside another.
std::vector<figure> measure_tracing(const plan& p) {
  auto make_host = [](chain& system) { return raw_host{system}; };
  auto off = raw_agent(p.setup.with({"--trace-ring", "0"}));
  auto result = compare(p, "tracing in memory, against none", 1.03,
                        side{"ring ", raw_agent(p.setup), "probe\n", make_host},
                        side{"untraced ", off, "probe\n", make_host});
  auto to_file = p.setup.with({"--trace-file", p.scratch / "trace.jsonl"});
  auto more = compare(p, "tracing to a file, against none", 1.15,
                      side{"file ", raw_agent(to_file), "probe\n", make_host},
                      side{"without ", off, "probe\n", make_host});
  result.insert(result.end(), more.begin(), more.end());
  return result;
}

std::vector<figure> measure_start(const plan& p) {
  int run = 0;
  auto start = [&](std::string_view name, const blueprint& what) {
    time_limit limit{patience};
    chain system{p.scratch / (std::string{name} + std::to_string(++run)), what};
    write_all(system.input(), "the first line\n");
    auto begin = bench_clock::now();
    system.start();
    system.await_output();
    return microseconds_since(begin) / 1000;
  };
  figure result{"start to first byte, raw", "ms", value_at_most(10)};
  interleave(
    p.start_rounds,
    [&] { result.agent.push_back(start("agent", raw_agent(p.setup))); },
    [&] { result.cats.push_back(start("cats", cats(cats_for_a_round_trip))); });
  return {std::move(result)};
}

std::vector<figure> measure_stop(const plan& p) {
  figure result{"SIGTERM to gone, raw, idle", "ms", value_at_most(50)};
  for (int run = 0; run < p.start_rounds; ++run) {
    time_limit limit{patience};
    chain agent{p.scratch / std::to_string(run), raw_agent(p.setup)};
    agent.start_and_probe("probe\n");
    pollfd gone{agent.head().pidfd(), POLLIN, 0};
    auto begin = bench_clock::now();
    ::kill(agent.head().pid(), SIGTERM);
    while (::poll(&gone, 1, -1) != 1)
      check_interrupted();
    result.agent.push_back(microseconds_since(begin) / 1000);
  }
  return {std::move(result)};
}

} // namespace container_agent::bench
