#include "main/runtime/control_server.hpp"

#include "actors/loggers.hpp"
#include "main/runtime/control_connection.hpp"
#include "messages/codec/control_message.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

namespace container_agent::runtime {

namespace {

namespace asio = boost::asio;

// Where descriptors or memory have run out, what waits stays readable: without
// a pause the loop would turn for nothing else.
constexpr std::chrono::seconds accept_pause{1};

} // namespace

// Shared with the handlers that are under way, which may outlive the server.
struct control_server::state : std::enable_shared_from_this<state> {
  using connection = std::shared_ptr<control_connection>;
  using descriptor
    = asio::posix::basic_stream_descriptor<asio::io_context::executor_type>;

  event_loop& loop;
  event_log& log;
  std::chrono::milliseconds patience;
  socket_place place;
  descriptor listener;
  asio::steady_timer pause;
  std::vector<connection> connections;
  std::uint64_t requests = 0;
  notification notify;
  bool notified = false; // a job of ours is in the queue

  state(event_loop& l, event_log& g, std::string path,
        std::chrono::milliseconds p)
    : loop{l},
      log{g},
      patience{p},
      place{std::move(path)},
      listener{l.io()},
      pause{l.io()} {
    listener.assign(place.listener());
    (void)place.take_listener().release();
  }

  void wait() {
    listener.async_wait(descriptor::wait_read,
                        [self = shared_from_this()](auto error) {
                          if (!error && self->listener.is_open())
                            self->accept();
                        });
  }

  // One at a time: whoever else waits makes the socket ready again.
  void accept() {
    unique_fd client{::accept4(listener.native_handle(), nullptr, nullptr,
                               SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (client) {
      admit(std::move(client));
    } else if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR) {
      log.write(log_level::error, loggers::control, "control_accept_failed",
                {{"error", last_error().message()}});
      pause.expires_after(accept_pause);
      pause.async_wait([self = shared_from_this()](auto error) {
        if (!error && self->listener.is_open())
          self->wait();
      });
      return;
    }
    wait();
  }

  void admit(unique_fd client) {
    auto peer = peer_of(client.get());
    if (!peer)
      return turn_away(client, {}, "who you are is not known");
    if (peer->uid != ::geteuid() && peer->uid != 0)
      return turn_away(client, *peer,
                       "this socket is for user " + std::to_string(::geteuid())
                         + " and root, not for " + std::to_string(peer->uid));
    if (connections.size() >= max_connections)
      return turn_away(client, *peer, "too many connections");
    connections.push_back(std::make_shared<control_connection>(
      loop, std::move(client), *peer, patience, handlers()));
    connections.back()->start();
  }

  void turn_away(const unique_fd& client, const socket_peer& peer,
                 const std::string& why) {
    log.write(log_level::warn, loggers::control, "control_refused",
              {{"pid", std::int32_t{peer.pid}},
               {"uid", std::uint32_t{peer.uid}},
               {"reason", why}});
    auto text = codec::control_failed(why) + '\n';
    // Whoever does not take so little does not want it.
    (void)::send(client.get(), text.data(), text.size(),
                 MSG_DONTWAIT | MSG_NOSIGNAL);
  }

  control_connection::handlers handlers() {
    auto weak = weak_from_this();
    return {[weak](control_connection& c) {
              if (auto self = weak.lock())
                self->take_request(c);
            },
            [weak](control_connection& c) {
              if (auto self = weak.lock())
                std::erase_if(self->connections,
                              [&](const auto& x) { return x.get() == &c; });
            }};
  }

  void take_request(control_connection& c) {
    c.id = ++requests;
    c.attempt = 0;
    c.taken = false;
    announce();
  }

  void announce() {
    if (std::exchange(notified, true))
      return;
    loop.post([self = shared_from_this()] {
      self->notified = false;
      if (self->notify)
        self->notify();
    });
  }

  void finish() {
    pause.cancel();
    boost::system::error_code ignored;
    if (!listener.is_open())
      return;
    listener.close(ignored);
    for (const auto& c : std::exchange(connections, {}))
      c->close();
    if (auto error = place.remove())
      log.write(log_level::warn, loggers::control, "control_not_removed",
                {{"path", place.path()}, {"error", error.message()}});
  }
};

control_server::control_server(event_loop& loop, event_log& log,
                               std::string path,
                               std::chrono::milliseconds patience)
  : state_{std::make_shared<state>(loop, log, std::move(path), patience)} {
  state_->wait();
}

control_server::~control_server() {
  finish();
}

std::optional<control_port::request> control_server::next() {
  auto& all = state_->connections;
  auto waits = [](const auto& c) { return c->asking && !c->taken; };
  auto oldest = std::min_element(
    all.begin(), all.end(), [&](const auto& a, const auto& b) {
      return waits(a) && (!waits(b) || a->id < b->id);
    });
  if (oldest == all.end() || !waits(*oldest))
    return std::nullopt;
  auto& c = **oldest;
  c.taken = true;
  return request{c.id, c.request(), ++c.attempt, c.peer().pid};
}

void control_server::answer(std::uint64_t id, std::string_view line) {
  auto all = state_->connections; // one may go by this
  for (const auto& c : all)
    if (c->asking && c->id == id)
      return c->answer(line);
}

void control_server::take_back() {
  for (const auto& c : state_->connections)
    c->taken = false;
}

std::size_t control_server::connections() const {
  return state_->connections.size();
}

void control_server::on_request(notification notify) {
  state_->notify = std::move(notify);
}

void control_server::finish() {
  state_->finish();
}

} // namespace container_agent::runtime
