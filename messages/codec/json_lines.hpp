#pragma once

#include "messages/codec/json_reader.hpp"
#include "messages/codec/json_start.hpp"
#include "messages/codec/line_framer.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace container_agent::codec {

/// Turns lines of the host's input into messages. A JSON object may span
/// several lines, none of which is ever taken for a prompt.
///
///     between ─ a line with open brackets ─▶ collecting ─ no JSON ─▶ skipping
///        ▲                                       │                      │
///        └────────── as many brackets are closed as were opened ────────┘
///
/// A text that can't become a message (no JSON, an array, too long) is refused
/// at once, with the number of its first line, and lasts until its brackets are
/// closed. It ends earlier if its writers leave, or if a line comes that is a
/// whole message by itself and can't be part of it; otherwise it could swallow
/// another writer's messages for ever.
///
/// The receiver decides about each text: a whole object has become one line,
/// with spaces instead of line feeds. A refused text still has them, or is too
/// long, or cut.
class json_lines {
public:
  struct item {
    framed_line line;
    std::uint64_t number = 0; ///< of the line, or of the first one

    /// The position in the input where it ends. 0 if that is not known, or must
    /// not be noted yet because more lines belong to it: a later agent would
    /// begin within it.
    std::uint64_t end = 0;
  };

  /// `max_message`: an object with more bytes is refused.
  explicit json_lines(std::size_t max_message);

  /// Takes the next line. Appends the results to `out`. An empty line may come
  /// out, for its `end`.
  void take(item next, std::vector<item>& out);

  /// The writers have left; an unfinished message stays unfinished.
  void end(std::vector<item>& out);

  /// Whether a message has begun that needs more lines.
  bool holds_part() const { return state_ != state::between; }

private:
  enum class state : std::uint8_t { between, collecting, skipping };

  void begin(item next, std::vector<item>& out);
  void go_on(item next, std::vector<item>& out);
  bool is_json_so_far(std::string_view line);
  void count_brackets(const framed_line& line);
  bool brackets_closed() const;
  void refuse(framed_line::kind how, std::vector<item>& out);
  void finish_refused(std::vector<item>& out);
  void finish();

  std::size_t max_message_;
  state state_ = state::between;
  json_reader json_;
  bracket_count brackets_;
  bool brackets_known_ = true;
  bool refused_ = false; // what has begun
  item whole_;           // what was collected of it
  std::uint64_t last_end_ = 0;
};

} // namespace container_agent::codec
