#pragma once

#include "test/integration/client.hpp"
#include "test/support/deadline.hpp"
#include "test/support/metrics_check.hpp"
#include "test/support/unique_fd.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <string>

/// A client of the agent's pages, as raw as it has to be to do wrong things.
namespace container_agent::test {

inline unique_fd connect_unix(const std::filesystem::path& path) {
  unique_fd result{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.string().copy(address.sun_path, sizeof address.sun_path - 1);
  if (::connect(result.get(), reinterpret_cast<sockaddr*>(&address),
                sizeof address)
      != 0)
    throw std::runtime_error{"cannot connect to " + path.string()};
  return result;
}

/// "127.0.0.1:80" or "[::1]:80".
inline unique_fd connect_tcp(const std::string& address) {
  auto colon = address.rfind(':');
  auto port
    = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
  auto six = address.starts_with('[');
  unique_fd result{
    ::socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  auto connect_to = [&](auto name) {
    if (::connect(result.get(), reinterpret_cast<sockaddr*>(&name), sizeof name)
        != 0)
      throw std::runtime_error{"cannot connect to " + address};
  };
  if (six) {
    sockaddr_in6 name{};
    name.sin6_family = AF_INET6;
    name.sin6_port = port;
    name.sin6_addr = IN6ADDR_LOOPBACK_INIT;
    connect_to(name);
  } else {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = port;
    ::inet_pton(AF_INET, address.substr(0, colon).c_str(), &name.sin_addr);
    connect_to(name);
  }
  return result;
}

/// A connection, and what has come on it.
class http_client {
public:
  explicit http_client(unique_fd connected) : fd_{std::move(connected)} {}

  void say(std::string_view text) {
    ASSERT_EQ(::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }

  /// Reads on until `done(text)`; false if the agent closes before.
  template <class Predicate>
  bool read_until(Predicate done) {
    deadline until;
    while (!done(text_)) {
      pollfd entry{fd_.get(), POLLIN, 0};
      if (::poll(&entry, 1, until.poll_timeout()) == 0)
        throw std::runtime_error{"nothing more came after:\n" + text_};
      char block[64 * 1024];
      auto count = ::recv(fd_.get(), block, sizeof block, 0);
      if (count <= 0)
        return false;
      text_.append(block, static_cast<std::size_t>(count));
    }
    return true;
  }

  /// All that comes until the agent closes.
  const std::string& read_rest() {
    read_until([](const auto&) { return false; });
    return text_;
  }

  const std::string& text() const { return text_; }
  int fd() const { return fd_.get(); }

private:
  unique_fd fd_;
  std::string text_;
};

struct page {
  int status = 0;
  std::string head;
  std::string body;
};

inline page page_of(const std::string& text) {
  auto end = text.find("\r\n\r\n");
  if (!text.starts_with("HTTP/1.1 ") || end == std::string::npos)
    throw std::runtime_error{"no HTTP: " + text};
  return {std::stoi(text.substr(9, 3)), text.substr(0, end),
          text.substr(end + 4)};
}

/// Asks for a page on a connection of its own. `more`: further lines of the
/// head, each with its CRLF.
inline page get(unique_fd connected, const std::string& path,
                const std::string& more = "Host: localhost\r\n",
                const std::string& method = "GET") {
  http_client client{std::move(connected)};
  client.say(method + ' ' + path + " HTTP/1.1\r\n" + more
             + "Connection: close\r\n\r\n");
  return page_of(client.read_rest());
}

/// The value of a metric, as a line of the text has it; -1: there is none.
inline double metric(const std::string& text, const std::string& name) {
  auto begin = text.find('\n' + name + ' ');
  return begin == std::string::npos
           ? -1
           : std::stod(text.substr(begin + name.size() + 2));
}

/// An agent with pages at a port of its own.
class http_agent {
public:
  explicit http_agent(agent_options options = {},
                      const std::string& address = "127.0.0.1:0")
    : agent{prepare(std::move(options), address)} {
    agent.wait_for_log("http_open");
    auto log = agent.stderr_text();
    auto at = log.find("\"address\":\"") + 11;
    address_ = log.substr(at, log.find('"', at) - at);
  }

  agent_process agent;

  const std::string& address() const { return address_; }
  unique_fd connect() const { return connect_tcp(address_); }

  page get(const std::string& path,
           const std::string& more = "Host: localhost\r\n",
           const std::string& method = "GET") const {
    return test::get(connect(), path, more, method);
  }

  json status() const { return json::parse(get("/status").body); }

private:
  static agent_options prepare(agent_options options,
                               const std::string& address) {
    options.args.insert(options.args.end(), {"--http", address});
    return options;
  }

  std::string address_;
};

} // namespace container_agent::test
