#pragma once

#include "actors/core/ports.hpp"
#include "messages/records/kept_conversation.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace container_agent {

/// What the logs of a conversation come to, for an agent that goes on with it:
/// read from the last checkpoint in `events` on, or from what is kept of it.
/// `to_child` tells what Claude was given. Changes nothing. Throws as
/// `stream_log::read`. `damaged`, if given, counts lines with zeros in them,
/// which say nothing. `from`: where the last checkpoint begins, if that is
/// known; else the beginning.
///
/// `accepted` and `rejected` records say up to where the input was dealt with:
/// writing one is the commit. Whatever else an agent knows is in Claude's own
/// lines, or can be had twice.
codec::kept_conversation fold_conversation(const stream_log& events,
                                           const stream_log& to_child,
                                           std::uint64_t* damaged = nullptr,
                                           std::uint64_t from = 0);

/// Whether this line of Claude's is one: not cut, and not from somewhere else.
bool is_whole_object(std::string_view line);

/// The child's input begins with a request of the agent's own by such an id.
std::string initialize_prefix();

} // namespace container_agent
