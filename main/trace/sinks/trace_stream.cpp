#include "main/trace/sinks/trace_stream.hpp"

#include "main/trace/record/trace_lines.hpp"
#include "messages/agent_assert.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace container_agent::runtime {

namespace {

using boost::asio::posix::descriptor_base;

// One that has only said that it will say no more may still read, as when a
// request is piped into a program that writes what it is answered.
bool has_gone(int socket) {
  pollfd entry{socket, 0, 0};
  return ::poll(&entry, 1, 0) < 0 || entry.revents != 0;
}

// A message that is under way will be told of when it is done.
bool is_past(const trace_event& event) {
  return event.kind != trace_kind::message
         || (event.outcome != trace_outcome::queued
             && event.outcome != trace_outcome::running);
}

} // namespace

trace_stream::trace_stream(event_loop& loop, tracer& events, unique_fd client,
                           seats::seat seat, const codec::trace_wish& wish,
                           framing frame,
                           std::function<void(trace_stream&)> on_close)
  : loop_{loop},
    events_{events},
    client_{loop.io()},
    seat_{std::move(seat)},
    filter_{wish},
    past_{
      static_cast<std::size_t>(std::min<std::uint64_t>(wish.past, max_past))},
    frame_{frame},
    on_close_{std::move(on_close)} {
  client_.assign(client.get());
  (void)client.release();
}

trace_stream::~trace_stream() {
  on_close_ = nullptr;
  close();
}

void trace_stream::start(std::string greeting) {
  unsent_ = std::move(greeting);
  std::string header;
  append_header(header, events_.header(), "stream");
  append(header);
  remember(past_);
  events_.add(*this);
  watch();
  schedule();
}

// The last ones that are wanted, in the order in which they were completed.
void trace_stream::remember(std::size_t past) {
  auto wanted = [this](const trace_event& event) {
    return is_past(event) && filter_.passes(event);
  };
  if (past == 0)
    return;
  std::size_t count = 0;
  events_.visit(
    [&](const trace_event& event) { count += wanted(event) ? 1 : 0; });
  events_.visit([&](const trace_event& event) {
    if (wanted(event) && count-- <= past)
      take(event);
  });
}

void trace_stream::close() {
  if (!client_.is_open())
    return;
  tell_dropped();
  events_.remove(*this);
  (void)::send(client_.native_handle(), unsent_.data() + sent_, unsent(),
               MSG_DONTWAIT | MSG_NOSIGNAL);
  boost::system::error_code ignored;
  client_.close(ignored);
  seat_ = nullptr;
  if (auto tell = std::exchange(on_close_, nullptr))
    tell(*this);
}

void trace_stream::take(const trace_event& event) {
  if (!filter_.passes(event))
    return;
  line_.clear();
  append_event(line_, event);
  if (unsent() + line_.size() > max_unsent) {
    ++dropped_;
    ++untold_;
    events_.note_dropped(1);
    return;
  }
  tell_dropped();
  append(line_);
  schedule();
}

void trace_stream::tell_dropped() {
  if (untold_ == 0)
    return;
  std::string line;
  append_dropped(line, events_.now(), std::exchange(untold_, 0));
  append(line);
}

void trace_stream::append(std::string_view line) {
  if (frame_ == framing::server_sent_events)
    unsent_ += "data: ";
  unsent_ += line;
  if (frame_ == framing::server_sent_events)
    unsent_ += '\n';
}

void trace_stream::schedule() {
  if (waits_for_room_)
    return;
  auto plan = [this](bool trace_stream::*planned) {
    return [weak = weak_from_this(), planned] {
      if (auto self = weak.lock()) {
        self.get()->*planned = false;
        self->flush();
      }
    };
  };
  if (!std::exchange(idle_planned_, true))
    loop_.when_idle(plan(&trace_stream::idle_planned_));
  if (unsent() >= soon && !std::exchange(soon_planned_, true))
    loop_.post(plan(&trace_stream::soon_planned_));
}

void trace_stream::flush() {
  while (client_.is_open() && !waits_for_room_ && unsent() > 0) {
    auto count = ::send(client_.native_handle(), unsent_.data() + sent_,
                        unsent(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0 && errno != EAGAIN)
      return close(); // the client has gone
    if (count < 0) {
      // A client that is never quite through must not make it grow.
      unsent_.erase(0, std::exchange(sent_, 0));
      waits_for_room_ = true;
      client_.async_wait(descriptor_base::wait_write,
                         [self = shared_from_this()](auto error) {
                           self->waits_for_room_ = false;
                           if (!error)
                             self->flush();
                         });
    } else {
      sent_ += static_cast<std::size_t>(count);
      AGENT_ASSERT(sent_ <= unsent_.size());
    }
  }
  if (unsent() == 0) {
    unsent_.clear();
    sent_ = 0;
    if (unsent_.capacity() > 2 * soon)
      std::string{}.swap(unsent_); // a crowd of events is over
  }
  if (untold_ > 0 && client_.is_open() && !waits_for_room_) {
    tell_dropped();
    schedule();
  }
}

// What it says is of no interest; that it leaves is.
void trace_stream::watch() {
  client_.async_wait(descriptor_base::wait_read, [self = shared_from_this()](
                                                   auto error) {
    if (error || !self->client_.is_open())
      return;
    auto socket = self->client_.native_handle();
    char block[4096];
    auto count = ::recv(socket, block, sizeof block, MSG_DONTWAIT);
    if (count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR)))
      return self->watch();
    if (count < 0 || self->frame_ == framing::server_sent_events
        || has_gone(socket))
      return self->close();
    self->client_.async_wait(descriptor_base::wait_error, [self](auto failed) {
      if (!failed)
        self->close();
    });
  });
}

} // namespace container_agent::runtime
