#pragma once

#include "main/server/http_connection.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace container_agent {

/// Who may read the pages that come by TCP. Nothing can be changed by them, but
/// a page in somebody's browser must not read them either: by a name of its own
/// that suddenly stands for 127.0.0.1 (DNS rebinding), or from another origin.
struct http_access {
  std::string token;     ///< empty: none is needed
  std::string listening; ///< the address, without the port

  /// Whoever asks knows the token, or there is none.
  bool trusts(const runtime::http_request& asked) const;

  /// Why a request is refused, if it is. `open` pages need no token. Pure.
  std::optional<runtime::http_reply> refuse(const runtime::http_request& asked,
                                            bool open) const;
};

/// The first line of a file: command lines and environments are there for
/// others to read. Nothing if it can't be read, or is empty.
std::optional<std::string> read_token(const std::string& path);

/// The same of a file that was there a moment ago, when all was checked: throws
/// `runtime::socket_error`. No path: no token.
std::string must_read_token(const std::string& path);

/// Takes as long for each text of the same length, so that nobody can find a
/// token out by the time that a wrong one takes.
bool same_secret(std::string_view a, std::string_view b);

} // namespace container_agent
