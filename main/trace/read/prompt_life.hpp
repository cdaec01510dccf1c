#pragma once

#include "main/trace/read/run_clock.hpp"
#include "main/trace/read/trace_reader.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace container_agent::trace {

/// An event of a prompt's life: a message or bytes at a boundary.
struct life_event {
  event_kind kind = event_kind::message;
  std::uint64_t n = 0;
  std::uint64_t cause = 0;
  std::size_t run = 0;
  std::int64_t at = 0; ///< nanoseconds since the first run's start
  std::optional<std::int64_t> taken;
  std::optional<std::int64_t> done;
  std::string actor;
  std::string from;
  std::string type;
  std::string summary;
  std::string payload;
  std::string outcome;
  std::string port;
  std::string direction;
  std::uint64_t count = 0; ///< bytes
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
