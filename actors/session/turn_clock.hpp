#pragma once

#include "messages/histogram.hpp"

#include <chrono>
#include <cstdint>
#include <utility>

namespace container_agent {

/// How long the turn in flight has lasted, since when Claude is silent in it,
/// and how long those before were. Pure: time is handed in. It outlives the
/// conversation, as the turn does.
class turn_clock {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// The turn that was noted last; 0: none.
  std::uint64_t turn() const { return turn_; }

  /// `turn` is in flight (0: none), and Claude has said something if `spoke`:
  /// the last words of a turn may be what ends it.
  void note(std::uint64_t turn, bool spoke, time_point now) {
    if (turn_ != 0 && spoke && !std::exchange(heard_of_, true))
      first_outputs_.add(now - began_);
    if (turn != turn_) {
      if (turn_ != 0)
        durations_.add(now - began_);
      began_ = heard_ = now;
      heard_of_ = false;
    }
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

  /// Of the turns that are over, however they ended.
  const histogram& durations() const { return durations_; }

  /// From the begin of a turn to Claude's first word in it.
  const histogram& first_outputs() const { return first_outputs_; }

private:
  std::chrono::milliseconds since(time_point then, time_point now) const {
    using std::chrono::milliseconds;
    return turn_ == 0 ? milliseconds{0}
                      : std::chrono::duration_cast<milliseconds>(now - then);
  }

  std::uint64_t turn_ = 0;
  bool heard_of_ = false; // Claude has spoken in this turn
  time_point began_;
  time_point heard_;
  histogram durations_;
  histogram first_outputs_;
};

/// How long something has been so, in all. Pure, as `turn_clock`.
class stopwatch {
public:
  using time_point = std::chrono::steady_clock::time_point;

  bool runs() const { return runs_; }

  void note(bool is_so, time_point now) {
    if (runs_)
      total_ += now - since_;
    since_ = now;
    runs_ = is_so;
  }

  std::chrono::milliseconds total(time_point now) const {
    auto all = total_ + (runs_ ? now - since_ : time_point::duration{0});
    return std::chrono::duration_cast<std::chrono::milliseconds>(all);
  }

private:
  bool runs_ = false;
  time_point since_;
  time_point::duration total_{0};
};

} // namespace container_agent
