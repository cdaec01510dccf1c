#include "test/bench/measure.hpp"

#include "test/bench/flows.hpp"
#include "test/bench/host_io.hpp"
#include "test/bench/payload.hpp"
#include "test/support/process_memory.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <stdexcept>

namespace container_agent::bench {

namespace {

constexpr std::chrono::seconds echo_patience{120};
constexpr std::chrono::seconds flood_patience{600};
constexpr double bytes_a_kib = 1024;
constexpr double bytes_a_megabyte = 1e6;

/// A figure of /proc/PID/status or smaps_rollup; throws when it is not there.
double status_number(const std::map<std::string, std::string>& status,
                     const std::string& name) {
  auto i = status.find(name);
  if (i == status.end())
    throw std::runtime_error("the kernel tells no " + name);
  return std::stod(i->second);
}

double megabytes(double kib) {
  return kib * bytes_a_kib / bytes_a_megabyte;
}

double memory_of(const chain& system, const std::string& name) {
  return megabytes(status_number(test::status_of(system.head().pid()), name));
}

/// The sum of some lines of smaps_rollup.
double mapped_of(pid_t pid, const std::vector<std::string>& names) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/smaps_rollup");
  std::string word;
  double sum = 0;
  double kib = 0;
  std::size_t found = 0;
  while (in >> word)
    if (std::find(names.begin(), names.end(), word) != names.end()
        && in >> kib) {
      sum += kib;
      ++found;
    }
  if (found != names.size())
    throw std::runtime_error("the kernel tells no " + names.front());
  return megabytes(sum);
}

/// How often the process has gone to sleep or was put aside so far, in all
/// its threads.
double switches_of(const chain& system) {
  double result = 0;
  auto tasks = "/proc/" + std::to_string(system.head().pid()) + "/task";
  for (const auto& task : std::filesystem::directory_iterator(tasks)) {
    auto tid = static_cast<pid_t>(std::stol(task.path().filename().string()));
    auto status = test::status_of(tid);
    result += status_number(status, "voluntary_ctxt_switches")
              + status_number(status, "nonvoluntary_ctxt_switches");
  }
  return result;
}

/// Lets `window` go by; throws when the process ends in it.
void pass(std::chrono::milliseconds window, const chain& system) {
  auto end = bench_clock::now() + window;
  for (;;) {
    check_interrupted();
    auto left
      = std::chrono::ceil<std::chrono::milliseconds>(end - bench_clock::now());
    if (left.count() <= 0)
      return;
    pollfd fd{system.head().pidfd(), POLLIN, 0};
    auto n = ::poll(&fd, 1, static_cast<int>(left.count()));
    if (n > 0)
      throw std::runtime_error("the agent ended; its log:\n"
                               + system.log_tail());
    if (n < 0 && errno != EINTR)
      throw std::system_error(errno, std::generic_category(), "poll");
  }
}

/// Returns when the process did nothing at all for a moment: it was neither
/// waiting for a processor nor woken up.
void await_standstill(const chain& system) {
  constexpr std::chrono::milliseconds moment{300};
  auto run_time = [&] {
    auto pid = std::to_string(system.head().pid());
    std::ifstream in("/proc/" + pid + "/schedstat");
    std::string on_processor;
    in >> on_processor;
    return on_processor;
  };
  for (;;) {
    auto switches = switches_of(system);
    auto ran = run_time();
    pass(moment, system);
    if (switches_of(system) == switches && run_time() == ran)
      return;
  }
}

/// What memory grew by since this was made, at its highest.
class growth_meter {
public:
  explicit growth_meter(const chain& system)
    : system_(system), before_(memory_of(system, "VmRSS")) {}

