#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace container_agent {

/// When a child is started again (Erlang/OTP's terms).
enum class restart_type : std::uint8_t {
  permanent, ///< always
  transient, ///< if it failed
  temporary, ///< never
};

/// What the agent does when a child has failed too often.
enum class give_up_action : std::uint8_t {
  exit, ///< an orderly shutdown, with the child's own exit code
  wait, ///< stays up without the child until somebody asks to try again
};

struct restart_policy_config {
  std::uint32_t max_restarts = 5; ///< within the window; one more gives up
  std::chrono::milliseconds window{60'000};
  std::chrono::milliseconds first_delay{200};
  std::chrono::milliseconds max_delay{10'000};

  /// Random share of each delay, so that many agents whose Claude failed at the
  /// same time do not restart it at the same time.
  double jitter = 0.2;

  std::string validate() const;
};

/// Decides when a failed child is started again: after a delay that doubles
/// with each failure within the window, and not at all after too many failures.
/// Pure: time and randomness are handed in.
class restart_policy {
public:
  using clock = std::chrono::steady_clock;

  explicit restart_policy(restart_policy_config c) : config_{c} {}

  struct plan {
    std::uint32_t attempt = 0; ///< within the window, from 1
    std::chrono::milliseconds delay{0};
  };

  /// Notes a failure. Returns nothing if there were too many.
  std::optional<plan> next(clock::time_point now, std::uint64_t random);

  /// Forgets all failures, because somebody asked to try again.
  void forget() { failures_.clear(); }

  /// Number of restarts within the window that ends now.
  std::uint32_t recent(clock::time_point now) const;

private:
  restart_policy_config config_;
  std::deque<clock::time_point> failures_;
};

} // namespace container_agent
