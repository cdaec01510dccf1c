#include "main/server/control_server.hpp"

#include "actors/core/loggers.hpp"
#include "main/fifo/fifo_path.hpp"
#include "main/server/acceptor.hpp"
#include "main/server/control_connection.hpp"
#include "messages/codec/control_message.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>
#include <variant>
#include <vector>

namespace container_agent::runtime {

namespace {

std::optional<codec::trace_wish> trace_wish_in(const std::string& line) {
  auto read = codec::read_control_request(line);
  auto* asked = std::get_if<codec::control_request>(&read);
  if (asked == nullptr || asked->command != codec::control_command::trace)
    return std::nullopt;
  return std::move(asked->trace);
}

// For a folder that must be made again.
constexpr mode_t only_ours = 0600;

} // namespace

// Shared with pending handlers, which may outlive the server.
struct control_server::state : std::enable_shared_from_this<state> {
  event_loop& loop;
  event_log& log;
  request_queue& queue;
  guests others;
  std::chrono::milliseconds patience;
  socket_place place;
  connection_limit& free;
  file_watch::subscription subscription;
  bool complained = false;
  std::optional<acceptor> door;
  std::vector<std::shared_ptr<control_connection>> connections;

  state(event_loop& l, event_log& g, request_queue& d, std::string path,
        guests o, std::chrono::milliseconds p)
    : loop{l},
      log{g},
      queue{d},
      others{std::move(o)},
      patience{p},
      place{std::move(path)},
      free{d.way_in()} {}

  void open() {
    door.emplace(loop, log, place.take_listener(),
                 [weak = weak_from_this()](unique_fd client) {
                   if (auto self = weak.lock())
                     self->admit(std::move(client));
                 });
  }

  void watch_with(file_watch& watch) {
    subscription = watch.watch_path(place.path(), [weak = weak_from_this()] {
      if (auto self = weak.lock())
        self->look_at_path();
    });
  }

  // A program that cleans up /tmp removes the socket or its folder. Connected
  // clients stay connected.
  void look_at_path() {
    if (!door || !place.moved())
      return;
    auto path = place.path();
    try {
      make_directory_of(path, only_ours);
      place = socket_place{path};
    } catch (const std::runtime_error& error) { // tried again later
      if (!std::exchange(complained, true))
        log.write(log_level::error, loggers::control, "control_unusable",
                  {{"path", path}, {"error", error.what()}});
      return;
    }
    complained = false;
    open();
    log.write(log_level::warn, loggers::control, "control_made_again",
              {{"path", path}});
  }

  void admit(unique_fd client) {
    auto peer = peer_of(client.get());
    if (!peer)
      return turn_away(client, {}, "who you are is not known");
    if (peer->uid != ::geteuid() && peer->uid != 0)
      return turn_away(client, *peer,
                       "this socket is for user " + std::to_string(::geteuid())
                         + " and root, not for " + std::to_string(peer->uid));
    auto slot = free.acquire();
    if (!slot && make_room())
      slot = free.acquire();
    if (!slot)
      return turn_away(client, *peer, "too many connections");
    connections.push_back(std::make_shared<control_connection>(
      loop, std::move(client), std::move(slot), *peer, patience, handlers()));
    connections.back()->start();
  }

  // Closes an idle client; otherwise idle clients could keep a health check
  // out.
  bool make_room() {
    auto oldest = std::find_if(connections.begin(), connections.end(),
                               [](const auto& c) { return c->idle(); });
    if (oldest == connections.end())
      return others.make_room && others.make_room();
    auto c = *oldest; // a copy, because it leaves the list
    log.write(log_level::info, loggers::control, "control_made_room",
              {{"pid", std::int32_t{c->peer().pid}}});
    c->refuse("closed to make room for another client, as nothing was asked");
    c->close();
    return true;
  }

  void turn_away(const unique_fd& client, const socket_peer& peer,
                 const std::string& why) {
    log.write(log_level::warn, loggers::control, "control_refused",
              {{"pid", std::int32_t{peer.pid}},
               {"uid", std::uint32_t{peer.uid}},
               {"reason", why}});
    auto text = codec::control_failed(why) + '\n';
    // Best effort: the text fits any socket buffer; a client that can't take it
    // is dropped.
    (void)::send(client.get(), text.data(), text.size(),
                 MSG_DONTWAIT | MSG_NOSIGNAL);
  }

  control_connection::handlers handlers() {
    auto call = [weak = weak_from_this()](auto what) {
      return [weak, what](control_connection& c) {
        if (auto self = weak.lock())
          (self.get()->*what)(c);
      };
    };
    return {call(&state::take_request), call(&state::forget),
            call(&state::take_guest)};
  }

  void take_request(control_connection& c) {
    if (others.trace)
      if (auto wish = trace_wish_in(c.request()))
        return others.trace(c.give_away(), *wish);
    c.id = queue.submit(c.request(), c.peer().pid,
                        [weak = c.weak_from_this()](std::string_view line) {
                          if (auto waits = weak.lock())
                            waits->answer(line);
                        });
  }

  void take_guest(control_connection& c) {
    if (!others.http)
      return c.refuse("there is no HTTP here; this socket takes one JSON "
                      "object a line");
    others.http(c.give_away());
  }

  void forget(control_connection& c) {
    if (c.id != 0)
      queue.withdraw(c.id);
    std::erase_if(connections, [&](const auto& x) { return x.get() == &c; });
  }

  void finish() {
    if (!door)
      return;
    subscription.reset();
    door.reset();
    for (const auto& c : std::vector{connections})
      c->close();
    if (auto error = place.remove())
      log.write(log_level::warn, loggers::control, "control_not_removed",
                {{"path", place.path()}, {"error", error.message()}});
  }
};

control_server::control_server(event_loop& loop, event_log& log,
                               request_queue& queue, std::string path,
                               guests others,
                               std::chrono::milliseconds patience,
                               file_watch* watch)
  : state_{std::make_shared<state>(loop, log, queue, std::move(path),
                                   std::move(others), patience)} {
  state_->open();
  if (watch != nullptr)
    state_->watch_with(*watch);
}

control_server::~control_server() {
  finish();
}

void control_server::finish() {
  state_->finish();
}

} // namespace container_agent::runtime
