#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <system_error>

namespace container_agent {

/// Decides whether to wait for a child that can't be started now. An update
/// (npm, apt, a volume that is mounted again) takes the program away for some
/// seconds and puts another one in its place; meanwhile it is missing, busy or
/// not executable yet. That is not the program's fault, so it does not count as
/// a restart. A program that was never there is not waited for.
///
/// A full disk is waited for without limit, because the file by which a kept
/// Claude is found can't be written then. Pure.
class launch_patience {
public:
  using time_point = std::chrono::steady_clock::time_point;
  using milliseconds = std::chrono::milliseconds;

  /// The pause between two tries doubles from the first to the longest delay.
  static constexpr milliseconds first_delay{100};
  static constexpr milliseconds longest_delay{5000};

  /// `limit`: how long to wait; 0: not at all.
  explicit launch_patience(milliseconds limit) : limit_{limit} {}

  /// The program runs. If it is missing later, that is worth waiting for.
  void launched() {
    was_there_ = true;
    since_.reset();
  }

  /// The program could not be started. Returns the pause before the next try,
  /// or nothing if waiting is of no use or has lasted long enough.
  std::optional<milliseconds> failed(std::error_code error, time_point now) {
    auto full = error == std::errc::no_space_on_device;
    if (!full && (!was_there_ || limit_.count() <= 0 || !may_pass(error)))
      return std::nullopt;
    if (!since_) {
      since_ = now;
      delay_ = first_delay;
    }
    auto left
      = std::chrono::duration_cast<milliseconds>(*since_ + limit_ - now);
    if (!full && left.count() <= 0)
      return std::nullopt;
    auto result = full ? delay_ : std::min(delay_, left);
    delay_ = std::min(delay_ * 2, longest_delay);
    return result;
  }

  /// Since when the agent waits; nothing if it does not.
  std::optional<time_point> since() const { return since_; }

private:
  static bool may_pass(std::error_code error) {
    return error == std::errc::no_such_file_or_directory
           || error == std::errc::not_a_directory
           || error == std::errc::text_file_busy
           || error == std::errc::permission_denied
           || error == std::errc::executable_format_error;
  }

  milliseconds limit_;
  milliseconds delay_{first_delay};
  bool was_there_ = false;
  std::optional<time_point> since_;
};

} // namespace container_agent
