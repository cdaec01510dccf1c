#include "main/server/http_access.hpp"

#include "main/server/http_address.hpp"
#include "main/server/socket_place.hpp"

#include <fstream>
#include <utility>

namespace container_agent {

namespace {

using runtime::http_reply;

// "[::1]:80" and "localhost:80" without the port.
std::string_view without_port(std::string_view host) {
  auto colon = host.rfind(':');
  auto is_port = colon != std::string_view::npos
                 && host.find(']', colon) == std::string_view::npos;
  return is_port ? host.substr(0, colon) : host;
}

bool is_loopback(std::string_view host) {
  if (host == "localhost")
    return true;
  auto address = parse_http_address(std::string{host} + ":0");
  return address && address->loopback;
}

} // namespace

std::optional<std::string> read_token(const std::string& path) {
  std::ifstream file{path};
  std::string token;
  std::getline(file, token);
  if (token.ends_with('\r'))
    token.pop_back();
  if (token.empty())
    return std::nullopt;
  return token;
}

std::string must_read_token(const std::string& path) {
  if (path.empty())
    return {};
  if (auto token = read_token(path))
    return *std::move(token);
  throw runtime::socket_error{runtime::socket_error::kind::unusable,
                              "--http-token-file " + path
                                + ": has no token in its first line any more. "
                                  "Write it anew, and start again."};
}

bool same_secret(std::string_view a, std::string_view b) {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size() && !b.empty(); ++i)
    difference |= static_cast<unsigned char>(a[i])
                  ^ static_cast<unsigned char>(b[i % b.size()]);
  return difference == 0;
}

bool http_access::trusts(const runtime::http_request& asked) const {
  return token.empty() || same_secret(asked.authorization, "Bearer " + token);
}

std::optional<http_reply>
http_access::refuse(const runtime::http_request& asked, bool open) const {
  if (!asked.origin.empty() && asked.origin != "http://" + asked.host
      && asked.origin != "https://" + asked.host)
    return http_reply{403, "text/plain",
                      "pages of another origin may not read this\n"};
  // If a token is needed, a page with a foreign name does not have it.
  auto host = without_port(asked.host);
  if (token.empty() && !is_loopback(host) && host != listening
      && host != '[' + listening + ']')
    return http_reply{403, "text/plain",
                      "ask for this by its address, or as localhost\n"};
  if (open || trusts(asked))
    return std::nullopt;
  return http_reply{401,
                    "text/plain",
                    "a token is needed: Authorization: Bearer TOKEN\n",
                    {{"WWW-Authenticate", "Bearer"}}};
}

} // namespace container_agent
