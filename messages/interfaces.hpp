#pragma once

#include "messages/payloads.hpp"

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

/// The map of the system: which actor receives which message, and from whom.
///
///     FIFO ─▶ input.log ─────▶ conversation ─▶ claude_input.log ─▶ Claude
///     FIFO ◀───────────────── events.log ◀───── Claude, conversation
///
/// Messages carry no bytes. They only say how far a log has grown, and, by a
/// `…_window`, how far it was read. Every actor receives `peers_changed`, at
/// the start and after each restart, and learns from it how to reach the
/// others.
namespace container_agent {

struct peers_changed;

/// Owns reading the host's input.
using pipe_input_actor = caf::typed_actor<
  // conversation: how far it has read
  caf::reacts_to<input_window>,
  // the input itself: something came
  caf::reacts_to<input_arrived>,
  // shutdown_coordinator: read no more
  caf::reacts_to<stop_input>,
  // health_monitor
  caf::replies_to<get_input_status>::with<input_status>,
  // supervisor
  caf::reacts_to<peers_changed>>;

/// Bridges host and child: checks, queues, correlates, resends.
using conversation_actor = caf::typed_actor<
  // pipe_input
  caf::reacts_to<input_grew>,
  // claude_process
  caf::reacts_to<child_started>, caf::reacts_to<child_output_grew>,
  caf::reacts_to<child_ended>, caf::reacts_to<child_input_window>,
  // pipe_output: how far the host has it
  caf::reacts_to<host_output_window>,
  // supervisor: told on to the host
  caf::reacts_to<restart_scheduled>, caf::reacts_to<restarts_exhausted>,
  // supervisor: somebody wants Claude started again
  caf::reacts_to<restart_claude>,
  // control: somebody wants the turn interrupted
  caf::replies_to<interrupt_claude>::with<interrupt_outcome>,
  // itself: Claude has been silent for long
  caf::reacts_to<deadline_passed>,
  // shutdown_coordinator
  caf::reacts_to<begin_drain>, caf::reacts_to<interrupt_turn>,
  caf::reacts_to<flush_output>,
  // health_monitor
  caf::replies_to<get_conversation_status>::with<conversation_status>,
  // supervisor
  caf::reacts_to<peers_changed>>;

/// Owns the child process.
using claude_process_actor = caf::typed_actor<
  // conversation
  caf::reacts_to<launch_child>, caf::reacts_to<child_input_grew>,
  caf::reacts_to<child_output_window>, caf::reacts_to<renew_child>,
  // the child itself: bytes, or its end
  caf::reacts_to<child_changed>,
  // shutdown_coordinator
  caf::reacts_to<close_child_input>, caf::reacts_to<signal_child>,
  // itself: a dead child's output, or a child that shall end, has had its time
  caf::reacts_to<deadline_passed>,
  // health_monitor
  caf::replies_to<get_child_status>::with<child_status>,
  // supervisor
  caf::reacts_to<peers_changed>>;

/// Owns writing the host's output.
using pipe_output_actor = caf::typed_actor<
  // conversation
  caf::reacts_to<host_output_grew>,
  // the output itself: more has gone
  caf::reacts_to<output_moved>,
  // itself: a reply has waited long enough for its reader
  caf::reacts_to<deadline_passed>,
  // conversation: that was all
  caf::reacts_to<flush_output>,
  // health_monitor
  caf::replies_to<get_output_status>::with<output_status>,
  // supervisor
  caf::reacts_to<peers_changed>>;

/// Asks, judges, and keeps the status document.
using health_monitor_actor = caf::typed_actor<
  // conversation: the host wants to know; control: a client does
  caf::replies_to<get_health>::with<health_report>,
  // itself
  caf::reacts_to<health_tick>, caf::reacts_to<deadline_passed>,
  // supervisor
  caf::reacts_to<peers_changed>>;

/// Turns a wish to end into an ordered drain with deadlines.
using shutdown_coordinator_actor = caf::typed_actor<
  // supervisor (a signal, or gave up), conversation (input ended)
  caf::reacts_to<begin_shutdown>,
  // conversation
  caf::reacts_to<turn_drained>, caf::reacts_to<child_gone>,
  // pipe_output
  caf::reacts_to<output_flushed>,
  // itself
  caf::reacts_to<deadline_passed>,
  // health_monitor
  caf::replies_to<get_shutdown_status>::with<shutdown_status>,
  // supervisor
  caf::reacts_to<peers_changed>>;

/// Does what clients of the control socket ask for.
using control_actor = caf::typed_actor<
  // the control port: somebody asks
  caf::reacts_to<control_requested>,
  // health_monitor
  caf::replies_to<get_control_status>::with<control_status>,
  // supervisor
  caf::reacts_to<peers_changed>>;

/// Starts all the others, restarts those that fail, stops them at the end.
using supervisor_actor = caf::typed_actor<
  // itself, after a backoff
  caf::reacts_to<restart_child>,
  // signals, control: passed on to the shutdown_coordinator that is there now
  caf::reacts_to<begin_shutdown>,
  // control, health_monitor
  caf::reacts_to<restart_claude>,
  // shutdown_coordinator: the drain is over
  caf::reacts_to<stop_agent>,
  // health_monitor
  caf::replies_to<get_supervisor_status>::with<supervisor_status>>;

/// The present actors. The supervisor sends it to every child whenever one was
/// started. A handle may be invalid (not started yet, or waiting for its
/// restart). Messages to it are lost, so those that matter are sent again.
struct peers_changed {
  pipe_input_actor pipe_input;
  conversation_actor conversation;
  claude_process_actor claude_process;
  pipe_output_actor pipe_output;
  health_monitor_actor health_monitor;
  shutdown_coordinator_actor shutdown_coordinator;
  control_actor control;
  supervisor_actor supervisor;

  CONTAINER_AGENT_INSPECT(peers_changed, x.pipe_input, x.conversation,
                          x.claude_process, x.pipe_output, x.health_monitor,
                          x.shutdown_coordinator, x.control, x.supervisor)
};

} // namespace container_agent
