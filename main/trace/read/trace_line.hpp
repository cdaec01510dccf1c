#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace container_agent::trace {

/// What a line of a trace says. `other`: a kind that this program does not
/// know.
enum class event_kind : std::uint8_t {
  other,
  header,
  message,
  spawn,
  end,
  timer,
  bytes,
  dropped,
};

/// One line of a trace. Times are nanoseconds since the agent's start.
struct trace_line {
  event_kind kind = event_kind::other;
  std::string kind_name;
  std::uint64_t n = 0;     ///< 0: has none
  std::uint64_t cause = 0; ///< 0: came from outside
  std::string trace;       ///< 32 small hex digits; empty: of no prompt

  /// When it came to be: a message: was sent.
  std::uint64_t at = 0;
  std::optional<std::uint64_t> taken; ///< a message: its handler began
  std::optional<std::uint64_t> done;  ///< a message: its handler ended
  std::uint64_t due = 0;              ///< a timer

  std::string actor; ///< a message: its receiver
  std::uint64_t actor_id = 0;
  std::string from; ///< a message: its sender; empty: sent by no actor
  std::uint64_t from_id = 0;
  std::string type; ///< of the message, or of the timer's
  std::string summary;
  std::string payload;
  std::string outcome;
  std::uint64_t depth = 0;

  std::uint64_t incarnation = 0; ///< a spawn: above 1 it is a restart
  bool failed = false;           ///< an end
  std::string reason;            ///< an end; a header: why it was dumped

  std::string port;        ///< bytes: which boundary
  std::string direction;   ///< bytes: "in" or "out"
  std::uint64_t count = 0; ///< bytes, or events dropped

  std::uint64_t version = 0; ///< a header
  std::int64_t epoch_us = 0; ///< a header: time 0, microseconds since 1970
  std::uint64_t pid = 0;     ///< a header
  std::string agent;         ///< a header: the agent's version
  std::string source;        ///< a header: "file", "ring" or "stream"
};

/// The version of the format that is read here.
constexpr std::uint64_t format_version = 1;

/// No agent began after 2100 (microseconds since 1970), and none runs for
/// longer than 31 years (ns), so no sum or difference of times exceeds 64 bits.
constexpr std::int64_t max_epoch_us = 4'102'444'800'000'000;
constexpr std::uint64_t max_time = 1'000'000'000'000'000'000;

/// What is wrong with an event of this kind, or nothing: a member without which
/// it says nothing is missing, or its times run backwards or are beyond the
/// limits above.
std::string fault_of(const trace_line& event);

/// A message's time in the mailbox, if it was taken up.
std::optional<std::uint64_t> queueing(const trace_line& event);

/// A message's time in its handler, if that is done.
std::optional<std::uint64_t> handling(const trace_line& event);

} // namespace container_agent::trace
