#pragma once

#include "main/trace/record/trace_event.hpp"

#include <caf/fwd.hpp>

#include <cstddef>
#include <string>

namespace container_agent::runtime {

/// What traces know of a message type.
struct message_type {
  const char* name = ""; ///< without the namespace
  void (*summarise)(const caf::type_erased_tuple&, message_summary&) = nullptr;
  trace_id (*prompt)(const caf::type_erased_tuple&) = nullptr;

  /// Ports whose events make their actor send it to itself: a bit each.
  unsigned woken_by = 0;

  /// What comes from the host: nobody knows whose it is before it is read.
  bool is_new = false;

  bool tells_claude = false; ///< that its input has grown: by a prompt, perhaps
  bool from_claude = false; ///< that it has said more, of what it was told last

  /// A number of its own, small, to count messages by.
  std::size_t number = 0;
};

/// The type of a message, one of our own or of CAF's.
const message_type& type_of(const caf::type_erased_tuple& content,
                            const caf::actor_system& system);

} // namespace container_agent::runtime
