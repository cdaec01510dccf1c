#pragma once

#include "main/trace/tools/trace_tools.hpp"

#include <nlohmann/json.hpp>

#include <sstream>
#include <string>
#include <vector>

namespace container_agent::test {

inline const std::string header_line
  = R"({"kind":"header","version":1,"agent":"0.1.0","pid":7,)"
    R"("epoch_us":1764030000123456,"source":"file"})"
    "\n";

/// The prompt of most lines, as its uuid and as its trace id.
inline const std::string prompt_uuid = "d0c4a1b2-0123-4567-89ab-cdef01234567";
inline const std::string prompt_trace = "d0c4a1b20123456789abcdef01234567";

/// A line of a trace, made from an object; `more` replaces members, and those
/// that are null go.
inline std::string trace_line(nlohmann::ordered_json line,
                              const nlohmann::ordered_json& more) {
  line.merge_patch(more);
  return line.dump() + '\n';
}

/// A message from pipe_input to conversation: n 2, sent at 1 µs, taken up at
/// 3 µs, done at 7 µs.
inline std::string message_line(const nlohmann::ordered_json& more
                                = nlohmann::ordered_json::object()) {
  return trace_line({{"kind", "message"},
                     {"n", 2},
                     {"sent", 1000},
                     {"taken", 3000},
                     {"done", 7000},
                     {"from", "pipe_input"},
                     {"from_id", 12},
                     {"to", "conversation"},
                     {"to_id", 13},
                     {"type", "host_line"},
                     {"summary", "text=187"},
                     {"depth", 1},
                     {"outcome", "handled"},
                     {"cause", 1},
                     {"trace", prompt_trace}},
                    more);
}

inline std::string bytes_line(const nlohmann::ordered_json& more
                              = nlohmann::ordered_json::object()) {
  return trace_line({{"kind", "bytes"},
                     {"n", 1},
                     {"at", 500},
                     {"port", "host_input"},
                     {"direction", "in"},
                     {"bytes", 187},
                     {"trace", prompt_trace}},
                    more);
}

/// What a tool wrote, said and returned.
struct tool_run {
  int code = 0;
  std::string out;
  std::string err;
};

/// Runs a tool on texts as if they were files a, b, c, …
template <class Tool>
tool_run run_tool(Tool tool, const std::vector<std::string>& texts) {
  std::vector<std::istringstream> streams;
  for (const auto& text : texts)
    streams.emplace_back(text);
  std::vector<trace::trace_input> inputs;
  for (auto& stream : streams)
    inputs.push_back(
      {std::string(1, static_cast<char>('a' + inputs.size())), &stream});
  std::ostringstream out;
  std::ostringstream err;
  auto code = tool(inputs, out, err);
  return {code, out.str(), err.str()};
}

inline tool_run run_convert(const trace::conversion& what,
                            const std::vector<std::string>& texts) {
  return run_tool(
    [&](const auto& inputs, auto& out, auto& err) {
      return trace::convert(what, inputs, out, err);
    },
    texts);
}

inline tool_run run_summary(const std::vector<std::string>& texts,
                            const trace::event_filter& wanted = {}) {
  return run_tool(
    [&](const auto& inputs, auto& out, auto& err) {
      return trace::summary(wanted, inputs, out, err);
    },
    texts);
}

inline tool_run run_view(const std::string& page,
                         const std::vector<std::string>& texts,
                         const trace::view_limits& limits = {}) {
  return run_tool(
    [&](const auto& inputs, auto& out, auto& err) {
      return trace::view(page, limits, inputs, out, err);
    },
    texts);
}

inline tool_run run_show(const std::string& prompt,
                         const std::vector<std::string>& texts) {
  return run_tool(
    [&](const auto& inputs, auto& out, auto& err) {
      return trace::show(prompt, inputs, out, err);
    },
    texts);
}

} // namespace container_agent::test
