#pragma once

#include "actors/child/child_link.hpp"
#include "actors/control/control.hpp"
#include "actors/health/health_monitor.hpp"
#include "actors/output/pipe_output.hpp"
#include "actors/session/claude_session.hpp"
#include "actors/session/conversation.hpp"
#include "actors/shutdown/drain_plan.hpp"
#include "actors/supervision/restart_policy.hpp"
#include "actors/supervision/supervision.hpp"
#include "main/cli/options.hpp"

#include <string>
#include <vector>

/// Turns the user's options into the settings of each actor, one function for
/// each. Pure, except that the pid is read.
namespace container_agent {

claude_session_config claude_session_settings(const options& o);

child_link_config child_settings(const options& o,
                                 std::vector<std::string> environment);

/// The arguments that Claude, or in raw mode the child, is started with. A
/// session, if known, takes the place of what the user's arguments say of one.
std::vector<std::string> child_arguments(const options::claude_section& claude,
                                         std::string_view session_id);

pipe_output_config pipe_output_settings(const options& o);

/// Whether Claude can stay when the agent ends (`--keep-claude`).
bool may_leave_claude(const options& o);

conversation_config conversation_settings(const options& o);

drain_timeouts drain_settings(const options& o);

health_monitor_config health_settings(const options& o);

restart_policy_config restart_settings(const options& o);

control_config control_settings(const options& o);

/// Why these settings do not fit together, or an empty string.
std::string settings_fault(const options& o);

} // namespace container_agent
