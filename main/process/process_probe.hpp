#pragma once

#include "actors/core/ports.hpp"

#include <string>
#include <string_view>

namespace container_agent::runtime {

/// A process's row in /proc/PID/stat, as far as it matters here; proc(5).
struct process_stat {
  char state = '?'; ///< R, S, D (uninterruptible), T (stopped), Z, …
  std::chrono::milliseconds cpu{0};
  std::uint64_t resident_bytes = 0;
};

/// Reads the row's text. The name in it may hold anything, blanks and
/// parentheses too. Nothing if it is no such row.
std::optional<process_stat> parse_process_stat(std::string_view text);

/// Of `pid`; 0: of this process. Nothing if there is none.
std::optional<process_stat> look_at_process(std::int32_t pid);

/// Two small reads of /proc a look: some 20 µs.
class proc_probe final : public process_probe {
public:
  process_usage own() override;
  std::optional<process_usage> of(std::int32_t pid) override;
};

} // namespace container_agent::runtime
