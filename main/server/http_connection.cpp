#include "main/server/http_connection.hpp"

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <ctime>
#include <string_view>

namespace container_agent::runtime {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using protocol = asio::generic::stream_protocol;
using socket
  = asio::basic_stream_socket<protocol, asio::io_context::executor_type>;

std::string text_of(beast::string_view text) {
  return {text.data(), text.size()};
}

// The reply to an unreadable request, if it was HTTP at all.
std::optional<http_reply> reply_to(beast::error_code error) {
  if (error == http::error::header_limit
      || error == http::error::buffer_overflow)
    return http_reply{431, "text/plain", "the request's head is too long\n"};
  if (error == http::error::body_limit || error == http::error::unexpected_body)
    return http_reply{413, "text/plain", "a request has no body here\n"};
  if (error.category() == make_error_code(http::error::bad_method).category()
      && error != http::error::end_of_stream
      && error != http::error::partial_message)
    return http_reply{400, "text/plain", "this is no HTTP request\n"};
  return std::nullopt;
}

// RFC 9110 wants English, whatever the locale. The program sets none.
std::string date_now() {
  auto now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[64];
  auto size
    = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text, size};
}

} // namespace

struct http_connection::state {
  socket stream;
  asio::steady_timer timer;
  connection_limit::slot slot;
  beast::flat_buffer buffer{max_head};
  std::optional<http::request_parser<http::empty_body>> parser;
  std::optional<http::response<http::string_body>> response;
  std::chrono::milliseconds patience;
  handlers told;
  bool head_only = false;
  bool last = false;
  bool late = false; // `patience` is over

  state(event_loop& loop, unique_fd connected, connection_limit::slot s,
        std::chrono::milliseconds p, handlers h)
    : stream{loop.io(), protocol{AF_UNSPEC, 0}, connected.get()},
      timer{loop.io()},
      slot{std::move(s)},
      patience{p},
      told{std::move(h)} {
    (void)connected.release();
  }
};

http_connection::http_connection(event_loop& loop, unique_fd connected,
                                 connection_limit::slot slot,
                                 std::string received,
                                 std::chrono::milliseconds patience, handlers h)
  : state_{std::make_unique<state>(loop, std::move(connected), std::move(slot),
                                   patience, std::move(h))} {
  auto size = std::min(received.size(), max_head);
  asio::buffer_copy(state_->buffer.prepare(size), asio::buffer(received, size));
  state_->buffer.commit(size);
}

http_connection::~http_connection() = default;

// One timer, because only one thing is waited for at a time.
void http_connection::arm() {
  auto& s = *state_;
  s.timer.expires_after(s.patience);
  s.timer.async_wait([weak = weak_from_this()](beast::error_code error) {
    auto self = weak.lock();
    if (!self || error || !self->state_->stream.is_open()
        || self->state_->timer.expiry() > std::chrono::steady_clock::now())
      return;
    self->state_->late = true;
    self->state_->stream.cancel(error);
  });
}

void http_connection::start() {
  auto& s = *state_;
  s.parser.emplace();
  s.parser->header_limit(max_head);
  s.parser->body_limit(0);
  arm();
  http::async_read(
    s.stream, s.buffer, *s.parser,
    [self = shared_from_this()](beast::error_code error, std::size_t) {
      auto& s = *self->state_;
      if (!s.stream.is_open())
        return;
      s.timer.cancel();
      auto why = reply_to(error);
      if (error && s.late && s.buffer.size() > 0)
        why = http_reply{408, "text/plain", "the request came too slowly\n"};
      self->on_read(error.failed(), std::move(why));
    });
}

void http_connection::on_read(bool failed, std::optional<http_reply> refusal) {
  auto& s = *state_;
  s.late = false;
  s.last = failed || !s.parser->keep_alive();
  s.head_only = false;
  if (refusal)
    return answer(std::move(*refusal));
  if (failed)
    return close();
  const auto& head = s.parser->get();
  s.head_only = head.method() == http::verb::head;
  s.told.on_request(*this,
                    {text_of(head.method_string()), text_of(head.target()),
                     text_of(head[http::field::host]),
                     text_of(head[http::field::origin]),
                     text_of(head[http::field::authorization])});
}

void http_connection::answer(http_reply reply) {
  auto& s = *state_;
  if (!s.stream.is_open())
    return;
  auto& r = s.response.emplace(static_cast<http::status>(reply.status), 11);
  r.set(http::field::date, date_now());
  r.set(http::field::content_type, reply.type);
  r.set(http::field::cache_control, "no-store");
  r.set("X-Content-Type-Options", "nosniff");
  r.set("Referrer-Policy", "no-referrer");
  for (const auto& [name, value] : reply.headers)
    r.set(name, value);
  r.keep_alive(!s.last);
  r.content_length(reply.body.size());
  if (!s.head_only)
    r.body() = std::move(reply.body);
  arm();
  http::async_write(
    s.stream, r,
    [self = shared_from_this()](beast::error_code error, std::size_t) {
      auto& s = *self->state_;
      if (!s.stream.is_open())
        return;
      s.timer.cancel();
      if (error || s.last)
        return self->close();
      self->start();
    });
}

std::pair<unique_fd, connection_limit::slot> http_connection::give_away() {
  std::pair result{
    unique_fd{::fcntl(state_->stream.native_handle(), F_DUPFD_CLOEXEC, 0)},
    state_->slot};
  close();
  return result;
}

void http_connection::close() {
  auto& s = *state_;
  if (!s.stream.is_open())
    return;
  s.timer.cancel();
  s.slot = nullptr;
  beast::error_code ignored;
  s.stream.close(ignored);
  if (auto tell = std::exchange(s.told.on_close, nullptr))
    tell(*this);
}

} // namespace container_agent::runtime
