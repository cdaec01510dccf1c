#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

/// The look of a host's line before it is parsed. Pure.
namespace container_agent::codec {

/// How a line, or a refused text of several lines, begins, ignoring a byte
/// order mark and blanks.
enum class json_start : std::uint8_t {
  text,   ///< nothing that JSON begins with
  object, ///< `{`
  other,  ///< begins like other JSON, or like the inside of an object
};

/// `other` is text that nobody would write as a prompt, such as a part of JSON
/// that was printed over several lines:
///
/// - `[`, one or several, followed by nothing else, by `{` or `"`, or by a
///   number, `true`, `false` or `null` before a comma or the line's end
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
/// continue after a line feed, which JSON forbids: a line break that was not
/// escaped is the likeliest mistake in such a text.
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
