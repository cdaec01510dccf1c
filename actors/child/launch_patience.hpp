#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <system_error>

namespace container_agent {

/// Whether a child that can't be started now is worth waiting for. An update
/// (npm, apt, a volume that is mounted again) takes the program away for some
/// seconds and puts another one in its place; meanwhile it is missing, busy or
/// not executable yet. That is no fault of the program, so it is not counted as
/// a restart. One that was never there is not waited for.
///
/// A full disk is waited for as long as it takes: what a kept Claude is found
/// by can't be written then. Pure.
class launch_patience {
public:
  using time_point = std::chrono::steady_clock::time_point;
  using milliseconds = std::chrono::milliseconds;

  /// Between two tries; doubles up to the second.
  static constexpr milliseconds first_delay{100};
  static constexpr milliseconds longest_delay{5000};

  /// `limit`: how long one is waited for; 0: not at all.
  explicit launch_patience(milliseconds limit) : limit_{limit} {}

  /// The program runs: should it be missing later, it is waited for.
  void launched() {
    was_there_ = true;
    since_.reset();
  }

  /// It could not be started. Returns after what time it shall be tried again;
  /// nothing if that is of no use, or has been tried for long enough.
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

  /// Since when it is waited for; nothing if it is not.
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
