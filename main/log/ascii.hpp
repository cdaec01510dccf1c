#pragma once

namespace container_agent {

/// The small letter of an ASCII capital, whatever the locale; others as they
/// are.
constexpr char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

} // namespace container_agent
