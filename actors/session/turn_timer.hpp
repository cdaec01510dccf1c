#pragma once

#include "messages/histogram.hpp"

#include <chrono>
#include <cstdint>
#include <utility>

namespace container_agent {

/// Measures how long the turn in flight has lasted, how long Claude has been
/// silent in it, and how long earlier turns took. Pure: time is handed in. It
/// outlives the conversation, as the turn does.
class turn_timer {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// The turn noted last; 0: none.
  std::uint64_t turn() const { return turn_; }

  /// `turn` is in flight (0: none). `spoke`: Claude has said something, perhaps
  /// the words that end the turn before.
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

  /// `age` and `silence` are 0 unless a turn is in flight.
  std::chrono::milliseconds age(time_point now) const {
    return since(began_, now);
  }
  std::chrono::milliseconds silence(time_point now) const {
    return since(heard_, now);
  }

  /// Durations of all turns that are over, however they ended.
  const histogram& durations() const { return durations_; }

  /// Times from the begin of a turn to Claude's first word in it.
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

/// Adds up how long a condition has held. Pure, as `turn_timer`.
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
