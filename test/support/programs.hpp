#pragma once

#include <string>

namespace container_agent::test {

/// The programs that the tests start. Each is taken from the environment,
/// else from what the build defines, else from beside the running test.

/// The program under test: CONTAINER_AGENT_BINARY.
std::string agent_binary();

/// The stand-in for Claude Code: FAKE_CLAUDE_BINARY.
std::string fake_claude_binary();

/// The host that behaves as cc-bridge's: CC_BRIDGE_HOST_BINARY.
std::string cc_bridge_host_binary();

/// The agent whose handlers throw: THROWING_AGENT_BINARY.
std::string throwing_agent_binary();

} // namespace container_agent::test
