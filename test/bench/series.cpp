#include "test/bench/series.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace container_agent::bench {

double median(std::vector<double> values) {
  if (values.empty())
    throw std::invalid_argument("the median of nothing");
  std::sort(values.begin(), values.end());
  auto middle = values.size() / 2;
  if (values.size() % 2 == 1)
    return values[middle];
  return (values[middle - 1] + values[middle]) / 2;
}

double percentile(std::vector<double> values, double share) {
  if (values.empty())
    throw std::invalid_argument("a percentile of nothing");
  auto count = static_cast<double>(values.size());
  auto rank = static_cast<std::size_t>(std::ceil(share * count));
  auto at = values.begin()
            + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

bar value_at_most(double limit) {
  return {bar::applies_to::value, bar::sense::at_most, limit};
}

bar value_at_least(double limit) {
  return {bar::applies_to::value, bar::sense::at_least, limit};
}

bar ratio_at_most(double limit) {
  return {bar::applies_to::ratio, bar::sense::at_most, limit};
}

bar ratio_at_least(double limit) {
  return {bar::applies_to::ratio, bar::sense::at_least, limit};
}

std::vector<double> figure::ratios() const {
  std::vector<double> result;
  for (std::size_t i = 0; i < std::min(agent.size(), cats.size()); ++i)
    result.push_back(agent[i] / cats[i]);
  return result;
}

std::optional<bool> figure::met() const {
  if (!goal)
    return std::nullopt;
  auto reached
    = goal->on == bar::applies_to::value ? value() : median(ratios());
  return goal->direction == bar::sense::at_most ? reached <= goal->limit
                                                : reached >= goal->limit;
}

} // namespace container_agent::bench
