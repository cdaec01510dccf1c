#pragma once

#include "main/loop/connection_limit.hpp"
#include "main/loop/event_loop.hpp"
#include "main/loop/fd.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace container_agent::runtime {

/// The parts of a request that matter here. Pages are only read, so no body.
struct http_request {
  std::string method;
  std::string target; ///< path and query, unchanged
  std::string host;   ///< with the port, if it has one
  std::string origin; ///< of the page that asks; empty: no page does
  std::string authorization;
};

struct http_reply {
  unsigned status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers{};
};

/// One HTTP/1.1 client, by Boost.Beast. Each request is answered before the
/// next one is read. What is not HTTP gets 400, a head over `max_head` 431,
/// half a head 408 after `patience`. A client that is silent, or does not read,
/// for that long is disconnected.
class http_connection : public std::enable_shared_from_this<http_connection> {
public:
  static constexpr std::size_t max_head = 8 * 1024; ///< bytes

  struct handlers {
    /// The owner must call `answer`, or `give_away`.
    std::function<void(http_connection&, http_request)> on_request;

    /// The connection is over, for whatever reason.
    std::function<void(http_connection&)> on_close;
  };

  /// `received`: bytes that were read before.
  http_connection(event_loop& loop, unique_fd connected,
                  connection_limit::slot slot, std::string received,
                  std::chrono::milliseconds patience, handlers h);
  http_connection(const http_connection&) = delete;
  http_connection& operator=(const http_connection&) = delete;
  ~http_connection();

  void start();
  void answer(http_reply reply);

  /// Gives the socket to another owner. The connection closes.
  std::pair<unique_fd, connection_limit::slot> give_away();

  void close();

private:
  void on_read(bool failed, std::optional<http_reply> refusal);
  void arm();

  struct state;
  std::unique_ptr<state> state_;
};

} // namespace container_agent::runtime
