#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// Texts from outside, made safe to show. Pure.
namespace container_agent {

/// Stands for a byte that is no UTF-8: U+FFFD.
inline constexpr std::string_view replacement_character = "\xef\xbf\xbd";

/// The length of the UTF-8 sequence at the front, 0 if it is none (or an
/// overlong one, a surrogate, or beyond U+10FFFF).
std::size_t utf8_length(std::string_view text);

/// Whether a line, without its LF, shows nothing.
bool is_blank_line(std::string_view line);

/// The first `max` bytes of a text, without a character that would be cut
/// there.
std::string_view first_bytes(std::string_view text, std::size_t max);

/// Appends a text so that nothing in it can move a terminal's cursor: control
/// characters (C0, DEL, and C1: U+0080 to U+009F) become `\n`, `\t` or
/// `\x9b`, bytes that are no UTF-8 U+FFFD. ASCII characters that are among
/// `quoted` get a backslash.
void append_visible(std::string& out, std::string_view text,
                    std::string_view quoted = {});

/// Appends a text as a string of JSON, with its quotes. Nothing in it can move
/// a cursor either, and bytes that are no UTF-8 become U+FFFD. Allocates
/// nothing if `out` has the room: six bytes for each of the text's, and two.
void append_json_text(std::string& out, std::string_view text);

} // namespace container_agent
