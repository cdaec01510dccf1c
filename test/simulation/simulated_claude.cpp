#include "test/simulation/simulated_claude.hpp"

#include <algorithm>

namespace container_agent::simulation {

std::string resumed_by(const std::vector<std::string>& arguments) {
  auto i = std::find(arguments.begin(), arguments.end(), "--resume");
  return i == arguments.end() || i + 1 == arguments.end() ? std::string{}
                                                          : *(i + 1);
}

void simulated_claude::behave() {
  simulated_child::behave();
  if (auto* now = life())
    now->behave();
}

std::unique_ptr<claude_life>
simulated_claude::make(const child_command& command, const claude_plan& plan,
                       child_ports& ports) {
  auto session = resumed_by(command.arguments);
  run_.tell("Claude", [&] { return "is started, resumes \"" + session + '"'; });
  judge_.launched(session);
  return std::make_unique<claude_life>(run_, judge_, sessions_, plan, session,
                                       ports.far_ends());
}

} // namespace container_agent::simulation
