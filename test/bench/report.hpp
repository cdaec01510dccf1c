#pragma once

#include "test/bench/measure.hpp"

#include <iosfwd>
#include <string>
#include <vector>

namespace container_agent::bench {

/// The figures of one measurement, or why there are none.
struct outcome {
  std::string_view name;
  std::vector<figure> figures;
  std::string error;
};

/// The lines above the table: what was measured, on what.
void print_heading(std::ostream& out, const plan& p);

/// The rows of one measurement: the agent's median, the cats', the median of
/// the ratios with their quartiles, the bar, and whether it was met.
void print_outcome(std::ostream& out, const outcome& o);

/// All of it with the value of each round, and the machine, as JSON.
std::string to_json(const plan& p, const std::vector<outcome>& outcomes);

} // namespace container_agent::bench
