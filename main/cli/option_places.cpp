#include "main/cli/option_places.hpp"

#include <string>
#include <string_view>

namespace container_agent {

namespace {

constexpr std::uint64_t least_backlog = 2 * 1024 * 1024;
constexpr std::uint64_t most_state = std::uint64_t{1} << 40; // 1 TiB

// Beside the input, if that has a place of its own: there may be several agents
// of the same instance name then.
std::string beside_input(const option_sources& given,
                         const options::pipe_section& pipes,
                         std::string_view suffix) {
  auto base = given.has("input-pipe") ? pipes.input
                                      : pipes.directory + '/' + pipes.instance;
  return base + std::string{suffix};
}

} // namespace

void read_pipes(const option_sources& given, options::pipe_section& pipes) {
  given.read("pipe-dir", pipes.directory);
  given.read("instance", pipes.instance);
  given.read("input-pipe", pipes.input);
  given.read("output-pipe", pipes.output);
  given.read_permissions("pipe-mode", pipes.permissions);
  given.read("keep-pipes", pipes.keep);
  pipes.directory_used = pipes.input.empty() || pipes.output.empty();
  if (pipes.input.empty())
    pipes.input = pipes.directory + '/' + pipes.instance + ".in.fifo";
  if (pipes.output.empty())
    pipes.output = pipes.directory + '/' + pipes.instance + ".out.fifo";
}

void read_control(const option_sources& given,
                  const options::pipe_section& pipes,
                  options::control_section& control) {
  control.asked_for = given.has("control-socket");
  control.path = beside_input(given, pipes, ".control.sock");
  given.read("control-socket", control.path);
  if (control.path == "none")
    control = {};
}

void read_state(const option_sources& given, const options::pipe_section& pipes,
                bool raw, options::state_section& state) {
  state.directory = beside_input(given, pipes, ".state");
  given.read("state-dir", state.directory);
  given.read("fresh", state.fresh);
  given.read("sync", state.sync);
  given.read_size("max-backlog", least_backlog, most_state, state.max_backlog);
  given.read_size("keep-events", 0, most_state, state.keep_events);
  if (!raw && state.directory != "none")
    return;
  // Memory that nobody could come later to read.
  state.directory.clear();
  state.keep_events = 0;
}

} // namespace container_agent
