#include "main/trace/tools/text_writer.hpp"

namespace container_agent::trace {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

bool is_plain(char c) {
  return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\';
}

struct escape {
  char text[6];
  std::size_t size;

  std::string_view view() const { return {text, size}; }
};

escape escape_of(char c) {
  auto code = static_cast<unsigned char>(c);
  if (code >= 0x20)
    return {{'\\', c}, 2};
  return {{'\\', 'u', '0', '0', hex_digits[code >> 4], hex_digits[code & 15]},
          6};
}

/// Hands on the text in pieces, what is not plain as its escape.
template <class Take>
void escape_text(std::string_view text, Take take) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_plain(text[i]))
      continue;
    take(text.substr(begin, i - begin));
    take(escape_of(text[i]).view());
    begin = i + 1;
  }
  take(text.substr(begin));
}

} // namespace

void append_escaped(std::string& to, std::string_view text) {
  escape_text(text, [&](std::string_view piece) { to.append(piece); });
}

text_writer& text_writer::quoted(std::string_view text) {
  *this << '"';
  escape_text(text, [&](std::string_view piece) { *this << piece; });
  return *this << '"';
}

text_writer& text_writer::micros(std::int64_t ns) {
  auto size = static_cast<std::uint64_t>(ns);
  if (ns < 0) {
    *this << '-';
    size = 0 - size;
  }
  auto part = static_cast<unsigned>(size % 1000);
  *this << size / 1000;
  const char digits[4]{'.', static_cast<char>('0' + part / 100),
                       static_cast<char>('0' + part / 10 % 10),
                       static_cast<char>('0' + part % 10)};
  return *this << std::string_view{digits, sizeof digits};
}

text_writer& text_writer::hex(std::uint64_t number) {
  for (int shift = 60; shift >= 0; shift -= 4)
    *this << hex_digits[number >> shift & 15];
  return *this;
}

void text_writer::flush() {
  out_.write(block_, static_cast<std::streamsize>(used_));
  flushed_ += used_;
  used_ = 0;
}

text_writer& text_writer::overflow(std::string_view text) {
  flush();
  if (text.size() <= sizeof block_)
    return *this << text;
  out_.write(text.data(), static_cast<std::streamsize>(text.size()));
  flushed_ += text.size();
  return *this;
}

} // namespace container_agent::trace
