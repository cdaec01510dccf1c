#pragma once

#include <cstddef>
#include <istream>
#include <optional>
#include <string>
#include <string_view>

namespace container_agent::trace {

/// A line of a stream.
struct source_line {
  std::string_view text; ///< without its line feed; good until the next one
  bool too_long = false; ///< then without text
  bool complete = true;  ///< false: the stream ended before its line feed
};

/// Cuts a stream into lines, in bounded memory.
class line_source {
public:
  line_source(std::istream& stream, std::size_t max_line);

  /// The next line; nothing at the end.
  std::optional<source_line> next();

private:
  bool fill();
  std::optional<source_line> last();

  std::istream& stream_;
  std::size_t max_line_;
  std::string block_;
  std::size_t begin_ = 0;   // of the next line
  std::size_t end_ = 0;     // of what was read
  std::size_t scanned_ = 0; // no line feed before this
  bool skipping_ = false;   // a line that was too long
};

} // namespace container_agent::trace
