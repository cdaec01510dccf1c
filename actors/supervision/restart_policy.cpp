#include "actors/supervision/restart_policy.hpp"

#include <algorithm>
#include <cmath>

namespace container_agent {

std::string restart_policy_config::validate() const {
  if (window.count() <= 0)
    return "the restart window must be longer than 0";
  if (first_delay.count() < 0 || max_delay < first_delay)
    return "the longest restart delay must not be below the first one";
  if (jitter < 0 || jitter > 1)
    return "jitter is a part of the delay: 0 to 1";
  return {};
}

std::optional<restart_policy::plan> restart_policy::next(clock::time_point now,
                                                         std::uint64_t random) {
  while (!failures_.empty() && failures_.front() + config_.window <= now)
    failures_.pop_front();
  if (failures_.size() >= config_.max_restarts)
    return std::nullopt;
  failures_.push_back(now);
  auto attempt = static_cast<std::uint32_t>(failures_.size());
  // 2^30 times any first delay exceeds any limit.
  auto doublings = std::min<std::uint32_t>(attempt - 1, 30);
  auto full
    = std::min(static_cast<double>(config_.max_delay.count()),
               std::ldexp(static_cast<double>(config_.first_delay.count()),
                          static_cast<int>(doublings)));
  // A double holds 53 bits exactly.
  auto chance = std::ldexp(static_cast<double>(random >> 11), -53);
  auto delay = full * (1 - config_.jitter * chance);
  return plan{attempt, std::chrono::milliseconds{std::llround(delay)}};
}

std::uint32_t restart_policy::recent(clock::time_point now) const {
  return static_cast<std::uint32_t>(
    std::count_if(failures_.begin(), failures_.end(),
                  [&](auto t) { return t + config_.window > now; }));
}

} // namespace container_agent
