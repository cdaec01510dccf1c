#include "main/app/api_server.hpp"

#include "actors/core/loggers.hpp"
#include "messages/codec/control_message.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>
#include <variant>

namespace container_agent {

namespace {

using runtime::control_server;
using runtime::trace_stream;

// The length of a stream is unknown, so it ends when the connection is closed.
constexpr auto stream_head = "HTTP/1.1 200 OK\r\n"
                             "Content-Type: text/event-stream\r\n"
                             "Cache-Control: no-store\r\n"
                             "X-Content-Type-Options: nosniff\r\n"
                             "Referrer-Policy: no-referrer\r\n"
                             "Connection: close\r\n\r\n";

constexpr std::string_view too_many = "HTTP/1.1 503 Service Unavailable\r\n"
                                      "Content-Type: text/plain\r\n"
                                      "Content-Length: 21\r\n"
                                      "Connection: close\r\n\r\n"
                                      "too many connections\n";

constexpr auto enough_streams = "enough clients follow the trace already";

// Best effort: the text fits any socket buffer; a client that can't take it is
// dropped.
void say_at_once(int socket, std::string_view text) {
  (void)::send(socket, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

// A client whose machine has gone would keep its slot for ever; with this the
// kernel notices within two minutes.
void find_out_if_gone(int socket) {
  auto set = [socket](int level, int option, int value) {
    (void)::setsockopt(socket, level, option, &value, sizeof value);
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 60);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 20);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
}

} // namespace

api_server::api_server(runtime::event_loop& loop, runtime::file_watch& watch,
                       event_log& log, runtime::tracer* events)
  : loop_{loop}, watch_{watch}, log_{log}, events_{events}, queue_{loop} {}

api_server::~api_server() {
  finish();
}

void api_server::open_socket(const std::string& path) {
  control_server::guests guests;
  guests.http = [this](runtime::control_connection::rest client) {
    serve(std::move(client), false);
  };
  guests.make_room = [this] { return make_room(); };
  if (events_ != nullptr)
    guests.trace = [this](runtime::control_connection::rest client,
                          const codec::trace_wish& wish) {
      follow(std::move(client), wish);
    };
  socket_.emplace(loop_, log_, queue_, path, std::move(guests),
                  control_server::default_patience, &watch_);
}

void api_server::open_http(http_address where, std::string token) {
  auto listener = listen_at(where);
  access_ = {std::move(token), where.host};
  tcp_limit_ = &queue_.way_in();
  tcp_.emplace(loop_, log_, std::move(listener),
               [this](runtime::unique_fd client) { admit(std::move(client)); });
  log_.write(log_level::info, loggers::control, "http_open",
             {{"address", where.text()}, {"token", !access_.token.empty()}});
}

void api_server::admit(runtime::unique_fd client) {
  find_out_if_gone(client.get());
  if (auto slot = tcp_limit_->acquire())
    return serve({std::move(client), std::move(slot), {}}, true);
  say_at_once(client.get(), too_many);
  log_.write(log_level::warn, loggers::control, "control_refused",
             {{"reason", "too many connections"}});
}

void api_server::serve(runtime::control_connection::rest client, bool by_tcp) {
  if (!client.socket)
    return; // it had no descriptor left
  auto made = std::make_shared<connection>(
    loop_, std::move(client.socket), std::move(client.slot),
    std::move(client.received), control_server::default_patience,
    connection::handlers{[this, by_tcp](connection& c, const auto& asked) {
                           dispatch(c, asked, by_tcp);
                         },
                         [this](connection& c) { forget(c); }});
  connections_[made.get()] = made;
  if (!by_tcp)
    by_socket_.insert(made.get());
  made->start();
}

void api_server::dispatch(connection& c, const runtime::http_request& asked,
                          bool by_tcp) {
  auto found = find_page(asked);
  const auto* page = std::get_if<http_page>(&found);
  if (by_tcp)
    if (auto refused = access_.refuse(asked, page != nullptr && is_open(*page)))
      return c.answer(std::move(*refused));
  if (page == nullptr)
    return c.answer(std::get<runtime::http_reply>(std::move(found)));
  if (*page == http_page::view)
    return c.answer(view_page());
  if (*page == http_page::trace)
    return follow(c, asked);
  ask_status(c, *page, !by_tcp || access_.trusts(asked),
             !by_tcp || !access_.token.empty());
}

void api_server::ask_status(connection& c, http_page page, bool with_reasons,
                            bool with_summaries) {
  using codec::control_command;
  asked_[&c] = queue_.submit(
    codec::control_request_text({control_command::status, false, {}}), 0,
    [this, weak = c.weak_from_this(), page, with_reasons,
     with_summaries](std::string_view line) {
      auto waits = weak.lock();
      if (!waits)
        return;
      asked_.erase(waits.get());
      auto answer = codec::read_control_answer(line);
      auto counts = events_ ? events_->counts() : runtime::trace_counts{};
      if (answer.ok && !with_summaries)
        answer.document = without_summaries(answer.document);
      auto reply = answer.ok ? write_page(page, answer.document,
                                          events_ ? &counts : nullptr)
                             : no_status(page, answer.error);
      waits->answer(with_reasons ? std::move(reply)
                                 : without_reasons(std::move(reply)));
    });
}

void api_server::follow(connection& c, const runtime::http_request& asked) {
  auto read = read_trace_query(asked.target);
  if (auto* wrong = std::get_if<runtime::http_reply>(&read))
    return c.answer(std::move(*wrong));
  if (events_ == nullptr)
    return c.answer(no_status(http_page::trace, untraced));
  if (streams_.size() >= max_streams)
    return c.answer(no_status(http_page::trace, enough_streams));
  if (asked.method == "HEAD")
    return c.answer({200, "text/event-stream", {}});
  auto [client, slot] = c.give_away();
  stream(std::move(client), std::move(slot), std::get<codec::trace_wish>(read),
         trace_stream::framing::server_sent_events, stream_head);
}

void api_server::follow(runtime::control_connection::rest client,
                        const codec::trace_wish& wish) {
  if (streams_.size() >= max_streams)
    return say_at_once(client.socket.get(),
                       codec::control_failed(enough_streams) + '\n');
  stream(std::move(client.socket), std::move(client.slot), wish,
         trace_stream::framing::lines, {});
}

void api_server::stream(runtime::unique_fd client,
                        runtime::connection_limit::slot slot,
                        const codec::trace_wish& wish,
                        trace_stream::framing frame, std::string greeting) {
  if (!client)
    return; // it had no descriptor left
  auto made = std::make_shared<trace_stream>(
    loop_, *events_, std::move(client), std::move(slot), wish, frame,
    [this](trace_stream& gone) {
      if (gone.dropped() > 0)
        log_.write(log_level::warn, loggers::control, "trace_events_dropped",
                   {{"count", gone.dropped()},
                    {"reason", "the client does not take them fast enough"}});
      std::erase_if(streams_, [&](const auto& s) { return s.get() == &gone; });
    });
  streams_.push_back(made);
  made->start(std::move(greeting));
}

// Only among clients of the socket, because those by TCP have their own
// connection_limit.
bool api_server::make_room() {
  auto idle = std::find_if(
    connections_.begin(), connections_.end(), [this](const auto& x) {
      return by_socket_.contains(x.first) && !asked_.contains(x.first);
    });
  if (idle == connections_.end())
    return false;
  auto c = idle->second; // a copy, because it leaves the list
  c->close();
  return true;
}

void api_server::forget(connection& c) {
  by_socket_.erase(&c);
  if (auto found = asked_.extract(&c))
    queue_.withdraw(found.mapped());
  connections_.erase(&c);
}

void api_server::finish() {
  tcp_.reset();
  if (socket_)
    socket_->finish();
  for (const auto& [raw, c] : std::map{connections_})
    c->close();
  for (const auto& s : std::vector{streams_})
    s->close();
}

} // namespace container_agent
