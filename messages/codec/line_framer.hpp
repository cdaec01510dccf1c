#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace container_agent::codec {

/// A line cut out of the host's input.
struct framed_line {
  enum class kind : std::uint8_t { complete, cut, too_long };

  kind what = kind::complete;
  std::string text;       ///< without LF or CRLF; if too long, its first bytes
  std::uint64_t size = 0; ///< bytes of the line, without its ending

  /// Bytes kept of a line that is too long.
  static constexpr std::size_t max_head = 128;
};

/// Cuts a stream of bytes into lines, on demand: bytes that were not requested
/// yet stay in one block. Holds at most `max_line` plus the last piece; a
/// longer line is counted and thrown away.
class line_framer {
public:
  explicit line_framer(std::size_t max_line) : max_line_{max_line} {}

  /// Adds bytes. Call it only when `next()` has nothing left to give.
  void feed(std::string_view data);

  /// The next line, if there is a whole one.
  std::optional<framed_line> next();

  /// The stream has ended, perhaps in the middle of a line, which is then
  /// returned as `cut` (or `too_long`).
  std::optional<framed_line> end();

  /// Whether a line has begun and not ended.
  bool holds_part() const { return skipping_ || begin_ < block_.size(); }

  /// Bytes held.
  std::size_t held() const { return block_.size() - begin_; }

private:
  framed_line cut_out(std::size_t length) const;
  void skip(std::string_view data);
  framed_line end_skipping();
  void clear();

  std::size_t max_line_;
  std::string block_;
  std::size_t begin_ = 0;   // of what was not given out yet
  std::size_t scanned_ = 0; // no LF before this
  bool skipping_ = false;
  std::uint64_t skipped_ = 0;
  std::string head_;        // of what is skipped
  bool skipped_cr_ = false; // the last of them is a CR
  std::optional<framed_line> skipped_line_;
};

} // namespace container_agent::codec
