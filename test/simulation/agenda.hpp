#pragma once

#include "test/simulation/chance.hpp"

#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace container_agent::simulation {

/// What the world outside the agent has to do, now and later, and what time it
/// is. The scheduler decides when something that could happen now does.
class agenda {
public:
  using event = std::function<void()>;

  time_span now() const { return now_; }

  /// To be done now, before or after whatever else could be done now.
  void soon(event what) { ready_.push_back(std::move(what)); }

  void after(time_span delay, event what) {
    later_.emplace(now_ + delay, std::move(what));
  }

  /// How many could be done now.
  std::size_t ready() const { return ready_.size(); }

  /// Does the one at `index`.
  void run(std::size_t index) {
    auto what = std::move(ready_[index]);
    ready_.erase(ready_.begin() + static_cast<std::ptrdiff_t>(index));
    what();
  }

  /// When something is due next.
  std::optional<time_span> next_due() const {
    return later_.empty() ? std::nullopt : std::optional{later_.begin()->first};
  }

  /// Time goes on; what has become due can be done now.
  void advance_to(time_span time) {
    if (time > now_)
      now_ = time;
    while (!later_.empty() && later_.begin()->first <= now_) {
      ready_.push_back(std::move(later_.begin()->second));
      later_.erase(later_.begin());
    }
  }

  /// Nothing of all that happens any more.
  void clear() {
    ready_.clear();
    later_.clear();
  }

private:
  time_span now_{0};
  std::vector<event> ready_;
  std::multimap<time_span, event> later_;
};

} // namespace container_agent::simulation
