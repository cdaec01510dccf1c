#include "messages/visible_text.hpp"

#include <algorithm>
#include <array>

namespace container_agent {

namespace {

constexpr std::string_view digits = "0123456789abcdef";

void append_hex(std::string& out, std::string_view prefix, unsigned char c) {
  out += prefix;
  out += digits[c >> 4];
  out += digits[c & 15];
}

/// C1 controls move cursors as well as C0 ones do.
bool is_c1(std::string_view text, std::size_t length) {
  return length == 2 && text[0] == '\xc2'
         && static_cast<unsigned char>(text[1]) < 0xa0;
}

/// `prefix` stands before the two digits of a control character.
void append_ascii(std::string& out, char c, std::string_view quoted,
                  std::string_view prefix) {
  if (quoted.find(c) != std::string_view::npos)
    (out += '\\') += c;
  else if (c == '\n')
    out += "\\n";
  else if (c == '\t')
    out += "\\t";
  else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
    append_hex(out, prefix, static_cast<unsigned char>(c));
  else
    out += c;
}

/// Letters, digits and what stands between them in names and numbers: shown as
/// they are, whatever is quoted.
constexpr auto is_harmless = [] {
  std::array<bool, 256> result{};
  for (unsigned char c : {'-', '_', '.', ':', '/', ' '})
    result[c] = true;
  for (unsigned char c = '0'; c <= '9'; ++c)
    result[c] = true;
  for (unsigned char c = 'a'; c <= 'z'; ++c)
    result[c] = result[c - 'a' + 'A'] = true;
  return result;
}();

/// Bytes at the front that are shown as they are: most texts are nothing else.
std::size_t plain_front(std::string_view text, std::string_view quoted) {
  auto end = std::find_if(text.begin(), text.end(), [quoted](char c) {
    return !is_harmless[static_cast<unsigned char>(c)]
           && (c < ' ' || c > '~' || quoted.find(c) != std::string_view::npos);
  });
  return static_cast<std::size_t>(end - text.begin());
}

void append_escaped(std::string& out, std::string_view text,
                    std::string_view quoted, std::string_view prefix) {
  for (;;) {
    auto plain = plain_front(text, quoted);
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty())
      return;
    auto length = utf8_length(text);
    if (length == 0)
      out += replacement_character;
    else if (is_c1(text, length))
      append_hex(out, prefix, static_cast<unsigned char>(text[1]));
    else if (length > 1)
      out += text.substr(0, length);
    else
      append_ascii(out, text.front(), quoted, prefix);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
}

} // namespace

std::size_t utf8_length(std::string_view text) {
  auto byte = [&](std::size_t i) {
    return static_cast<unsigned char>(i < text.size() ? text[i] : 0);
  };
  auto follows = [&](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
  auto first = byte(0);
  if (first < 0x80)
    return 1;
  if (first >= 0xc2 && first < 0xe0)
    return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first < 0xf0) {
    bool overlong = first == 0xe0 && byte(1) < 0xa0;
    bool surrogate = first == 0xed && byte(1) >= 0xa0;
    return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xf0 && first < 0xf5) {
    bool overlong = first == 0xf0 && byte(1) < 0x90;
    bool beyond = first == 0xf4 && byte(1) >= 0x90;
    return follows(1) && follows(2) && follows(3) && !overlong && !beyond ? 4
                                                                          : 0;
  }
  return 0;
}

std::string_view first_bytes(std::string_view text, std::size_t max) {
  if (text.size() <= max)
    return text;
  constexpr std::size_t longest = 4;
  auto lead = max; // of the character that the byte at `max` belongs to
  while (lead > 0 && max - lead < longest
         && (static_cast<unsigned char>(text[lead]) & 0xc0) == 0x80)
    --lead;
  auto cut = lead + utf8_length(text.substr(lead)) > max;
  return text.substr(0, cut ? lead : max);
}

bool is_blank_line(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

void append_visible(std::string& out, std::string_view text,
                    std::string_view quoted) {
  append_escaped(out, text, quoted, "\\x");
}

void append_json_text(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text, R"("\)", "\\u00");
  out += '"';
}

} // namespace container_agent
