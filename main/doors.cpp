#include "main/doors.hpp"

#include "actors/loggers.hpp"
#include "messages/codec/control_message.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace container_agent {

namespace {

using runtime::control_server;
using runtime::trace_stream;

// A stream has no end that could be told, so the connection's end is it.
constexpr auto stream_head = "HTTP/1.1 200 OK\r\n"
                             "Content-Type: text/event-stream\r\n"
                             "Cache-Control: no-store\r\n"
                             "X-Content-Type-Options: nosniff\r\n"
                             "Connection: close\r\n\r\n";

} // namespace

doors::doors(runtime::event_loop& loop, event_log& log, runtime::tracer* events)
  : loop_{loop}, log_{log}, events_{events}, desk_{loop} {}

doors::~doors() {
  finish();
}

void doors::open_socket(const std::string& path) {
  control_server::guests guests;
  guests.http = [this](runtime::unique_fd client, std::string received) {
    serve(std::move(client), std::move(received), false);
  };
  if (events_ != nullptr)
    guests.trace = [this](runtime::unique_fd client) {
      follow(std::move(client), trace_stream::framing::lines, {});
    };
  socket_.emplace(loop_, log_, desk_, path, std::move(guests));
}

void doors::open_http(http_address where, std::string token) {
  auto listener = listen_at(where);
  access_ = {std::move(token), where.host};
  tcp_.emplace(loop_, log_, std::move(listener),
               [this](runtime::unique_fd client) { admit(std::move(client)); });
  log_.write(log_level::info, loggers::control, "http_open",
             {{"address", where.text()}, {"token", !access_.token.empty()}});
}

// One too many is closed: who asks for metrics or a probe asks again.
void doors::admit(runtime::unique_fd client) {
  if (desk_.connections() < 2 * control_server::max_connections)
    return serve(std::move(client), {}, true);
  log_.write(log_level::warn, loggers::control, "control_refused",
             {{"reason", "too many connections"}});
}

void doors::serve(runtime::unique_fd client, std::string received,
                  bool by_tcp) {
  if (!client)
    return; // no descriptor was left for it
  auto made = std::make_shared<connection>(
    loop_, std::move(client), std::move(received),
    control_server::default_patience,
    connection::handlers{[this, by_tcp](connection& c, const auto& asked) {
                           take(c, asked, by_tcp);
                         },
                         [this](connection& c) { forget(c); }});
  connections_[made.get()] = made;
  desk_.connection_opened();
  made->start();
}

void doors::take(connection& c, const runtime::http_request& asked,
                 bool by_tcp) {
  auto found = find_page(asked);
  const auto* page = std::get_if<http_page>(&found);
  if (by_tcp)
    if (auto refused = access_.refuse(asked, page != nullptr && is_open(*page)))
      return c.answer(std::move(*refused));
  if (page == nullptr)
    return c.answer(std::get<runtime::http_reply>(std::move(found)));
  if (*page == http_page::view || (*page == http_page::trace && !events_))
    return c.answer(write_page(*page, {}, nullptr));
  if (*page != http_page::trace)
    return ask_status(c, *page);
  if (asked.method == "HEAD")
    return c.answer({200, "text/event-stream", {}});
  follow(c.give_away(), trace_stream::framing::server_sent_events, stream_head);
}

void doors::ask_status(connection& c, http_page page) {
  using codec::control_command;
  asked_[&c] = desk_.submit(
    codec::control_request_text({control_command::status, false, {}}), 0,
    [this, weak = c.weak_from_this(), page](std::string_view line) {
      auto waits = weak.lock();
      if (!waits)
        return;
      asked_.erase(waits.get());
      auto answer = codec::read_control_answer(line);
      if (!answer.ok)
        return waits->answer(no_status(page, answer.error));
      auto counts = events_ ? events_->counts() : runtime::trace_counts{};
      waits->answer(
        write_page(page, answer.document, events_ ? &counts : nullptr));
    });
}

void doors::follow(runtime::unique_fd client, trace_stream::framing frame,
                   std::string greeting) {
  if (!client)
    return; // no descriptor was left for it
  desk_.connection_opened();
  auto made = std::make_shared<trace_stream>(
    loop_, *events_, std::move(client), frame, [this](trace_stream& gone) {
      desk_.connection_closed();
      if (gone.dropped() > 0)
        log_.write(log_level::warn, loggers::control, "trace_events_dropped",
                   {{"count", gone.dropped()},
                    {"reason", "the client does not take them fast enough"}});
      std::erase_if(streams_, [&](const auto& s) { return s.get() == &gone; });
    });
  streams_.push_back(made);
  made->start(std::move(greeting));
}

void doors::forget(connection& c) {
  if (auto found = asked_.extract(&c))
    desk_.withdraw(found.mapped());
  desk_.connection_closed();
  connections_.erase(&c);
}

void doors::finish() {
  tcp_.reset();
  if (socket_)
    socket_->finish();
  for (const auto& [raw, c] : std::map{connections_})
    c->close();
  for (const auto& s : std::vector{streams_})
    s->close();
}

} // namespace container_agent
