#pragma once

#include "actors/child/child_link.hpp"
#include "actors/control/control.hpp"
#include "actors/health/health_monitor.hpp"
#include "actors/input/pipe_input.hpp"
#include "actors/output/pipe_output.hpp"
#include "actors/session/conversation.hpp"
#include "actors/shutdown/shutdown_coordinator.hpp"
#include "actors/supervision/supervision.hpp"

#include <vector>

namespace container_agent {

class session;

/// What is lent to the actors and outlives each of their incarnations.
struct agent_resources {
  pipe_input_resources& input;
  session& protocol;
  child_link& child;
  pipe_output_resources& output;
  shutdown_progress& shutdown;
  control_port* control = nullptr;    ///< null: nobody can ask
  process_probe* processes = nullptr; ///< null: no figures of processes
};

/// The actors' settings, one part for each.
struct agent_tree_config {
  conversation_config conversation;
  pipe_output_config output;
  health_monitor_config health;
  restart_policy_config restarts;                   ///< of each child
  give_up_action on_give_up = give_up_action::exit; ///< on Claude
  bool once = false; ///< the agent ends with Claude
  control_config control{};
};

/// All children of the supervisor, in the order of their start. Each one finds
/// those before it in the directory, and the input comes last. The program, the
/// tests of the whole agent and the simulation all run this one tree.
std::vector<child_spec> agent_children(const agent_resources& lent,
                                       const agent_tree_config& config,
                                       actor_context context);

} // namespace container_agent
