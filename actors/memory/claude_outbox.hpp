#pragma once

#include "messages/codec/input_message.hpp"
#include "messages/trace_id.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace container_agent {

/// What waits to go to Claude, in two queues: lines that are to be written
/// next, and control messages of the host's that no Claude may be given yet.
/// Pure.
///
///     control message ─┬────────────────▶ queued ─▶ Claude's input
///                      └─▶ held ─release─▶─┘
class claude_outbox {
public:
  static constexpr auto no_input = ~std::uint64_t{0};

  /// Whole lines, with their LF.
  struct lines {
    std::string text;
    trace_id prompt{};
    std::uint64_t input_from = no_input; ///< if they are the host's own
  };

  /// A control message, and where it lies in the input.
  struct control_message {
    codec::input_message message;
    std::uint64_t input_from = no_input;
  };

  /// `held_bytes`: control messages that are held may have so many together,
  /// before no more may come.
  explicit claude_outbox(std::size_t held_bytes)
    : max_held_bytes_{held_bytes} {}

  /// An id for a request of the agent's own.
  std::string make_request_id(std::string_view what);

  // -- to be written next -----------------------------------------------------

  void queue(lines next);

  /// Removes the first; nothing if there is none.
  std::optional<lines> pop();

  std::size_t queued_bytes() const { return queued_bytes_; }

  // -- held back --------------------------------------------------------------

  void hold(control_message control);

  /// Calls for each that is held, in order; it is held until that has returned
  /// true: should this agent be killed, the next one has it.
  void release(const std::function<bool(const control_message&)>& deal);

  /// No more may be held.
  bool full() const {
    return held_.size() >= max_held || held_bytes_ >= max_held_bytes_;
  }

  /// Nothing is queued, and nothing held.
  bool empty() const { return queue_.empty() && held_.empty(); }

  /// The position of the first message that Claude has not been given, or
  /// `otherwise` if that is before it. The next agent gives it.
  std::uint64_t first_input(std::uint64_t otherwise) const;

  /// Control messages of the host that may wait for a child to be ready; all
  /// together they may have as many bytes as prompts that wait.
  static constexpr std::size_t max_held = 256;

private:
  std::size_t max_held_bytes_;
  std::deque<lines> queue_;
  std::size_t queued_bytes_ = 0;
  std::deque<control_message> held_;
  std::size_t held_bytes_ = 0;
  std::uint64_t own_requests_ = 0;
};

/// Whether the agent itself has made this request.
bool is_own_request(std::string_view id);

} // namespace container_agent
