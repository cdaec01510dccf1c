#pragma once

#include "main/trace/read/prompt_life.hpp"

#include <string>

namespace container_agent::trace {

/// A prompt's life for people: a line an event, indented below what caused it,
/// with the time since the first one, in the mailbox and in the handler.
std::string life_tree(const prompt_life& life);

} // namespace container_agent::trace
