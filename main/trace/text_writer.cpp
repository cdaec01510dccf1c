#include "main/trace/text_writer.hpp"

namespace container_agent::trace {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

bool is_plain(char c) {
  return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\';
}

} // namespace

void append_escaped(std::string& to, std::string_view text) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_plain(text[i]))
      continue;
    to.append(text, begin, i - begin);
    begin = i + 1;
    auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20) {
      to.append("\\u00");
      to.push_back(hex_digits[c >> 4]);
      to.push_back(hex_digits[c & 15]);
    } else {
      to.push_back('\\');
      to.push_back(text[i]);
    }
  }
  to.append(text, begin);
}

text_writer& text_writer::micros(std::int64_t ns) {
  auto size = static_cast<std::uint64_t>(ns);
  if (ns < 0) {
    block_.push_back('-');
    size = 0 - size;
  }
  auto part = static_cast<unsigned>(size % 1000);
  *this << size / 1000;
  const char digits[4]{'.', static_cast<char>('0' + part / 100),
                       static_cast<char>('0' + part / 10 % 10),
                       static_cast<char>('0' + part % 10)};
  block_.append(digits, sizeof digits);
  return *this;
}

text_writer& text_writer::hex(std::uint64_t number) {
  for (int shift = 60; shift >= 0; shift -= 4)
    block_.push_back(hex_digits[number >> shift & 15]);
  return *this;
}

void text_writer::flush() {
  out_.write(block_.data(), static_cast<std::streamsize>(block_.size()));
  flushed_ += block_.size();
  block_.clear();
}

} // namespace container_agent::trace
