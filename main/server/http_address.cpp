#include "main/server/http_address.hpp"

#include "main/server/socket_place.hpp"

#include <boost/asio/ip/address.hpp>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

namespace container_agent {

namespace {

// Twice the number of possible connections.
constexpr int backlog = 32;

[[noreturn]] void fail(const http_address& where, const char* what) {
  auto error = runtime::last_error();
  auto advice = error == std::errc::address_in_use
                  ? "Another program listens there: name another port"
                  : "Name another one";
  throw runtime::socket_error{
    error == std::errc::address_in_use ? runtime::socket_error::kind::in_use
                                       : runtime::socket_error::kind::unusable,
    "--http " + where.text() + ": " + what + ": " + error.message() + ". "
      + advice + ", or leave --http out."};
}

} // namespace

std::string http_address::text() const {
  auto name = ipv6 ? '[' + host + ']' : host;
  return name + ':' + std::to_string(port);
}

std::optional<http_address> parse_http_address(std::string_view text) {
  auto colon = text.rfind(':');
  if (colon == std::string_view::npos)
    return std::nullopt;
  std::uint16_t port = 0;
  const auto* end = text.data() + text.size();
  auto [rest, wrong] = std::from_chars(text.data() + colon + 1, end, port);
  auto host = text.substr(0, colon);
  auto bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed)
    host = host.substr(1, host.size() - 2);
  boost::system::error_code error;
  auto address = boost::asio::ip::make_address(std::string{host}, error);
  if (error || address.is_v6() != bracketed || wrong != std::errc{}
      || rest != end)
    return std::nullopt;
  return http_address{std::string{host}, port, address.is_v6(),
                      address.is_loopback()};
}

runtime::unique_fd listen_at(http_address& where) {
  sockaddr_storage storage{};
  socklen_t size = 0;
  auto address = boost::asio::ip::make_address(where.host);
  if (where.ipv6) {
    auto& to = reinterpret_cast<sockaddr_in6&>(storage);
    auto bytes = address.to_v6().to_bytes();
    to.sin6_family = AF_INET6;
    to.sin6_port = htons(where.port);
    std::copy(bytes.begin(), bytes.end(), to.sin6_addr.s6_addr);
    to.sin6_scope_id = static_cast<std::uint32_t>(address.to_v6().scope_id());
    size = sizeof to;
  } else {
    auto& to = reinterpret_cast<sockaddr_in&>(storage);
    to.sin_family = AF_INET;
    to.sin_port = htons(where.port);
    to.sin_addr.s_addr = htonl(address.to_v4().to_uint());
    size = sizeof to;
  }
  auto* name = reinterpret_cast<sockaddr*>(&storage);
  runtime::unique_fd result{
    ::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  // Allows the port to be reused at once after an earlier agent.
  int on = 1;
  if (!result
      || ::setsockopt(result.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on)
           != 0
      || ::bind(result.get(), name, size) != 0)
    fail(where, "cannot be used");
  if (::listen(result.get(), backlog) != 0
      || ::getsockname(result.get(), name, &size) != 0)
    fail(where, "cannot be listened at");
  where.port
    = ntohs(where.ipv6 ? reinterpret_cast<sockaddr_in6&>(storage).sin6_port
                       : reinterpret_cast<sockaddr_in&>(storage).sin_port);
  return result;
}

} // namespace container_agent
