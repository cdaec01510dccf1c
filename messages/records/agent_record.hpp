#pragma once

#include "messages/payloads.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The agent's own lines on the output, as docs/protocol.md lists them: each a
/// JSON object with `"type":"container_agent"`, `subtype`, `time` and `offset`,
/// and a LF.
namespace container_agent::codec {

/// From one offset to another.
struct event_range {
  std::uint64_t from = 0;
  std::uint64_t to = 0;
};

/// When a record was written, and its offset in the log of events.
struct record_time {
  std::chrono::system_clock::time_point when;
  std::uint64_t offset = 0;
};

/// `read_to`: how far the host has read the log, as far as known.
std::string ready_record(record_time time, const child_started& child,
                         std::string_view session_id, std::uint64_t read_to);

/// A range in the input log. Everything before its end was dealt with.
struct input_range {
  std::uint64_t from = 0;
  std::uint64_t to = 0; ///< 0: it must not be noted yet

  /// Messages from here on may not have been given to Claude yet; `to`: there
  /// are none.
  std::uint64_t held_from = to;
};

struct accepted_prompt {
  std::string_view uuid;
  std::uint64_t position = 0; ///< prompts before it
  bool duplicate = false;
  input_range input{}; ///< the range of its text
};

std::string accepted_record(record_time time, const accepted_prompt& prompt);

struct rejected_line {
  std::string_view reason;
  std::string_view detail;
  std::uint64_t number = 0;
  std::string_view uuid;
  std::string_view text; ///< of which the record shows the first bytes
  input_range input{};
};

std::string rejected_record(record_time time, const rejected_line& line);

/// Bytes shown of a refused line.
inline constexpr std::size_t max_excerpt = 80;

/// The first bytes of a text, with control characters made visible.
std::string excerpt_of(std::string_view text);

/// `cut`: the line that was torn by the end, if any.
std::string claude_exited_record(record_time time, const child_ended& child,
                                 std::string_view uuid,
                                 const std::optional<event_range>& cut = {});

/// `claude_runs`: Claude continues meanwhile.
std::string restarting_record(record_time time, const restart_scheduled& plan,
                              bool claude_runs = false);

std::string resent_record(record_time time, std::string_view uuid,
                          std::uint32_t attempt);

std::string failed_record(record_time time, std::string_view uuid,
                          std::string_view reason, std::string_view detail);

/// `reason`: why it could not be resumed.
std::string session_lost_record(record_time time, std::string_view session_id,
                                std::string_view reason);

/// `continue_uuid`: the uuid of the agent's own prompt that makes Claude
/// continue.
std::string continued_record(record_time time, std::string_view uuid,
                             std::string_view continue_uuid,
                             std::uint32_t attempt);

/// Which of the host's settings a new Claude was given.
struct restored_things {
  bool initialize = false;           ///< the host's own
  std::vector<std::string> settings; ///< subtypes
  std::vector<std::string> refused;  ///< likewise
  std::string detail;                ///< the consequence, if any
};

std::string restored_record(record_time time, const restored_things& what);

std::string permission_timed_out_record(record_time time,
                                        std::string_view request_id,
                                        std::string_view tool,
                                        std::chrono::milliseconds after);

/// `document` is a JSON object; its members stand beside the record's own.
std::string status_record(record_time time, std::string_view document);

std::string stopping_record(record_time time, std::string_view reason);

/// The conversation is over: the next one has a session of its own.
std::string ended_record(record_time time);

/// Earlier records are not needed to continue. `state` is a
/// `kept_conversation`, as JSON.
std::string checkpoint_record(record_time time, std::string_view state);

/// What a fold needs to know of a record; missing members are empty.
struct agent_record {
  std::string subtype;
  std::string uuid;
  std::string reason;
  std::string continue_uuid;
  input_range input;
  std::int32_t pid = 0;
  std::uint32_t attempt = 0;
  std::uint64_t cut_from = 0;  ///< where Claude's torn last line is
  std::uint64_t cut_bytes = 0; ///< … and its size, without LF
  bool attached = false;
  bool duplicate = false;
  bool claude_runs = false;
};

agent_record read_record(std::string_view line);

} // namespace container_agent::codec
