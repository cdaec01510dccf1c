#pragma once

#include <optional>
#include <string>
#include <vector>

namespace container_agent::bench {

/// The middle one of `values`, or the mean of the middle two. Throws
/// std::invalid_argument when there is none.
double median(std::vector<double> values);

/// The value that `share` (0…1) of `values` do not exceed (nearest rank).
double percentile(std::vector<double> values, double share);

/// What must be met, and by what.
struct bar {
  enum class applies_to { value, ratio };
  enum class sense { at_most, at_least };

  applies_to on;
  sense direction;
  double limit;
};

bar value_at_most(double limit);
bar value_at_least(double limit);
bar ratio_at_most(double limit);
bar ratio_at_least(double limit);

/// One measured quantity: a value a round, of the agent and, if there is
/// something to compare with, of the cats in the same round.
struct figure {
  std::string name;
  std::string unit;
  std::optional<bar> goal;
  std::vector<double> agent = {};
  std::vector<double> cats = {};

  [[nodiscard]] double value() const { return median(agent); }

  /// The agent's share of the cats' value, round by round. Both of a round
  /// met the same disturbances, so this is steadier than either of them.
  [[nodiscard]] std::vector<double> ratios() const;

  /// Nothing when there is no bar.
  [[nodiscard]] std::optional<bool> met() const;
};

} // namespace container_agent::bench
