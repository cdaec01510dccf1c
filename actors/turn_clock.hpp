#pragma once

#include <chrono>
#include <cstdint>

namespace container_agent {

/// How long the turn in flight has lasted, and since when Claude is silent in
/// it. Pure: time is handed in. It outlives the conversation, as the turn does.
class turn_clock {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// The turn that was noted last; 0: none.
  std::uint64_t turn() const { return turn_; }

  /// `turn` is in flight (0: none), and Claude has said something if `spoke`.
  void note(std::uint64_t turn, bool spoke, time_point now) {
    if (turn != turn_)
      began_ = heard_ = now;
    if (spoke)
      heard_ = now;
    turn_ = turn;
  }

  /// Both are 0 unless a turn is in flight.
  std::chrono::milliseconds age(time_point now) const {
    return since(began_, now);
  }
  std::chrono::milliseconds silence(time_point now) const {
    return since(heard_, now);
  }

private:
  std::chrono::milliseconds since(time_point then, time_point now) const {
    using std::chrono::milliseconds;
    return turn_ == 0 ? milliseconds{0}
                      : std::chrono::duration_cast<milliseconds>(now - then);
  }

  std::uint64_t turn_ = 0;
  time_point began_;
  time_point heard_;
};

} // namespace container_agent
