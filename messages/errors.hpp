#pragma once

#include <caf/atom.hpp>
#include <caf/error.hpp>

#include <cstdint>
#include <exception>
#include <string>

namespace container_agent {

/// Why an actor ended by itself. Each is handled by the supervisor.
enum class agent_error : std::uint8_t {
  none = 0,
  child_ended,   ///< the child ended without having been asked to
  child_renewed, ///< it was ended to be started again
  launch_failed, ///< the child could not be started
  input_failed,  ///< reading the input pipe failed
  output_failed, ///< writing the output pipe failed
  refused,       ///< a request that can't be fulfilled; the text says why
};

inline constexpr caf::atom_value agent_error_category = caf::atom("agent");

/// Whether `error` is this one, whatever its text.
inline bool is(const caf::error& error, agent_error code) {
  return error && error.category() == agent_error_category
         && error.code() == static_cast<std::uint8_t>(code);
}

/// An error with a text that says what, where and what to do.
caf::error make_error(agent_error code, std::string what);

std::string to_string(agent_error code);

/// The text of an `agent_error`, or CAF's rendering of any other error.
std::string describe(const caf::error& error);

/// The text of an `agent_error` alone, for people; else as `describe`.
std::string text_of(const caf::error& error);

/// The kind of an error: one of few names, with no text from outside.
std::string kind_of(const caf::error& error);

/// An exception's text, as the error with which its actor ends.
caf::error describe_exception(const std::exception_ptr& thrown);

/// The process's exit codes. docs/options.md tells users what they mean.
enum class exit_code : std::int32_t {
  graceful = 0,
  internal_error = 1,
  bad_usage = 2,
  bad_pipe = 3,
  claude_not_found = 4,
  gave_up_on_claude = 5,
  gave_up_on_actor = 6,
  already_running = 7,
};

std::string to_string(exit_code code);

} // namespace container_agent
