#pragma once

#include "actors/child/child_link.hpp"
#include "actors/control/control.hpp"
#include "actors/health/health_monitor.hpp"
#include "actors/output/pipe_output.hpp"
#include "actors/session/conversation.hpp"
#include "actors/session/dialogue.hpp"
#include "actors/shutdown/drain_plan.hpp"
#include "actors/supervision/restart_policy.hpp"
#include "actors/supervision/supervision.hpp"
#include "main/cli/options.hpp"

#include <string>
#include <vector>

/// From what the user said to what each actor is told: one function for each
/// actor's own settings. Pure, but for the pid.
namespace container_agent {

dialogue_config dialogue_settings(const options& o);

child_link_config child_settings(const options& o,
                                 std::vector<std::string> environment);

pipe_output_config pipe_output_settings(const options& o);

/// Whether Claude can stay when the agent goes (`--keep-claude`).
bool may_leave_claude(const options& o);

conversation_config conversation_settings(const options& o);

drain_timeouts drain_settings(const options& o);

health_monitor_config health_settings(const options& o);

restart_policy_config restart_settings(const options& o);

/// What the user said of one child of the supervisor (`--restart`).
void adjust(child_spec& spec, const options& o);
control_config control_settings(const options& o);

/// What is wrong with them together, or an empty string.
std::string settings_fault(const options& o);

} // namespace container_agent
