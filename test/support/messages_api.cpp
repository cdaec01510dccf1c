#include "test/support/messages_api.hpp"

#include "test/support/messages_api_reply.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <vector>

namespace container_agent::test {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::awaitable;
using asio::use_awaitable;
using asio::ip::tcp;
using nlohmann::json;
using namespace asio::experimental::awaitable_operators;

namespace {

/// A whole conversation comes with every request: 64 MiB is more than Claude
/// Code's longest context.
constexpr std::uint64_t max_request_bytes = 64ULL << 20;

using http_request = http::request<http::string_body>;
using http_response = http::response<http::string_body>;

json runs_to_json(const std::map<std::string, prompt_runs, std::less<>>& all) {
  auto result = json::object();
  for (const auto& [prompt, runs] : all)
    result[prompt] = {{"started", runs.started}, {"finished", runs.finished}};
  return result;
}

std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string path_of(const http_request& request) {
  std::string target{request.target().data(), request.target().size()};
  return target.substr(0, target.find('?'));
}

http_response document(unsigned status, const json& body) {
  http_response response;
  response.version(11);
  response.result(status);
  response.set(http::field::content_type, "application/json");
  response.body() = dump(body);
  return response;
}

} // namespace

class messages_api_server::implementation
  : public std::enable_shared_from_this<implementation> {
public:
  implementation(asio::io_context& context, std::uint16_t port,
                 const std::filesystem::path& log)
    : acceptor_{context, tcp::endpoint{asio::ip::address_v4::loopback(), port}},
      gate_{context, asio::steady_timer::time_point::max()} {
    if (log.empty())
      return;
    log_.open(log, std::ios::app);
    if (!log_)
      throw std::system_error(errno, std::generic_category(), log);
  }

  void start() {
    asio::co_spawn(acceptor_.get_executor(), accept(shared_from_this()),
                   asio::detached);
  }

  void close() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    for (auto* socket : sockets_)
      socket->close(ignored);
    gate_.cancel();
  }

  void release() {
    open_ = true;
    gate_.cancel();
  }

  void hold() { open_ = false; }

  [[nodiscard]] std::uint16_t port() const {
    return acceptor_.local_endpoint().port();
  }

  [[nodiscard]] prompt_runs runs(std::string_view prompt) const {
    auto i = runs_.find(prompt);
    return i == runs_.end() ? prompt_runs{} : i->second;
  }

  void when_started(std::string prompt, std::size_t n,
                    std::function<void()> callback) {
    if (runs(prompt).started >= n)
      callback();
    else
      waiting_.push_back({std::move(prompt), n, std::move(callback)});
  }

private:
  struct waiter {
    std::string prompt;
    std::size_t n;
    std::function<void()> callback;
  };

  /// `self` keeps this object for as long as the coroutine runs.
  awaitable<void> accept(std::shared_ptr<implementation> self) {
    while (acceptor_.is_open()) {
      boost::system::error_code error;
      auto socket = co_await acceptor_.async_accept(
        asio::redirect_error(use_awaitable, error));
      if (!error)
        asio::co_spawn(acceptor_.get_executor(), serve(self, std::move(socket)),
                       asio::detached);
    }
  }

  /// One connection. A client that leaves is normal at any point.
  awaitable<void> serve([[maybe_unused]] std::shared_ptr<implementation> self,
                        tcp::socket socket) {
    sockets_.insert(&socket);
    try {
      boost::beast::flat_buffer buffer;
      for (bool more = true; more;) {
        http::request_parser<http::string_body> parser;
        parser.body_limit(max_request_bytes);
        co_await http::async_read(socket, buffer, parser, use_awaitable);
        auto request = parser.release();
        more = co_await answer(socket, request);
      }
    } catch (const boost::system::system_error&) {}
    sockets_.erase(&socket);
  }

  /// Returns whether the connection stays.
  awaitable<bool> answer(tcp::socket& socket, const http_request& request) {
    auto path = path_of(request);
    if (request.method() == http::verb::post && path == "/v1/messages")
      co_return co_await answer_messages(socket, request);
    log_request(request, path);
    auto response = answer_at_once(request, path);
    co_return co_await send(socket, request, response);
  }

  http_response answer_at_once(const http_request& request,
                               std::string_view path) {
    auto is = [&](http::verb method, std::string_view wanted) {
      return request.method() == method && path == wanted;
    };
    if (is(http::verb::post, "/v1/messages/count_tokens"))
      return document(200, {{"input_tokens", request.body().size() / 4}});
    if (is(http::verb::get, "/control/runs"))
      return document(200, runs_to_json(runs_));
    if (is(http::verb::post, "/control/release")) {
      release();
      return document(200, json::object());
    }
    if (is(http::verb::post, "/control/hold")) {
      hold();
      return document(200, json::object());
    }
    if (is(http::verb::head, "/"))
      return document(200, json::object());
    return document(404, error_body(404));
  }

  awaitable<bool> answer_messages(tcp::socket& socket,
                                  const http_request& http_request) {
    auto request = understand(http_request);
    if (!request) {
      auto refusal = document(400, error_body(400));
      co_return co_await send(socket, http_request, refusal);
    }
    auto run = request->side ? 0 : started(*request);
    auto reply = choose_reply(*request, run);
    log_turn(*request, run);
    bool stays = true;
    if (reply.what == messages_reply::kind::error) {
      auto refusal = document(reply.status, error_body(reply.status));
      co_return co_await send(socket, http_request, refusal);
    }
    if (reply.silent)
      co_await wait_for_gate(socket);
    if (request->stream) {
      co_await send_events(socket, *request, reply);
    } else {
      if (reply.what == messages_reply::kind::drop)
        throw boost::system::system_error(asio::error::connection_aborted);
      if (reply.held)
        co_await wait_for_gate(socket);
      auto whole = document(200, whole_message(*request, reply));
      stays = co_await send(socket, http_request, whole);
    }
    if (!request->side && reply.what == messages_reply::kind::text)
      ++runs_[request->prompt()].finished;
    co_return stays;
  }

