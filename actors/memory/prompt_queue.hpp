#pragma once

#include "messages/records/kept_conversation.hpp"
#include "messages/trace_id.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace container_agent {

/// A prompt on its way. `line` is the whole line for Claude, with uuid and LF.
struct prompt {
  std::string uuid;
  std::string line;
  std::uint32_t sent = 0; ///< how often it was sent to a child
  bool started = false;   ///< this child has said that it works on it
  std::uint32_t stalls
    = 0; ///< how often Claude was silent over it for too long
  trace_id trace = trace_id_of(uuid);

  /// The agent's own prompt by which Claude goes on with this one; or empty.
  std::string continued_as{};

  /// An earlier child had it under the uuid that it is known by now.
  bool again = false;

  /// A child had begun to answer it, and may have used tools.
  bool answering = false;

  /// The position of its text in the log of the input.
  std::uint64_t input_from = 0;
  std::uint64_t input_to = 0;

  /// By this uuid Claude knows it.
  const std::string& known_as() const {
    return continued_as.empty() ? uuid : continued_as;
  }
};

/// The prompts between `accepted` and their end: those that wait and those in
/// flight. Pure: knows nothing of actors, pipes or time.
class prompt_queue {
public:
  struct limits {
    std::size_t prompts = 1024; ///< waiting, not counting those in flight
    std::size_t bytes = 4 * 1024 * 1024; ///< of those; one always fits
    std::size_t in_flight = 1;
  };

  explicit prompt_queue(limits l) : limits_{l} {}

  /// Whether one more prompt may wait.
  bool full() const;

  /// How many more small prompts may wait.
  std::size_t room() const;

  /// Whether a prompt with this uuid was accepted before: one of the last
  /// `remembered_uuids`. Claude Code itself knows those of its session for
  /// longer. A UUID is the same in either case of letters (RFC 9562, 4).
  bool seen(std::string_view uuid) const;

  /// Appends a prompt and remembers its uuid.
  void push(prompt p);

  /// The same for one that an earlier agent has sent already.
  void push_in_flight(prompt p);

  /// Takes note of a uuid that was accepted before.
  void remember(trace_id uuid);

  /// Takes note of why a prompt that is remembered has failed.
  void note_failure(trace_id uuid, std::string_view reason);

  /// Why the prompt with this uuid has failed; null if it has not.
  const std::string* failure(std::string_view uuid) const;

  /// An earlier agent has known this one, which has its end.
  void recall(const codec::closed_prompt& p);

  /// An earlier agent has failed all of these prompts, by whatever uuid Claude
  /// knows them: a result of theirs comes too late.
  bool failed_before(const std::vector<std::string>& uuids) const;

  /// The prompt with this uuid has failed and may be accepted anew.
  void forget(std::string_view uuid);

  /// Takes the first waiting prompt into flight, or returns null if there is
  /// none or enough are in flight.
  const prompt* start_next();

  /// A prompt in flight that Claude knows by this uuid, or null.
  prompt* find_in_flight(std::string_view uuid);

  /// Those in flight, in the order they were sent.
  std::deque<prompt>& in_flight() { return in_flight_; }
  const std::deque<prompt>& in_flight() const { return in_flight_; }

  /// Removes a prompt in flight. False if it is not in flight.
  bool close(std::string_view uuid);

  /// Removes and returns all that wait, or all in flight.
  std::vector<prompt> drain_waiting();
  std::deque<prompt> drain_in_flight();

  /// How many have been closed so far.
  std::uint64_t closed() const { return closed_; }

  const std::deque<prompt>& waiting_ones() const { return waiting_; }

  /// The position in the input of the first prompt that has no end.
  std::optional<std::uint64_t> first_input() const;

  /// All uuids that are remembered, as ids, the oldest first.
  std::deque<codec::closed_prompt> remembered() const;

  std::size_t waiting() const { return waiting_.size(); }
  std::size_t waiting_bytes() const { return waiting_bytes_; }
  bool idle() const { return waiting_.empty() && in_flight_.empty(); }

  /// 1 MB at most, as 128 bits each, and as much again if all have failed.
  static constexpr std::size_t remembered_uuids = 16 * 1024;

private:
  void check() const;

  limits limits_;
  std::deque<prompt> waiting_;
  std::deque<prompt> in_flight_;
  std::size_t waiting_bytes_ = 0;
  std::uint64_t entered_ = 0;
  std::uint64_t closed_ = 0;  // that were in flight
  std::uint64_t drained_ = 0; // that were waiting
  std::unordered_set<trace_id, trace_id_hash> seen_;
  std::deque<trace_id> seen_order_;
  std::unordered_map<trace_id, std::string, trace_id_hash> failures_;
  std::unordered_set<trace_id, trace_id_hash> failed_before_;
};

} // namespace container_agent
