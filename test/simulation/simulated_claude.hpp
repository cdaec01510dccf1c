#pragma once

#include "test/simulation/claude_life.hpp"
#include "test/simulation/simulated_child.hpp"

#include <memory>
#include <string>
#include <vector>

namespace container_agent::simulation {

/// The session that these arguments resume; empty if none.
std::string resumed_by(const std::vector<std::string>& arguments);

/// The child: one simulated Claude after the other, over the same sessions.
class simulated_claude final : public simulated_child<claude_life> {
public:
  simulated_claude(run_context& run, judge& bench, claude_plan plan)
    : simulated_child{run, plan}, judge_{bench} {}

  /// Nor do turns stall of the one that runs.
  void behave();

private:
  std::unique_ptr<claude_life> make(const child_command& command,
                                    const claude_plan& plan,
                                    child_ports& ports) override;

  judge& judge_;
  claude_sessions sessions_;
};

} // namespace container_agent::simulation
