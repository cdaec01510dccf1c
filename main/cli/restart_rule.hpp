#pragma once

#include "actors/supervision/restart_policy.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace container_agent {

/// What `--restart` says of one actor; what it leaves out is as for all.
struct restart_rule {
  std::string actor;
  restart_type type = restart_type::permanent;
  std::optional<std::uint64_t> max_restarts;
  std::optional<std::chrono::milliseconds> window;
  std::optional<std::chrono::milliseconds> delay;
  std::optional<std::chrono::milliseconds> delay_max;
  std::optional<double> jitter;
};

struct restart_rule_error {
  std::string what;
  std::string advice;
};

/// Reads ACTOR=TYPE[,max=N][,window=TIME][,delay=TIME][,delay-max=TIME]
/// [,jitter=PART], such as "control=temporary" or
/// "claude_process=transient,max=20,window=1h".
std::variant<restart_rule, restart_rule_error>
parse_restart_rule(std::string_view text);

/// The policy of one actor: what is said of all, and what the rule changes.
restart_policy_config apply(const restart_rule& rule,
                            restart_policy_config policy);

} // namespace container_agent
