#pragma once

#include "main/server/http_connection.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace container_agent {

/// Decides who may read the pages that come by TCP. They change nothing, but a
/// page in somebody's browser must not read them either: by a name of its own
/// that suddenly stands for 127.0.0.1 (DNS rebinding), or from another origin.
struct http_access {
  std::string token;     ///< empty: none is needed
  std::string listening; ///< the address, without the port

  /// The request holds the token, or none is needed.
  bool trusts(const runtime::http_request& asked) const;

  /// Why a request is refused, if it is. `open` pages need no token. Pure.
  std::optional<runtime::http_reply> refuse(const runtime::http_request& asked,
                                            bool open) const;
};

/// Reads the token, the first line of a file. (Others can read command lines
/// and environments.) Nothing if the file can't be read, or is empty.
std::optional<std::string> read_token(const std::string& path);

/// The same for a file that passed the check before the start; throws
/// `runtime::socket_error` on failure. An empty path: no token.
std::string must_read_token(const std::string& path);

/// Compares in a time that depends only on the length, so that the token can't
/// be guessed from the time that a wrong one takes.
bool same_secret(std::string_view a, std::string_view b);

} // namespace container_agent
