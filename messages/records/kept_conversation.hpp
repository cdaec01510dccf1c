#pragma once

#include "messages/codec/claude_details.hpp"
#include "messages/codec/host_setting.hpp"
#include "messages/records/agent_record.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace container_agent::codec {

/// A prompt that has no end yet.
struct kept_prompt {
  std::string uuid;
  input_range input;          ///< where the host has said it
  std::uint32_t sent = 0;     ///< to a child, how often; 0: it waits
  bool begun = false;         ///< the last of them has said that it has it
  std::string continued_as{}; ///< by this uuid Claude goes on with it, if so
  bool again = false;     ///< an earlier child had it under the name it has now
  bool answering = false; ///< a child had begun to answer it under that name

  /// By this uuid Claude knows it.
  const std::string& known_as() const {
    return continued_as.empty() ? uuid : continued_as;
  }
};

/// A prompt that has its result, or has failed.
struct closed_prompt {
  std::string uuid;           ///< as the text of its `trace_id`
  std::string failure{};      ///< why it has failed, if it has
  std::string continued_as{}; ///< Claude knew it by that uuid
};

/// What Claude asks of the host.
struct kept_request {
  std::string id;
  request_details about{};
};

/// What an agent has to know to go on where an earlier one stopped. It is what
/// the logs say: see `conversation_fold`.
struct kept_conversation {
  /// Uuids of closed prompts that are remembered, as many as the queue does.
  static constexpr std::size_t max_closed = 16 * 1024;

  std::deque<kept_prompt> prompts;  ///< in the order of their acceptance
  std::deque<closed_prompt> closed; ///< the oldest first

  std::string session_id;
  bool anew = false; ///< the session was lost: begin another one

  /// What the host has set in Claude, in the order to set it again.
  std::vector<host_setting> settings;

  /// Ranges of the log of events that the host is not shown, as far as it may
  /// still come to them.
  std::deque<event_range> left_out;

  std::uint64_t input = 0;     ///< the host's input was dealt with up to here
  std::uint64_t held_from = 0; ///< … but for messages for Claude from here on
  std::uint64_t to_child
    = 0; ///< the log of Claude's input is told of up to here

  // -- of the child that runs, or ran last ------------------------------------

  std::int32_t pid = 0;   ///< 0: none has been ready since the last one's end
  bool ready = false;     ///< it has all that the host had set
  bool lifecycle = false; ///< it reports the life of prompts
  std::vector<kept_request> open_requests; ///< that wait for the host's answer
  std::vector<std::string> tasks;          ///< that run in the background

  /// All of the host's input up to there was dealt with, and given to Claude.
  void deal_with_input(std::uint64_t to) {
    input = std::max(input, to);
    held_from = std::max(held_from, to);
  }
};

/// As a JSON object, on one line without its LF.
std::string text_of(const kept_conversation& kept);

/// Nothing if it is none. What it lacks is as at the beginning.
std::optional<kept_conversation> read_kept_conversation(std::string_view text);

} // namespace container_agent::codec
