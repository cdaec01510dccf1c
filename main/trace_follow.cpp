#include "main/trace_follow.hpp"

#include "main/control_client.hpp"
#include "main/options.hpp"
#include "main/trace/line_parser.hpp"

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <variant>

namespace container_agent {

namespace {

std::int32_t complain(const std::string& what) {
  std::cerr << "container-agent: " << what << '\n';
  return EXIT_FAILURE;
}

/// Shows one line after the other. False: nobody looks any more.
class display {
public:
  explicit display(const follow_settings& settings) : settings_{settings} {}

  bool show(std::string_view line) {
    if (auto fault = parser_.read(line.substr(0, line.size() - 1));
        !fault.empty()) {
      std::cerr << "container-agent: a line was left out: " << fault << '\n';
      return true;
    }
    const auto& event = parser_.event();
    if (event.kind == trace::event_kind::header)
      epoch_us_ = event.epoch_us;
    if (!settings_.filter.shows(event))
      return true;
    if (settings_.json)
      std::cout << line;
    else
      std::cout << trace::follow_text(event, epoch_us_, settings_.coloured);
    return static_cast<bool>(std::cout.flush());
  }

private:
  const follow_settings& settings_;
  trace::line_parser parser_;
  std::int64_t epoch_us_ = 0;
};

} // namespace

std::int32_t follow_trace(const follow_settings& settings,
                          const std::vector<std::string>& environment) {
  std::vector<const char*> words{"container-agent", "follow"};
  for (const auto& word : settings.where)
    words.push_back(word.c_str());
  auto parsed = parse_client_options(static_cast<int>(words.size()),
                                     words.data(), environment);
  if (const auto* end = std::get_if<early_exit>(&parsed)) {
    std::fputs(end->text.c_str(), end->code == 0 ? stdout : stderr);
    return end->code;
  }
  const auto& client = std::get<client_options>(parsed);
  if (client.socket.empty())
    return complain("there is nobody to ask with --control-socket none");
  try {
    display shown{settings};
    control_client{client.socket, client.timeout}.follow(
      [&](std::string_view line) { return shown.show(line); });
    return EXIT_SUCCESS;
  } catch (const client_error& error) {
    return complain(error.what());
  }
}

} // namespace container_agent
