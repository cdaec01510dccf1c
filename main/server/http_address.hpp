#pragma once

#include "main/loop/fd.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace container_agent {

/// An address to serve pages at by TCP: "127.0.0.1:8080", "[::1]:0".
struct http_address {
  std::string host; ///< numbers, without brackets
  std::uint16_t port = 0;
  bool ipv6 = false;
  bool loopback = false;

  /// The address as in a URL.
  std::string text() const;
};

/// Nothing if it is not an address. Names are refused, as they may change.
std::optional<http_address> parse_http_address(std::string_view text);

/// Listens there. If the port is 0, notes the chosen one. Throws
/// `runtime::socket_error`.
runtime::unique_fd listen_at(http_address& where);

} // namespace container_agent
