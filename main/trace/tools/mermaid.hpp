#pragma once

#include "main/trace/read/prompt_life.hpp"

#include <string>
#include <string_view>

namespace container_agent::trace {

/// A text as Mermaid shows it and never reads it: all but letters, digits and
/// a few harmless signs become its entity codes. Cut to 200 characters. The
/// bytes must be valid UTF-8.
std::string mermaid_text(std::string_view text);

/// A prompt's life as a Mermaid sequence diagram: who takes part in the order
/// of the flow, messages in the order sent, boundaries as notes, handlers that
/// sent something as activations.
std::string mermaid_diagram(const prompt_life& life);

} // namespace container_agent::trace
