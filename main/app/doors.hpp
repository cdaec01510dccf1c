#pragma once

#include "main/server/acceptor.hpp"
#include "main/server/control_desk.hpp"
#include "main/server/control_server.hpp"
#include "main/server/http_access.hpp"
#include "main/server/http_address.hpp"
#include "main/server/http_connection.hpp"
#include "main/server/http_pages.hpp"
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
/// go to the desk, for the actor `control`.
class doors {
public:
  /// `events`: null if there is no tracer.
  doors(runtime::event_loop& loop, runtime::file_watch& watch, event_log& log,
        runtime::tracer* events);
  doors(const doors&) = delete;
  doors& operator=(const doors&) = delete;
  ~doors();

  control_port& desk() { return desk_; }

  /// Opens the control socket. Throws `runtime::socket_error`.
  void open_socket(const std::string& path);

  /// Serves pages by TCP. With an empty token none is asked for. Throws
  /// `runtime::socket_error`.
  void open_http(http_address where, std::string token);

  /// For the end of the agent: sends to clients what can be sent at once, then
  /// closes everything.
  void finish();

  /// At most this many clients may follow the trace; the other seats are for
  /// short requests, such as probes.
  static constexpr std::size_t max_streams = runtime::seats::max / 2;

private:
  using connection = runtime::http_connection;

  void admit(runtime::unique_fd client);
  void serve(runtime::control_connection::rest client, bool by_tcp);
  void take(connection& c, const runtime::http_request& asked, bool by_tcp);
  void ask_status(connection& c, http_page page, bool with_reasons,
                  bool with_summaries);
  void follow(connection& c, const runtime::http_request& asked);
  void follow(runtime::control_connection::rest client,
              const codec::trace_wish& wish);
  void stream(runtime::unique_fd client, runtime::seats::seat seat,
              const codec::trace_wish& wish,
              runtime::trace_stream::framing frame, std::string greeting);
  bool make_room();
  void forget(connection& c);

  runtime::event_loop& loop_;
  runtime::file_watch& watch_;
  event_log& log_;
  runtime::tracer* events_;
  runtime::control_desk desk_;
  runtime::seats* tcp_seats_ = nullptr;
  std::optional<runtime::control_server> socket_;
  http_access access_;
  std::optional<runtime::acceptor> tcp_;
  std::map<connection*, std::shared_ptr<connection>> connections_;
  std::map<connection*, std::uint64_t> asked_; // their requests at the desk
  std::set<const connection*> by_socket_;
  std::vector<std::shared_ptr<runtime::trace_stream>> streams_;
};

} // namespace container_agent
