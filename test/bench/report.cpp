#include "test/bench/report.hpp"

#include <nlohmann/json.hpp>

#include <sched.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <iomanip>
#include <ostream>
#include <sstream>

namespace container_agent::bench {

namespace {

using json = nlohmann::ordered_json;

constexpr int name_width = 66;
constexpr int value_width = 13;
constexpr int ratio_width = 20;
constexpr int bar_width = 13;

struct machine {
  int cores = 0; ///< That this process may use.
  std::string kernel;
  std::string architecture;
  double load = 0; ///< Of the last minute.
};

machine this_machine() {
  machine result;
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof(set), &set) == 0)
    result.cores = CPU_COUNT(&set);
  utsname names = {};
  if (::uname(&names) == 0) {
    result.kernel = std::string{names.sysname} + " " + names.release;
    result.architecture = names.machine;
  }
  if (::getloadavg(&result.load, 1) != 1)
    result.load = 0;
  return result;
}

/// Started with --realtime, or by chrt.
bool is_realtime() {
  auto policy = ::sched_getscheduler(0);
  return policy == SCHED_FIFO || policy == SCHED_RR;
}

/// Three digits that count; whole numbers stay whole.
std::string number(double value) {
  int digits = 0;
  if (value != std::floor(value))
    digits = std::abs(value) < 10 ? 2 : std::abs(value) < 100 ? 1 : 0;
  std::ostringstream out;
  out << std::fixed << std::setprecision(digits) << value;
  return out.str();
}

std::string ratio_text(double value) {
  std::ostringstream out;
  out << std::fixed << std::setprecision(2) << value;
  return out.str();
}

std::string with_unit(double value, const std::string& unit) {
  return unit.empty() ? number(value) : number(value) + " " + unit;
}

/// Counts letters, not bytes, as the terminal does.
std::string pad(const std::string& text, int width, bool right) {
  int letters = 0;
  for (auto c : text)
    letters += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  std::string space(static_cast<std::size_t>(std::max(0, width - letters)),
                    ' ');
  return right ? space + text : text + space;
}

std::string bar_text(const figure& f) {
  if (!f.goal)
    return "";
  std::string sign = f.goal->direction == bar::sense::at_most ? "≤ " : "≥ ";
  if (f.goal->on == bar::applies_to::ratio)
    return sign + ratio_text(f.goal->limit) + " ×";
  return sign + with_unit(f.goal->limit, f.unit);
}

std::string verdict(const figure& f) {
  auto met = f.met();
  return !met ? "" : *met ? "ok" : "MISSED";
}

void print_row(std::ostream& out, const std::array<std::string, 6>& cells) {
  out << pad(cells[0], name_width, false) << pad(cells[1], value_width, true)
      << pad(cells[2], value_width, true) << pad(cells[3], ratio_width, true)
      << pad(cells[4], bar_width, true) << "  " << cells[5] << '\n';
}

std::string ratio_cell(const std::vector<double>& ratios) {
  return ratio_text(median(ratios)) + " ("
         + ratio_text(percentile(ratios, 0.25)) + "–"
         + ratio_text(percentile(ratios, 0.75)) + ")";
}

json figures_of(const std::vector<double>& rounds) {
  return {{"median", median(rounds)}, {"rounds", rounds}};
}

json to_json(const figure& f) {
  json result{
    {"name", f.name}, {"unit", f.unit}, {"agent", figures_of(f.agent)}};
  if (auto ratios = f.ratios(); !ratios.empty()) {
    result["cats"] = figures_of(f.cats);
    result["ratio"] = {{"median", median(ratios)},
                       {"lower_quartile", percentile(ratios, 0.25)},
                       {"upper_quartile", percentile(ratios, 0.75)}};
  }
  if (f.goal) {
    auto at_most = f.goal->direction == bar::sense::at_most;
    auto on_ratio = f.goal->on == bar::applies_to::ratio;
    result["bar"] = {{"of", on_ratio ? "ratio" : "agent"},
                     {at_most ? "at_most" : "at_least", f.goal->limit},
                     {"met", *f.met()}};
  }
  return result;
}

} // namespace

void print_heading(std::ostream& out, const plan& p) {
  auto here = this_machine();
  out << p.setup.program << "\n"
      << here.cores << " cores, " << here.kernel << ", load "
      << number(here.load);
  if (is_realtime())
    out << ", ahead of all else";
  else if (here.load > here.cores)
    out << " (busy: the figures are of little worth, see --realtime)";
  out << "\n\n";
  print_row(out, {"", "agent", "cats", "ratio (quartiles)", "bar", ""});
}

void print_outcome(std::ostream& out, const outcome& o) {
  for (const auto& f : o.figures) {
    auto ratios = f.ratios();
    print_row(out, {f.name, with_unit(f.value(), f.unit),
                    ratios.empty() ? "" : with_unit(median(f.cats), f.unit),
                    ratios.empty() ? "" : ratio_cell(ratios), bar_text(f),
                    verdict(f)});
  }
  if (!o.error.empty())
    out << o.name << ": NOT MEASURED: " << o.error << '\n';
  out.flush();
}

std::string to_json(const plan& p, const std::vector<outcome>& outcomes) {
  auto here = this_machine();
  json result{
    {"agent", p.setup.program},
    {"agent_log_level", p.setup.log_level},
    {"machine",
     {{"cores", here.cores},
      {"kernel", here.kernel},
      {"architecture", here.architecture},
      {"realtime", is_realtime()},
      {"load", here.load}}},
    {"plan",
     {{"latency_rounds", p.latency_rounds},
      {"trips_a_round", p.trips_a_round},
      {"throughput_rounds", p.throughput_rounds},
      {"throughput_bytes", p.throughput_bytes},
      {"start_rounds", p.start_rounds},
      {"idle_window_s", p.idle_window.count()},
      {"flood_bytes", p.flood_bytes}}},
  };
  auto& list = result["measurements"] = json::array();
  for (const auto& o : outcomes) {
    json entry{{"name", o.name}, {"figures", json::array()}};
    for (const auto& f : o.figures)
      entry["figures"].push_back(to_json(f));
    if (!o.error.empty())
      entry["error"] = o.error;
    list.push_back(std::move(entry));
  }
  // An error may quote bytes that were cut within a letter.
  return result.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

} // namespace container_agent::bench
