#include "main/client/trace_follow.hpp"

#include "main/cli/options.hpp"
#include "main/client/control_client.hpp"
#include "main/client/follow_output.hpp"
#include "main/trace/read/line_parser.hpp"
#include "main/trace/tools/follow_text.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <system_error>
#include <variant>

namespace container_agent {

namespace {

/// Shows lines as they come.
class display {
public:
  explicit display(const follow_settings& settings) : settings_{settings} {}

  bool show(std::string_view lines) {
    return write_out(settings_.json ? lines : as_text(lines));
  }

private:
  std::string_view as_text(std::string_view lines) {
    text_.clear();
    while (!lines.empty()) {
      auto end = lines.find('\n');
      add(lines.substr(0, end));
      lines.remove_prefix(end + 1);
    }
    return text_;
  }

  void add(std::string_view line) {
    if (auto fault = parser_.read(line); !fault.empty()) {
      complain("a line was left out: " + fault);
      return;
    }
    const auto& event = parser_.event();
    if (event.kind == trace::event_kind::header)
      epoch_us_ = event.epoch_us;
    text_ += trace::follow_text(event, epoch_us_, settings_.coloured);
  }

  const follow_settings& settings_;
  trace::line_parser parser_;
  std::int64_t epoch_us_ = 0;
  std::string text_;
};

} // namespace

std::int32_t follow_trace(const follow_settings& settings) {
  std::vector<const char*> words{"container-agent", "status"};
  for (const auto& word : settings.where)
    words.push_back(word.c_str());
  auto parsed
    = parse_command_line(static_cast<int>(words.size()), words.data());
  if (const auto* end = std::get_if<early_exit>(&parsed)) {
    std::fputs(end->text.c_str(), end->code == 0 ? stdout : stderr);
    return end->code;
  }
  const auto& client = std::get<client_options>(parsed);
  if (client.socket.empty())
    return complain("there is nobody to ask with --control-socket none");
  try {
    end_signals signals;
    display shown{settings};
    control_client agent{client.socket, client.timeout};
    auto end = agent.follow(
      settings.wish, [&](std::string_view lines) { return shown.show(lines); },
      signals.descriptor(), STDOUT_FILENO);
    if (end == control_client::follow_end::agent_has_ended)
      std::cerr << "container-agent: the agent has ended\n";
    return EXIT_SUCCESS;
  } catch (const client_error& error) {
    return complain(error.what());
  } catch (const std::system_error& error) { // of stdout
    return complain(error.what());
  }
}

} // namespace container_agent
