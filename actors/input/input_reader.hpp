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

/// A line of the host's input, or a message that spanned several lines.
struct host_line {
  std::uint64_t number = 0; ///< running number of the line, from 1
  std::string text;
  line_ending ending = line_ending::complete;
  std::uint64_t size = 0; ///< bytes of the line, line ending not counted

  /// Its range in the input log. It is the last message in that range.
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// The conversation's position in the input log: cuts the input into lines and
/// messages. A line stays at the front until it was dealt with, so if handling
/// it throws, the next attempt finds it again.
class input_reader {
public:
  struct config {
    std::size_t max_line = 16 * 1024 * 1024;
    bool json = true; ///< a JSON object may span several lines
  };

  /// Begins at `from`, where a message begins.
  input_reader(const stream_log& log, config c, std::uint64_t from);

  /// The log has grown, or no more will come. A cut counts only once all input
  /// before it was read.
  void grew(const input_grew& news);

  /// The next line; null if there is none yet. Reads as much of the log as it
  /// takes to find one.
  const host_line* front();

  /// Removes the front line, which was dealt with.
  void pop();

  /// Everything before this offset was dealt with.
  std::uint64_t position() const { return position_; }

  /// The log was read up to here.
  std::uint64_t read_to() const { return read_to_; }

  /// A message has begun and is not complete yet.
  bool half() const { return framer_.holds_part() || json_.holds_part(); }

  /// No more input will come, and all of it was dealt with.
  bool finished() const { return ended_ && told_end_ && lines_.empty(); }

private:
  bool read_block();
  void add(codec::framed_line line);
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
  std::uint64_t line_end_; // of the last complete one
  std::uint64_t cut_at_ = 0;
  bool ended_ = false;
  bool told_end_ = false;
};

} // namespace container_agent
