#pragma once

#include "actors/core/ports.hpp"
#include "messages/records/kept_conversation.hpp"

#include <cstdint>
#include <string_view>

namespace container_agent {

/// The state of a conversation at an offset of its log of events, where the
/// agent has written it down: a fold begins there instead of at the log's
/// begin.
struct checkpoint {
  codec::kept_conversation state;
  std::uint64_t events = 0; ///< where to continue reading
};

/// Whether a line of the log of events is one.
bool is_checkpoint(std::string_view line);

/// The last one of the log, looked for from the offset `from`, where one is
/// said to begin. One that can't be read is of another version; then the whole
/// log is to be read.
checkpoint last_checkpoint(const stream_log& events, const stream_log& to_child,
                           std::uint64_t from);

} // namespace container_agent
