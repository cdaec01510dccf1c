#include "test/simulation/world.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

// Runs seeds; see docs/simulation.md.
namespace {

using namespace container_agent::simulation;

constexpr std::string_view usage
  = "usage: simulation [--mode claude|once|raw|keep] [--seed N | --seeds "
    "FIRST..LAST | "
    "--count N] [--trace]\n"
    "\n"
    "  --mode MODE          the agent's [claude]\n"
    "  --seed N             one run\n"
    "  --seeds FIRST..LAST  many runs\n"
    "  --count N            the first N seeds\n"
    "  --trace              print everything that happens\n"
    "\n"
    "Exit code 0 if no invariant was violated, 1 if one was, 2 for bad "
    "usage.\n";

// What is shown of a run that fails, without --trace.
constexpr std::size_t last_events = 60;

struct arguments {
  std::uint64_t first = 1;
  std::uint64_t last = 100;
  run_mode mode = run_mode::claude;
  bool trace = false;
  bool good = true;
};

constexpr std::array<std::pair<std::string_view, run_mode>, 4> modes{{
  {"claude", run_mode::claude},
  {"once", run_mode::once},
  {"raw", run_mode::raw},
  {"keep", run_mode::keep},
}};

std::optional<run_mode> mode_named(std::string_view name) {
  for (const auto& [known, mode] : modes)
    if (known == name)
      return mode;
  return std::nullopt;
}

std::string_view name_of(run_mode mode) {
  return modes[static_cast<std::size_t>(mode)].first;
}

arguments read_arguments(int argc, char** argv) {
  arguments result;
  for (int i = 1; i < argc; ++i) {
    std::string_view name{argv[i]};
    if (name == "--trace") {
      result.trace = true;
      continue;
    }
    if (i + 1 == argc) {
      result.good = false;
      break;
    }
    if (name == "--mode") {
      auto known = mode_named(argv[++i]);
      result.good = result.good && known;
      result.mode = known.value_or(run_mode::claude);
      continue;
    }
    char* end = nullptr;
    auto number = std::strtoull(argv[++i], &end, 10);
    if (name == "--seed")
      result.first = result.last = number;
    else if (name == "--count")
      result.first = 1, result.last = number;
    else if (name == "--seeds" && std::string_view{end}.starts_with(".."))
      result.first = number, result.last = std::strtoull(end + 2, &end, 10);
    else
      result.good = false;
    result.good = result.good && *end == '\0';
  }
  return result;
}

outcome run_one(const arguments& what, std::uint64_t seed,
                trace_receiver trace) {
  return run_seed(seed, std::move(trace), nullptr, what.mode);
}

// The run is the same again, so its last events need not be kept at first.
void show_violation(const arguments& what, std::uint64_t seed) {
  std::deque<std::string> events;
  auto result = run_one(what, seed, [&](const std::string& line) {
    events.push_back(line.substr(0, 400));
    if (events.size() > last_events)
      events.pop_front();
  });
  for (const auto& event : events)
    std::cout << event << '\n';
  std::cout << "seed " << seed << ", step " << result.steps << ": "
            << result.violation.value_or("not when run again: NOT DETERMINED")
            << "\nreplay: build/simulation --mode " << name_of(what.mode)
            << " --seed " << seed << " --trace\n";
}

int run(const arguments& what) {
  auto begin = std::chrono::steady_clock::now();
  time_span time{0};
  std::uint64_t steps = 0;
  std::uint64_t violations = 0;
  std::uint64_t faults = 0;
  std::uint64_t launches = 0;
  std::uint64_t prompts = 0;
  std::uint64_t rested = 0;
  trace_receiver print;
  if (what.trace)
    print = [](const std::string& line) { std::cout << line << '\n'; };
  for (auto seed = what.first; seed <= what.last; ++seed) {
    auto result = run_one(what, seed, print);
    time += result.time;
    steps += result.steps;
    faults += result.faults;
    launches += result.launches;
    prompts += result.prompts;
    rested += result.came_to_rest ? 1 : 0;
    if (!result.violation)
      continue;
    ++violations;
    show_violation(what, seed);
  }
  auto took
    = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin)
        .count();
  auto seeds = what.last - what.first + 1;
  auto hours = std::chrono::duration<double, std::ratio<3600>>(time).count();
  std::printf("%llu seeds, %llu violations; %llu came to rest; %llu prompts, "
              "%llu launches, %llu faults, %llu steps\n"
              "%.1f s: %.0f seeds a second, %.2f virtual hours a second\n",
              static_cast<unsigned long long>(seeds),
              static_cast<unsigned long long>(violations),
              static_cast<unsigned long long>(rested),
              static_cast<unsigned long long>(prompts),
              static_cast<unsigned long long>(launches),
              static_cast<unsigned long long>(faults),
              static_cast<unsigned long long>(steps), took,
              static_cast<double>(seeds) / took, hours / took);
  return violations == 0 ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
  auto what = read_arguments(argc, argv);
  if (!what.good) {
    std::cerr << usage;
    return 2;
  }
  return run(what);
}
