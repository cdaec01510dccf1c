/// container-agent-bench: measures the agent against chained `cat`s.

#include "test/bench/host_io.hpp"
#include "test/bench/measure.hpp"
#include "test/bench/report.hpp"
#include "test/bench/stream_json_echo.hpp"
#include "test/support/temp_dir.hpp"

#include <CLI/CLI.hpp>

#include <sched.h>
#include <sys/prctl.h>

#include <algorithm>
#include <fstream>
#include <iostream>

#ifndef CONTAINER_AGENT_BINARY_DEFAULT
#  define CONTAINER_AGENT_BINARY_DEFAULT "build/container-agent"
#endif

namespace container_agent::bench {

namespace {

enum exit_code { ok = 0, not_measured = 1, bad_usage = 2, bar_missed = 3 };

struct options {
  plan what;
  std::string only;
  std::string json_file;
  bool quick = false;
  bool strict = false;
  bool realtime = false;
};

std::string names() {
  std::string result;
  for (const auto& m : measurements())
    result += "\n  " + std::string{m.name} + ": " + std::string{m.about};
  return result;
}

void describe(CLI::App& app, options& o) {
  app.footer("Measurements:" + names()
             + "\n\nExit codes: 0 measured, 1 something could not be measured,"
               "\n2 bad usage, 3 a bar was missed (with --strict).");
  app.add_option("--agent", o.what.setup.program, "The program to measure")
    ->capture_default_str()
    ->check(CLI::ExistingFile);
  app.add_flag("--quick", o.quick, "Fewer rounds and bytes: about 15 seconds");
  app.add_option("--json", o.json_file,
                 "Also write all figures to this file; - is stdout");
  app.add_option("--only", o.only, "Just the measurements whose name has this")
    ->type_name("NAME");
  app
    .add_option("--log-level", o.what.setup.log_level,
                "What the agent logs meanwhile (to a file)")
    ->capture_default_str();
  app.add_flag("--realtime", o.realtime,
               "Run ahead of all else on this machine (as root): steady\n"
               "figures although others work on it, who wait meanwhile");
  app.add_flag("--strict", o.strict, "Exit with 3 when a bar is missed");
}

/// A measurement that fails is told and does not stop the others.
outcome run(const measurement& m, plan p) {
  outcome result{m.name, {}, {}};
  test::temp_dir scratch;
  p.scratch = scratch.path();
  try {
    result.figures = m.run(p);
  } catch (const std::exception& error) {
    result.error = error.what();
  }
  return result;
}

exit_code judge(const std::vector<outcome>& outcomes, bool strict) {
  auto missed = [](const figure& f) { return f.met() == false; };
  for (const auto& o : outcomes)
    if (!o.error.empty())
      return not_measured;
  for (const auto& o : outcomes)
    if (strict && std::any_of(o.figures.begin(), o.figures.end(), missed))
      return bar_missed;
  return ok;
}

/// Everything that is started from here on inherits it.
bool go_ahead_of_all_else() {
  sched_param priority = {};
  priority.sched_priority = 1;
  return ::sched_setscheduler(0, SCHED_FIFO, &priority) == 0;
}

exit_code run_all(const options& o) {
  if (o.realtime && !go_ahead_of_all_else()) {
    std::cerr << "--realtime needs root (CAP_SYS_NICE)\n";
    return bad_usage;
  }
  // Grandchildren that lose their parent become ours, so none stays behind.
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  install_interruption();
  // JSON alone on stdout when it goes there.
  auto& table = o.json_file == "-" ? std::cerr : std::cout;
  print_heading(table, o.what);
  std::vector<outcome> outcomes;
  for (const auto& m : measurements()) {
    if (m.name.find(o.only) == m.name.npos)
      continue;
    outcomes.push_back(run(m, o.what));
    print_outcome(table, outcomes.back());
    if (asked_to_stop())
      return not_measured;
  }
  if (outcomes.empty()) {
    std::cerr << "no measurement has \"" << o.only << "\" in its name\n";
    return bad_usage;
  }
  auto text = to_json(o.what, outcomes);
  if (o.json_file == "-") {
    std::cout << text;
  } else if (!o.json_file.empty()) {
    std::ofstream file(o.json_file);
    file << text;
    if (!file.flush()) {
      std::cerr << "cannot write " << o.json_file << '\n';
      return not_measured;
    }
  }
  return judge(outcomes, o.strict);
}

} // namespace

void plan::make_quick() {
  latency_rounds = 15;
  trips_a_round = 100;
  throughput_rounds = 7;
  throughput_bytes = 32 << 20;
  start_rounds = 9;
  idle_window = std::chrono::seconds{3};
  flood_bytes = 64 << 20;
}

const std::vector<measurement>& measurements() {
  static const std::vector<measurement> all{
    {"round-trip-raw", "lines of 200 bytes, against three cats",
     measure_raw_round_trip},
    {"round-trip-stream-json", "prompts of 1 KB, against three cats",
     measure_stream_json_round_trip},
    {"throughput-raw", "blocks of 64 KiB, against three cats",
     measure_raw_throughput},
    {"throughput-stream-json", "lines of 1 KB out of the child",
     measure_stream_json_throughput},
    {"tracing", "a round trip with and without", measure_tracing},
    {"start", "from the fork to the first byte bridged", measure_start},
    {"stop", "from SIGTERM to the end of the agent, idle", measure_stop},
    {"idle", "memory, threads, wake-ups", measure_idle},
    {"memory", "growth while a side stalls or floods", measure_memory},
  };
  return all;
}

} // namespace container_agent::bench

int main(int argc, char** argv) {
  using namespace container_agent::bench;
  auto is_echo = [](const char* argument) { return argument == echo_argument; };
  if (std::any_of(argv + 1, argv + argc, is_echo))
    return run_stream_json_echo();
  options o;
  o.what.setup.program = CONTAINER_AGENT_BINARY_DEFAULT;
  o.what.setup.echo_program = std::filesystem::read_symlink("/proc/self/exe");
  CLI::App app{"Measures container-agent against chained cats, side by side "
               "over the same kind of FIFOs."};
  describe(app, o);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? ok : bad_usage;
  }
  if (o.quick)
    o.what.make_quick();
  return run_all(o);
}
