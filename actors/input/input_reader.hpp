#pragma once

#include "actors/core/ports.hpp"
#include "messages/codec/json_lines.hpp"
#include "messages/codec/line_framer.hpp"
#include "messages/payloads.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace container_agent {

/// How a line of input ended.
enum class line_ending : std::uint8_t {
  complete, ///< with LF or CRLF, which `text` does not hold
  cut,      ///< the last writer closed the FIFO in the middle of the line
  too_long, ///< over the limit; `text` is its first bytes, `size` its length
};

/// A line of the host's input, or a message that went over several.
struct host_line {
  std::uint64_t number = 0; ///< running number of the line, from 1
  std::string text;
  line_ending ending = line_ending::complete;
  std::uint64_t size = 0; ///< bytes of the line, line ending not counted

  /// Where it lies in the log of the input. It is the last message in there.
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// The conversation's place in the log of the input: cuts it into lines and
/// messages. A line stays at the front until it was dealt with, so that it is
/// there again should that have failed.
class input_reader {
public:
  struct config {
    std::size_t max_line = 16 * 1024 * 1024;
    bool json = true; ///< an object of JSON may go over several lines
  };

  /// Goes on at `from`, where a message begins.
  input_reader(const stream_log& log, config c, std::uint64_t from);

  /// There is more of it, or no more will come. What was read before a cut
  /// counts as cut only when all before it was read.
  void grew(const input_grew& news);

  /// The next line; null: there is none yet. Reads as much of the log as it
  /// takes to find one.
  const host_line* front();

  /// The front was dealt with.
  void pop();

  /// All before this offset was dealt with.
  std::uint64_t position() const { return position_; }

  /// Up to here it was read.
  std::uint64_t read_to() const { return read_to_; }

  /// What comes next goes on with a message that has begun.
  bool half() const { return framer_.holds_part() || json_.holds_part(); }

  /// No more will come, and all was dealt with.
  bool finished() const { return ended_ && told_end_ && lines_.empty(); }

private:
  bool read_block();
  void take(codec::framed_line line);
  void cut();
  void take_items();

  const stream_log& log_;
  config config_;
  codec::line_framer framer_;
  codec::json_lines json_;
  std::vector<codec::json_lines::item> items_;
  std::deque<host_line> lines_;
  std::uint64_t count_ = 0;
  std::uint64_t read_to_;
  std::uint64_t position_;
  std::uint64_t line_end_; // of the last one that was cut out
  std::uint64_t cut_at_ = 0;
  bool ended_ = false;
  bool told_end_ = false;
};

} // namespace container_agent
