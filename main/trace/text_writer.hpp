#pragma once

#include <charconv>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>

namespace container_agent::trace {

/// Appends what stands between the quotes of a JSON text. The bytes must be
/// valid UTF-8.
void append_escaped(std::string& to, std::string_view text);

/// Text on its way into a stream, written in blocks of 64 KiB. A stream that
/// takes no more is told by the stream itself.
class text_writer {
public:
  explicit text_writer(std::ostream& out) : out_{out} {
    block_.reserve(block_size + block_size / 4);
  }
  text_writer(const text_writer&) = delete;
  text_writer& operator=(const text_writer&) = delete;
  ~text_writer() { flush(); }

  text_writer& operator<<(std::string_view text) {
    block_.append(text);
    return *this;
  }

  text_writer& operator<<(char c) {
    block_.push_back(c);
    return *this;
  }

  text_writer& operator<<(std::uint64_t number) {
    char digits[20];
    auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    return *this << std::string_view{digits, end};
  }

  /// A JSON text, with its quotes, of valid UTF-8.
  text_writer& quoted(std::string_view text) {
    block_.push_back('"');
    append_escaped(block_, text);
    return *this << '"';
  }

  /// Nanoseconds as microseconds, exactly: 1234567 is 1234.567.
  text_writer& micros(std::int64_t ns);

  /// 16 small hex digits.
  text_writer& hex(std::uint64_t number);

  /// Between two pieces: the place to write a full block out.
  void pause() {
    if (block_.size() >= block_size)
      flush();
  }

  void flush();

  /// Bytes that it was given so far.
  std::uint64_t written() const { return flushed_ + block_.size(); }

private:
  static constexpr std::size_t block_size = 64 * 1024;

  std::ostream& out_;
  std::string block_;
  std::uint64_t flushed_ = 0;
};

} // namespace container_agent::trace
