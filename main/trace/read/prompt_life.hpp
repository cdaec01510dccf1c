#pragma once

#include "main/trace/read/run_clock.hpp"
#include "main/trace/read/trace_reader.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace container_agent::trace {

/// An event of a prompt's life: a message or bytes at a boundary. The times are
/// nanoseconds since the first run's start.
struct life_event : trace_line {
  std::size_t run = 0;
  std::int64_t began = 0;
  std::optional<std::int64_t> handled; ///< its handler began …
  std::optional<std::int64_t> ended;   ///< … and ended
};

/// All that a trace says of one prompt, in the order in which it came to be.
struct prompt_life {
  std::string trace; ///< its id
  std::vector<life_event> events;
  std::uint64_t left_out = 0; ///< events above the limit
  std::uint64_t began = 0;    ///< nanoseconds since 1970
  reading read;
};

/// Above this nobody reads it, and it would fill the memory.
constexpr std::size_t max_life_events = 100'000;

/// The trace id of a prompt: `prompt` itself if it is 32 hex digits, else that
/// of the uuid.
std::string trace_of_prompt(std::string_view prompt);

/// Reads the inputs to their end, and keeps what belongs to the prompt. A
/// skipped message is in it once, as it was taken up for good.
prompt_life read_life(std::string_view prompt,
                      const std::vector<trace_input>& inputs,
                      std::ostream& err);

/// As close_reading; a life without events is an error, too.
int close_life(const prompt_life& life, std::ostream& err);

} // namespace container_agent::trace
