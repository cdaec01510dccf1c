#pragma once

#include "main/cli/options.hpp"
#include "messages/errors.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace container_agent {

/// The result of one check before the start.
struct finding {
  enum class verdict {
    ok,
    warning, ///< works, but perhaps not as intended
    problem, ///< the agent would not start
  };

  verdict result = verdict::ok;
  std::string what;                     ///< "input pipe"
  std::string where;                    ///< a path, a command; may be empty
  std::string detail;                   ///< what was found
  std::string advice;                   ///< what to do, unless it is ok
  exit_code code = exit_code::graceful; ///< of a problem
};

/// Checks everything that the agent will need, without changing anything:
/// pipes, the child's command and folder, the log file, contradictory limits.
/// `environment` is the child's, NAME=VALUE.
std::vector<finding> check_options(const options& settings,
                                   const std::vector<std::string>& environment);

/// What --check prints, and the exit code: 0 or the first problem's.
early_exit check_report(const std::vector<finding>& findings);

/// The first problem as a start-up error for stderr, if there is one.
std::optional<early_exit> start_error(const std::vector<finding>& findings);

} // namespace container_agent