  [[nodiscard]] double peak() const {
    return memory_of(system_, "VmHWM") - before_;
  }

private:
  const chain& system_;
  double before_;
};

figure growth(std::string what, double megabytes) {
  return {
    "memory growth, " + std::move(what), "MB", value_at_most(16), {megabytes}};
}

std::string size_text(std::uint64_t bytes) {
  return std::to_string(bytes >> 20) + " MiB";
}

/// One turn each, so that both have been used once.
void use_once(chain& raw, chain& stream_json) {
  raw.start_and_probe("probe\n");
  stream_json.start_and_probe("");
  write_prompts(stream_json, 1, line_bytes);
  line_reader lines{stream_json.output()};
  read_results(lines, 1, line_bytes);
}

figure stalled_output(const plan& p) {
  chain agent{p.scratch / "stalled", stream_json_agent(p.setup)};
  agent.start_and_probe("");
  growth_meter meter{agent};
  write_all(agent.input(), flood_line(p.flood_bytes, 0));
  agent.await_output();
  await_standstill(agent);
  line_reader lines{agent.output()};
  read_flood(lines, p.flood_bytes);
  return growth("output stalled, child writes " + size_text(p.flood_bytes),
                meter.peak());
}

figure flooded_input(const plan& p) {
  chain agent{p.scratch / "flooded", stream_json_agent(p.setup)};
  agent.start_and_probe("");
  growth_meter meter{agent};
  auto count = p.flood_bytes / block_bytes;
  background_writer writer{agent,
                           [&] { write_prompts(agent, count, block_bytes); }};
  agent.await_output();
  await_standstill(agent);
  line_reader lines{agent.output()};
  read_results(lines, count, block_bytes);
  writer.finish();
  return growth("prompts of 64 KiB, " + size_text(p.flood_bytes), meter.peak());
}

figure flooded_raw_input(const plan& p) {
  chain agent{p.scratch / "flooded-raw", raw_agent(p.setup)};
  agent.start_and_probe("probe\n");
  growth_meter meter{agent};
  auto blocks = p.flood_bytes / block_bytes;
  background_writer writer{agent, [&] { write_blocks(agent, blocks); }};
  agent.await_output();
  await_standstill(agent);
  read_blocks(agent, blocks);
  writer.finish();
  return growth("raw input of " + size_text(p.flood_bytes), meter.peak());
}

} // namespace

std::vector<figure> measure_idle(const plan& p) {
  time_limit limit{echo_patience};
  chain raw{p.scratch / "raw", raw_agent(p.setup)};
  chain stream_json{p.scratch / "stream-json", stream_json_agent(p.setup)};
  use_once(raw, stream_json);
  await_standstill(raw);
  await_standstill(stream_json);
  auto raw_before = switches_of(raw);
  auto stream_json_before = switches_of(stream_json);
  pass(p.idle_window, stream_json);
  auto window = " in " + std::to_string(p.idle_window.count()) + " s";
  auto status = [](const chain& system, const char* name) {
    return status_number(test::status_of(system.head().pid()), name);
  };
  return {
    {"idle wake-ups, raw," + window,
     "",
     value_at_most(0),
     {switches_of(raw) - raw_before}},
    {"idle wake-ups, stream-json," + window,
     "",
     value_at_most(0),
     {switches_of(stream_json) - stream_json_before}},
    {"idle RSS, raw", "MB", value_at_most(8), {memory_of(raw, "VmRSS")}},
    {"idle RSS, stream-json",
     "MB",
     value_at_most(8),
     {memory_of(stream_json, "VmRSS")}},
    {"  of it its own (RssAnon)",
     "MB",
     std::nullopt,
     {memory_of(stream_json, "RssAnon")}},
    {"  its share (Pss)",
     "MB",
     std::nullopt,
     {mapped_of(stream_json.head().pid(), {"Pss:"})}},
    {"  the guard's own (private)",
     "MB",
     std::nullopt,
     {mapped_of(stream_json.guard(), {"Private_Clean:", "Private_Dirty:"})}},
    {"threads", "", value_at_most(1), {status(stream_json, "Threads")}},
  };
}

std::vector<figure> measure_memory(const plan& p) {
  time_limit limit{flood_patience};
  return {stalled_output(p), flooded_input(p), flooded_raw_input(p)};
}

} // namespace container_agent::bench
