#pragma once

#include "actors/core/ports.hpp"

#include <string>
#include <string_view>

namespace container_agent::runtime {

/// The fields of /proc/PID/stat that are used here; proc(5).
struct process_stat {
  char state = '?'; ///< R, S, D (uninterruptible), T (stopped), Z, …
  std::chrono::milliseconds cpu{0};
  std::uint64_t resident_bytes = 0;
};

/// Parses the text of such a row. The name in it may hold any character, also
/// blanks and parentheses. Nothing if the text is not such a row.
std::optional<process_stat> parse_process_stat(std::string_view text);

/// The row of `pid`; 0: of this process. Nothing if there is no such process.
std::optional<process_stat> look_at_process(std::int32_t pid);

/// Each look makes two small reads of /proc, some 20 µs.
class proc_probe final : public process_probe {
public:
  process_usage own() override;
  std::optional<process_usage> of(std::int32_t pid) override;
};

} // namespace container_agent::runtime
