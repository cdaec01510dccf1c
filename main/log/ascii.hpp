#pragma once

#include <string>
#include <string_view>

namespace container_agent {

/// The small letter of an ASCII capital, whatever the locale; others as they
/// are.
constexpr char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

inline std::string ascii_lower(std::string_view text) {
  std::string result{text};
  for (char& c : result)
    c = ascii_lower(c);
  return result;
}

} // namespace container_agent
