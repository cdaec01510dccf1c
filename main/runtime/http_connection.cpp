#include "main/runtime/http_connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <fcntl.h>
#include <sys/socket.h>

#include <optional>
#include <string_view>

namespace container_agent::runtime {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using protocol = asio::generic::stream_protocol;

std::string text_of(beast::string_view text) {
  return {text.data(), text.size()};
}

// What can't be read is answered, if it was HTTP at all that came.
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

} // namespace

struct http_connection::state {
  beast::basic_stream<protocol> stream;
  beast::flat_buffer buffer{max_head};
  std::optional<http::request_parser<http::empty_body>> parser;
  std::optional<http::response<http::string_body>> response;
  std::chrono::milliseconds patience;
  handlers told;
  bool head_only = false;
  bool last = false;

  state(event_loop& loop, unique_fd connected, std::chrono::milliseconds p,
        handlers h)
    : stream{protocol::socket{loop.io(), protocol{AF_UNSPEC, 0},
                              connected.get()}},
      patience{p},
      told{std::move(h)} {
    (void)connected.release();
  }
};

http_connection::http_connection(event_loop& loop, unique_fd connected,
                                 std::string received,
                                 std::chrono::milliseconds patience, handlers h)
  : state_{std::make_unique<state>(loop, std::move(connected), patience,
                                   std::move(h))} {
  auto size = std::min(received.size(), max_head);
  asio::buffer_copy(state_->buffer.prepare(size), asio::buffer(received, size));
  state_->buffer.commit(size);
}

http_connection::~http_connection() = default;

void http_connection::start() {
  auto& s = *state_;
  s.parser.emplace();
  s.parser->header_limit(max_head);
  s.parser->body_limit(0);
  s.stream.expires_after(s.patience);
  http::async_read(
    s.stream, s.buffer, *s.parser,
    [self = shared_from_this()](beast::error_code error, std::size_t) {
      auto& s = *self->state_;
      if (!s.stream.socket().is_open())
        return;
      if (error) {
        s.last = true;
        if (auto why = reply_to(error))
          return self->answer(std::move(*why));
        return self->close();
      }
      const auto& head = s.parser->get();
      s.stream.expires_never();
      s.head_only = head.method() == http::verb::head;
      s.last = !head.keep_alive();
      s.told.on_request(*self,
                        {text_of(head.method_string()), text_of(head.target()),
                         text_of(head[http::field::host]),
                         text_of(head[http::field::origin]),
                         text_of(head[http::field::authorization])});
    });
}

void http_connection::answer(http_reply reply) {
  auto& s = *state_;
  if (!s.stream.socket().is_open())
    return;
  auto& r = s.response.emplace(static_cast<http::status>(reply.status), 11);
  r.set(http::field::content_type, reply.type);
  r.set(http::field::cache_control, "no-store");
  r.set("X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : reply.headers)
    r.set(name, value);
  r.keep_alive(!s.last);
  r.content_length(reply.body.size());
  if (!s.head_only)
    r.body() = std::move(reply.body);
  s.stream.expires_after(s.patience);
  http::async_write(
    s.stream, r,
    [self = shared_from_this()](beast::error_code error, std::size_t) {
      auto& s = *self->state_;
      if (!s.stream.socket().is_open())
        return;
      if (error || s.last)
        return self->close();
      self->start();
    });
}

unique_fd http_connection::give_away() {
  unique_fd own{
    ::fcntl(state_->stream.socket().native_handle(), F_DUPFD_CLOEXEC, 0)};
  close();
  return own;
}

void http_connection::close() {
  auto& s = *state_;
  if (!s.stream.socket().is_open())
    return;
  s.stream.close();
  if (auto tell = std::exchange(s.told.on_close, nullptr))
    tell(*this);
}

} // namespace container_agent::runtime
