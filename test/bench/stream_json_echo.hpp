#pragma once

#include <string_view>

namespace container_agent::bench {

/// The argument that makes the benchmark's program be the echo.
inline constexpr std::string_view echo_argument = "--stream-json-echo";

/// Stands for Claude Code at as little cost as possible, so that what is
/// measured is the agent: answers each `control_request` with success, each
/// `user` line at once with a `result` of the same size and number, and the
/// prompt `flood BYTES` with that many bytes of numbered `assistant` lines,
/// written a block at a time, before its `result`. Finds its way by string
/// search and so only understands compact JSON. Returns the exit code, at the
/// end of stdin or when nobody reads stdout.
int run_stream_json_echo();

} // namespace container_agent::bench
