#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace container_agent::bench {

/// Lines and blocks carry a running number, so that a lost, doubled or
/// misplaced one is noticed. Always this many decimal digits.
inline constexpr std::size_t number_digits = 8;

/// The size of the stream-json lines, with their LF, unless said otherwise.
inline constexpr std::size_t line_bytes = 1024;

void write_number(char* at, std::uint64_t number);

/// The number at the front of `text`; nothing when there is none.
std::optional<std::uint64_t> read_number(std::string_view text);

/// A line (or some lines) of a fixed size with numbers to fill in.
class numbered_line {
public:
  /// Every `########` in `text` is a place for the number.
  explicit numbered_line(std::string text);

  /// The line with `number` in it. Valid until the next call.
  std::string_view with(std::uint64_t number);

  [[nodiscard]] std::size_t size() const noexcept { return text_.size(); }

private:
  std::string text_;
  std::vector<std::size_t> places_;
};

/// How each kind of line begins; the number of `result` and `assistant` lines
/// follows at once.
inline constexpr std::string_view user_prefix
  = R"({"type":"user","message":{"role":"user","content":")";
inline constexpr std::string_view result_prefix
  = R"({"type":"result","subtype":"success","is_error":false,"result":")";
inline constexpr std::string_view assistant_prefix
  = R"({"type":"assistant","message":{"id":"msg_)";

/// A prompt of `size` bytes with its LF: number first, then text as models
/// write it, with escapes and non-ASCII letters; the uuid has the number too.
numbered_line user_line(std::size_t size = line_bytes);

/// The echo's answer to it.
numbered_line result_line(std::size_t size = line_bytes);

/// One of the lines of a flood.
numbered_line assistant_line();

/// A prompt that makes the echo write about `bytes` of `assistant` lines
/// (whole blocks) before it answers. Its uuid is made of `number`.
std::string flood_line(std::uint64_t bytes, std::uint64_t number);

/// The number of `assistant` lines in such a flood.
std::uint64_t lines_of_flood(std::uint64_t bytes);

} // namespace container_agent::bench
