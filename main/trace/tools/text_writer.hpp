#pragma once

#include <charconv>
#include <cstdint>
#include <cstring>
#include <ostream>
#include <string>
#include <string_view>

namespace container_agent::trace {

/// Appends what stands between the quotes of a JSON text. The bytes must be
/// valid UTF-8.
void append_escaped(std::string& to, std::string_view text);

/// Text on its way into a stream, written in blocks. A stream that takes no
/// more says so itself.
class text_writer {
public:
  explicit text_writer(std::ostream& out) : out_{out} {}
  text_writer(const text_writer&) = delete;
  text_writer& operator=(const text_writer&) = delete;
  ~text_writer() { flush(); }

  text_writer& operator<<(std::string_view text) {
    if (text.size() > sizeof block_ - used_)
      return overflow(text);
    std::memcpy(block_ + used_, text.data(), text.size());
    used_ += text.size();
    return *this;
  }

  text_writer& operator<<(char c) {
    if (used_ == sizeof block_)
      flush();
    block_[used_++] = c;
    return *this;
  }

  text_writer& operator<<(std::uint64_t number) {
    char digits[20];
    const auto* end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    return *this << std::string_view{digits, end};
  }

  /// A JSON text, with its quotes, of valid UTF-8.
  text_writer& quoted(std::string_view text);

  /// Nanoseconds as microseconds, exactly: 1234567 is 1234.567.
  text_writer& micros(std::int64_t ns);

  /// 16 small hex digits.
  text_writer& hex(std::uint64_t number);

  void flush();

  /// Bytes that it was given so far.
  std::uint64_t written() const { return flushed_ + used_; }

private:
  text_writer& overflow(std::string_view text);

  std::ostream& out_;
  std::uint64_t flushed_ = 0;
  std::size_t used_ = 0;
  char block_[64 * 1024];
};

} // namespace container_agent::trace
