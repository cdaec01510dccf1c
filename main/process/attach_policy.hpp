#pragma once

#include "main/process/process_table.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace container_agent::runtime {

/// Another process that has an end of a candidate's pipes.
struct pipe_user {
  std::int32_t pid = 0;
  std::string name;
  bool writes_input = false;
  bool reads_output = false;
};

/// A process whose program is what the agent would start.
struct claude_candidate {
  std::int32_t pid = 0;
  std::uint64_t start_time = 0;
  std::uint32_t owner = 0; ///< user
  bool speaks_protocol = true;
  descriptor_info input;        ///< descriptor 0
  descriptor_info output;       ///< descriptor 1
  bool input_has_writer = true; ///< any process, also itself
  std::vector<pipe_user> users;
  std::int32_t agent = 0; ///< the container-agent that runs it, if any
  bool kept = false;      ///< it is below the shim of an earlier agent
};

/// Why a process can't be attached to.
struct attach_refusal {
  std::int32_t pid = 0;
  std::string reason; ///< a stable name, see docs/attach.md
  std::string detail;
  std::string advice;
  std::vector<std::int32_t> users{}; ///< the others in the way
};

struct attach_policy {
  std::optional<claude_candidate> attach; ///< this one
  std::vector<attach_refusal> refused;    ///< all the others
};

/// Chooses the candidate to attach to: the only possible one, if there is
/// exactly one. `own_user` is the agent's user. Pure.
attach_policy choose_claude(std::vector<claude_candidate> candidates,
                            std::uint32_t own_user);

/// The refusal for a process that does not exist.
attach_refusal no_such_process(std::int32_t pid);

/// "process PID: DETAIL"
std::string describe(const attach_refusal& refusal);

} // namespace container_agent::runtime
