#pragma once

#include "main/server/acceptor.hpp"
#include "main/server/control_server.hpp"
#include "main/server/http_access.hpp"
#include "main/server/http_address.hpp"
#include "main/server/http_connection.hpp"
#include "main/server/http_pages.hpp"
#include "main/server/request_queue.hpp"
#include "main/trace/sinks/trace_stream.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace container_agent {

/// All ways to query the agent: lines of JSON and HTTP on the control socket,
/// HTTP by TCP, and the streams of trace events that begin at either. Requests
/// go to the queue, for the actor `control`.
class api_server {
public:
  /// `events`: null if there is no tracer.
  api_server(runtime::event_loop& loop, runtime::file_watch& watch,
             event_log& log, runtime::tracer* events);
  api_server(const api_server&) = delete;
  api_server& operator=(const api_server&) = delete;
  ~api_server();

  control_port& requests() { return queue_; }

  /// Opens the control socket. Throws `runtime::socket_error`.
  void open_socket(const std::string& path);

  /// Serves pages by TCP. With an empty token none is asked for. Throws
  /// `runtime::socket_error`.
  void open_http(http_address where, std::string token);

  /// For the end of the agent: sends to clients what can be sent at once, then
  /// closes everything.
  void finish();

  /// At most this many clients may follow the trace; the other connection_limit
  /// are for short requests, such as probes.
  static constexpr std::size_t max_streams = runtime::connection_limit::max / 2;

private:
  using connection = runtime::http_connection;

  void admit(runtime::unique_fd client);
  void serve(runtime::control_connection::rest client, bool by_tcp);
  void dispatch(connection& c, const runtime::http_request& asked, bool by_tcp);
  void ask_status(connection& c, http_page page, bool with_reasons,
                  bool with_summaries);
  void follow(connection& c, const runtime::http_request& asked);
  void follow(runtime::control_connection::rest client,
              const codec::trace_wish& wish);
  void stream(runtime::unique_fd client, runtime::connection_limit::slot slot,
              const codec::trace_wish& wish,
              runtime::trace_stream::framing frame, std::string greeting);
  bool make_room();
  void forget(connection& c);

  runtime::event_loop& loop_;
  runtime::file_watch& watch_;
  event_log& log_;
  runtime::tracer* events_;
  runtime::request_queue queue_;
  runtime::connection_limit* tcp_limit_ = nullptr;
  std::optional<runtime::control_server> socket_;
  http_access access_;
  std::optional<runtime::acceptor> tcp_;
  std::map<connection*, std::shared_ptr<connection>> connections_;
  std::map<connection*, std::uint64_t> asked_; // their requests at the queue
  std::set<const connection*> by_socket_;
  std::vector<std::shared_ptr<runtime::trace_stream>> streams_;
};

} // namespace container_agent
