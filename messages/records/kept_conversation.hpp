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
  input_range input;          ///< the range of its text
  std::uint32_t sent = 0;     ///< how often it was sent; 0: it waits
  bool begun = false;         ///< the last child has reported it
  std::string continued_as{}; ///< uuid of the prompt that continues it
  bool again = false;     ///< an earlier child had it under its present uuid
  bool answering = false; ///< a child had begun to answer it under that uuid

  /// The uuid by which Claude knows it.
  const std::string& known_as() const {
    return continued_as.empty() ? uuid : continued_as;
  }
};

/// A prompt that has a result, or has failed.
struct closed_prompt {
  std::string uuid;           ///< as the text of its `trace_id`
  std::string failure{};      ///< why it has failed, if it has
  std::string continued_as{}; ///< the uuid by which Claude knew it
};

/// A request of Claude's to the host.
struct kept_request {
  std::string id;
  request_details about{};
};

/// What an agent must know to continue where an earlier one stopped. The logs
/// hold all of it: see `fold_conversation`.
struct kept_conversation {
  /// Number of remembered uuids of closed prompts, as in the queue.
  static constexpr std::size_t max_closed = 16 * 1024;

  std::deque<kept_prompt> prompts;  ///< in the order of their acceptance
  std::deque<closed_prompt> closed; ///< the oldest first

  std::string session_id;
  bool anew = false; ///< the session was lost: begin another one

  /// The host's settings in Claude, in the order in which to restore them.
  std::vector<host_setting> settings;

  /// Ranges of the log of events that the host is not shown, unless it has
  /// passed them.
  std::deque<event_range> left_out;

  std::uint64_t input = 0;     ///< the host's input was dealt with up to here
  std::uint64_t held_from = 0; ///< … except for messages to Claude from here on
  std::uint64_t to_child
    = 0; ///< the state covers the log of Claude's input up to here

  // -- of the child that runs, or ran last ------------------------------------

  std::int32_t pid = 0;   ///< 0: none is ready since the last end
  bool ready = false;     ///< it has all the host's settings
  bool lifecycle = false; ///< it reports the life of prompts
  std::vector<kept_request> open_requests; ///< that wait for the host's answer
  std::vector<std::string> tasks;          ///< that run in the background

  /// Everything in the host's input up to `to` was dealt with, and given to
  /// Claude.
  void deal_with_input(std::uint64_t to) {
    input = std::max(input, to);
    held_from = std::max(held_from, to);
  }
};

/// As a JSON object, on one line without its LF.
std::string text_of(const kept_conversation& kept);

/// From a `checkpoint` record. Nothing if that holds none, or another
/// version's.
std::optional<kept_conversation> read_checkpoint(std::string_view record);

} // namespace container_agent::codec
