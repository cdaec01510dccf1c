#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

/// What a line of the host's looks like, before anybody parses it. Pure.
namespace container_agent::codec {

/// How a line begins, a byte order mark and blanks aside. What was refused may
/// be more than one.
enum class json_start : std::uint8_t {
  text,   ///< nothing that JSON begins with
  object, ///< `{`
  other,  ///< begins like other JSON, or like the inside of an object
};

/// `other` is what nobody writes for a prompt, and what is left of JSON that
/// was printed over several lines:
///
/// - `[`, also several of them, and nothing else, or `{` or `"` behind them, or
///   a number, `true`, `false` or `null` that a comma or the line's end follows
/// - all of an array, all of a string, or a string and a comma
/// - a string, a colon and the beginning of a value
/// - closing brackets and commas only
///
/// For example, `[TODO] fix this`, `[ ] buy milk`, `[1] says no` and `"Foo" is
/// wrong` are text.
json_start start_of(std::string_view line);

/// The line without the byte order mark that some editors and shells put before
/// a text.
std::string_view without_mark(std::string_view line);

/// Counts brackets outside of strings, over any number of lines. A string may
/// go on behind a line feed, which JSON forbids: a line break that somebody
/// forgot to escape is the likeliest reason for such a text to be wrong.
class bracket_count {
public:
  void feed(std::string_view text);

  /// As many are closed as were opened, and no string is open.
  bool closed() const { return depth_ <= 0 && !in_string_; }

private:
  std::int64_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
};

} // namespace container_agent::codec
