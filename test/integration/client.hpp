#pragma once

#include "test/integration/common.hpp"

/// Subcommands of the real program, as somebody in the container runs them.
namespace container_agent::test {

struct outcome {
  exit_status status;
  std::string out;
  std::string err;

  /// What was said, wherever: health says yes on stdout, no on stderr.
  [[nodiscard]] std::string text() const { return out + err; }
};

inline outcome run_program(const std::vector<std::string>& args,
                           std::map<std::string, std::string> env = {}) {
  spawn_options options;
  options.argv = {agent_binary()};
  options.argv.insert(options.argv.end(), args.begin(), args.end());
  options.env = std::move(env);
  subprocess process{options};
  auto status = process.wait_exit();
  return {status, process.stdout_text(), process.stderr_text()};
}

/// `container-agent COMMAND [args]`, for this agent.
inline outcome ask_agent(const agent_process& agent, std::string command,
                         std::vector<std::string> args = {}) {
  args.insert(args.begin(), {std::move(command), "--pipe-dir",
                             agent.input_path().parent_path().string()});
  return run_program(args);
}

inline std::filesystem::path socket_of(const agent_process& agent) {
  return agent.input_path().parent_path() / "claude.control.sock";
}

const exit_status yes{0, 0};
const exit_status no{1, 0};

} // namespace container_agent::test
