#pragma once

#include "actors/core/ports.hpp"
#include "messages/records/kept_conversation.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace container_agent {

/// Computes the state of a conversation from its logs, for an agent that
/// continues it. Reads `events` from the last checkpoint on, or from the
/// beginning of what is kept; `from` is the checkpoint's offset, if known.
/// `to_child` shows what Claude was given. `damaged`, if given, counts lines
/// that hold zeros and are ignored. Changes nothing. Throws as
/// `stream_log::read`.
///
/// `accepted` and `rejected` records hold the offset up to which the input was
/// dealt with, so appending one is the commit. All other state follows from
/// Claude's own lines or can safely be sent twice.
codec::kept_conversation fold_conversation(const stream_log& events,
                                           const stream_log& to_child,
                                           std::uint64_t* damaged = nullptr,
                                           std::uint64_t from = 0);

/// Begins the ids of the request that is sent first to each child.
std::string initialize_prefix();

} // namespace container_agent
