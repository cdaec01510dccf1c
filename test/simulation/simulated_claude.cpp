#include "test/simulation/simulated_claude.hpp"

#include <algorithm>

namespace container_agent::simulation {

namespace {

std::string resumed_by(const std::vector<std::string>& arguments) {
  auto i = std::find(arguments.begin(), arguments.end(), "--resume");
  return i == arguments.end() || i + 1 == arguments.end() ? std::string{}
                                                          : *(i + 1);
}

} // namespace

child_process::launch_result
simulated_claude::launch(const child_command& command) {
  run_.faults.at_port("launch");
  if (running())
    run_.violate("a second Claude is started while one runs");
  if (dice_.one_in(plan_.exec_failure))
    return {0, std::make_error_code(std::errc::no_such_file_or_directory),
            "cannot run \"claude\": it is not there"};
  if (!lives_.empty()) { // its pipes are closed for the new one's
    lives_.back()->output.close();
    lives_.back()->errors.close();
  }
  auto session = resumed_by(command.arguments);
  run_.tell("Claude", [&] { return "is started, resumes \"" + session + '"'; });
  judge_.launched(session);
  lives_.push_back(
    std::make_unique<claude_life>(run_, judge_, sessions_, plan_, session));
  lives_.back()->on_reaped = [this] {
    if (notify_)
      notify_();
  };
  return {pid(), {}, {}};
}

std::error_code simulated_claude::signal_group(int number) {
  run_.tell("Claude", [&] { return "gets signal " + std::to_string(number); });
  if (!lives_.empty())
    lives_.back()->signal(number);
  return {};
}

} // namespace container_agent::simulation
