#pragma once

#include "actors/ports.hpp"
#include "main/runtime/move_note.hpp"
#include "messages/codec/kept_conversation.hpp"

#include <cstdint>
#include <string>

/// What a next agent can tell of a Claude that died with the agent before:
/// from the journal and the note of what was being moved.
namespace container_agent::runtime {

/// Up to where all that was said is lost, if Claude is dead: where the last
/// result ends that was seen, or what has gone to the host.
std::uint64_t end_of_lost_output(const codec::kept_conversation& notes,
                                 const move_note& note);

/// What the host's output has to begin with: the end of a line that was torn,
/// and which results were lost, as records, which are logged, too. Empty as a
/// rule.
std::string words_of_loss(const codec::kept_conversation& notes,
                          const move_note& note, move_note::standing output,
                          const actor_context& context);

} // namespace container_agent::runtime