  awaitable<void> send_events(tcp::socket& socket,
                              const messages_request& request,
                              const messages_reply& reply) {
    http::response<http::empty_body> head{http::status::ok, 11};
    head.set(http::field::content_type, "text/event-stream");
    head.chunked(true);
    http::response_serializer<http::empty_body> serializer{head};
    co_await http::async_write_header(socket, serializer, use_awaitable);
    co_await send_chunk(socket, opening_events(request, reply));
    std::string_view rest = reply.text;
    if (reply.held || reply.what == messages_reply::kind::drop) {
      auto beginning = rest.substr(0, rest.find(": ") + 2);
      co_await send_chunk(socket, delta_event(reply, beginning));
      rest.remove_prefix(beginning.size());
    }
    if (reply.what == messages_reply::kind::drop)
      throw boost::system::system_error(asio::error::connection_aborted);
    if (reply.held)
      co_await wait_for_gate(socket);
    if (reply.what == messages_reply::kind::tool_use) {
      co_await send_chunk(socket, delta_event(reply, rest));
      rest = {};
    }
    while (!rest.empty()) {
      // Only `LONG` has more than one piece, and that is ASCII: no character
      // is ever split.
      auto piece = rest.substr(0, long_delta);
      co_await send_chunk(socket, delta_event(reply, piece));
      rest.remove_prefix(piece.size());
    }
    co_await send_chunk(socket, closing_events(reply));
    co_await asio::async_write(socket, http::make_chunk_last(), use_awaitable);
  }

  static awaitable<void> send_chunk(tcp::socket& socket, std::string bytes) {
    co_await asio::async_write(socket, http::make_chunk(asio::buffer(bytes)),
                               use_awaitable);
  }

  /// Until the gate is open; throws when the client leaves before.
  awaitable<void> wait_for_gate(tcp::socket& socket) {
    while (!open_) {
      boost::system::error_code ignored;
      // A client that waits for its answer says nothing, so whatever makes
      // the socket readable is its end.
      auto first = co_await (
        gate_.async_wait(asio::redirect_error(use_awaitable, ignored))
        || socket.async_wait(tcp::socket::wait_read, use_awaitable));
      if (first.index() == 1 || !socket.is_open())
        throw boost::system::system_error(asio::error::connection_reset);
    }
  }

  static awaitable<bool> send(tcp::socket& socket, const http_request& request,
                              http_response& response) {
    response.keep_alive(request.keep_alive());
    if (request.method() == http::verb::head)
      response.body().clear();
    response.prepare_payload();
    co_await http::async_write(socket, response, use_awaitable);
    co_return request.keep_alive();
  }

  /// Counts, and tells those who wait. Returns the number of this run.
  std::size_t started(const messages_request& request) {
    auto prompt = request.prompt();
    auto& runs = runs_[prompt];
    if (request.after_tool)
      return runs.started;
    ++runs.started;
    auto due
      = std::partition(waiting_.begin(), waiting_.end(), [&](const waiter& w) {
          return w.prompt != prompt || w.n > runs.started;
        });
    std::vector<waiter> told{due, waiting_.end()};
    waiting_.erase(due, waiting_.end());
    for (auto& waiter : told)
      waiter.callback();
    return runs.started;
  }

  /// Nothing when the body is no request.
  std::optional<messages_request> understand(const http_request& request) {
    try {
      return read_messages_request(json::parse(request.body()));
    } catch (const json::exception& e) {
      note({{"path", "/v1/messages"}, {"not_understood", e.what()}});
      return std::nullopt;
    }
  }

  void log_request(const http_request& request, const std::string& path) {
    note({{"method", std::string{request.method_string()}}, {"path", path}});
  }

  void log_turn(const messages_request& request, std::size_t run) {
    note({{"method", "POST"},
          {"path", "/v1/messages"},
          {"side", request.side},
          {"after_tool", request.after_tool},
          {"prompt", request.prompt()},
          {"run", run}});
  }

  void note(const json& line) {
    if (log_.is_open())
      log_ << dump(line) << std::endl;
  }

  tcp::acceptor acceptor_;
  asio::steady_timer gate_; ///< Never due; its cancellation is the signal.
  bool open_ = false;
  std::set<tcp::socket*> sockets_;
  std::map<std::string, prompt_runs, std::less<>> runs_;
  std::vector<waiter> waiting_;
  std::ofstream log_;
};

messages_api_server::messages_api_server(asio::io_context& context,
                                         std::uint16_t port,
                                         const std::filesystem::path& log)
  : implementation_{std::make_shared<implementation>(context, port, log)} {
  implementation_->start();
}

messages_api_server::~messages_api_server() = default;

std::uint16_t messages_api_server::port() const noexcept {
  return implementation_->port();
}

void messages_api_server::release() {
  implementation_->release();
}

void messages_api_server::hold() {
  implementation_->hold();
}

prompt_runs messages_api_server::runs(std::string_view prompt) const {
  return implementation_->runs(prompt);
}

void messages_api_server::when_started(std::string prompt, std::size_t n,
                                       std::function<void()> callback) {
  implementation_->when_started(std::move(prompt), n, std::move(callback));
}

void messages_api_server::close() {
  implementation_->close();
}

} // namespace container_agent::test
