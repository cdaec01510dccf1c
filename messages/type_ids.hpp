#pragma once

#include "messages/interfaces.hpp"

#include <caf/type_id.hpp>

/// The one list of message types. CAF does not insist on it within a process:
/// a message missing here would go to the default handler without a word, so
/// test/messages/type_ids_test.cpp holds it against the interfaces.
#define CONTAINER_AGENT_MESSAGE_TYPES(X)                                       \
  X(input_grew)                                                                \
  X(input_window)                                                              \
  X(child_input_grew)                                                          \
  X(child_input_window)                                                        \
  X(child_output_grew)                                                         \
  X(child_output_window)                                                       \
  X(host_output_grew)                                                          \
  X(host_output_window)                                                        \
  X(child_ended)                                                               \
  X(child_started)                                                             \
  X(launch_child)                                                              \
  X(renew_child)                                                               \
  X(close_child_input)                                                         \
  X(signal_child)                                                              \
  X(input_arrived)                                                             \
  X(output_moved)                                                              \
  X(child_changed)                                                             \
  X(control_requested)                                                         \
  X(deadline_passed)                                                           \
  X(restart_scheduled)                                                         \
  X(restarts_exhausted)                                                        \
  X(restart_child)                                                             \
  X(restart_claude)                                                            \
  X(begin_shutdown)                                                            \
  X(stop_input)                                                                \
  X(begin_drain)                                                               \
  X(interrupt_turn)                                                            \
  X(interrupt_claude)                                                          \
  X(interrupt_outcome)                                                         \
  X(turn_drained)                                                              \
  X(child_gone)                                                                \
  X(flush_output)                                                              \
  X(output_flushed)                                                            \
  X(stop_agent)                                                                \
  X(health_tick)                                                               \
  X(get_conversation_status)                                                   \
  X(conversation_status)                                                       \
  X(get_child_status)                                                          \
  X(child_status)                                                              \
  X(get_input_status)                                                          \
  X(input_status)                                                              \
  X(get_output_status)                                                         \
  X(output_status)                                                             \
  X(get_shutdown_status)                                                       \
  X(shutdown_status)                                                           \
  X(get_control_status)                                                        \
  X(control_status)                                                            \
  X(get_supervisor_status)                                                     \
  X(supervisor_status)                                                         \
  X(get_health)                                                                \
  X(health_report)                                                             \
  X(peers_changed)

CAF_BEGIN_TYPE_ID_BLOCK(container_agent, caf::first_custom_type_id)
#define CONTAINER_AGENT_ADD(type)                                              \
  CAF_ADD_TYPE_ID(container_agent, (::container_agent::type))
CONTAINER_AGENT_MESSAGE_TYPES(CONTAINER_AGENT_ADD)
#undef CONTAINER_AGENT_ADD
CAF_END_TYPE_ID_BLOCK(container_agent)
