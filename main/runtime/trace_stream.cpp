#include "main/runtime/trace_stream.hpp"

#include "main/runtime/trace/trace_lines.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace container_agent::runtime {

namespace {

using boost::asio::posix::descriptor_base;

} // namespace

trace_stream::trace_stream(event_loop& loop, tracer& events, unique_fd client,
                           framing frame,
                           std::function<void(trace_stream&)> on_close)
  : loop_{loop},
    events_{events},
    client_{loop.io()},
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
  events_.add(*this);
  watch();
  schedule();
}

void trace_stream::close() {
  if (!client_.is_open())
    return;
  tell_dropped();
  events_.remove(*this);
  (void)::send(client_.native_handle(), unsent_.data() + sent_,
               unsent_.size() - sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
  boost::system::error_code ignored;
  client_.close(ignored);
  if (auto tell = std::exchange(on_close_, nullptr))
    tell(*this);
}

void trace_stream::take(const trace_event&, std::string_view line) {
  if (unsent_.size() - sent_ + line.size() > max_unsent) {
    ++dropped_;
    ++untold_;
    events_.note_dropped(1);
    return;
  }
  tell_dropped();
  append(line);
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
  if (waits_for_room_ || std::exchange(scheduled_, true))
    return;
  loop_.when_idle([weak = weak_from_this()] {
    if (auto self = weak.lock()) {
      self->scheduled_ = false;
      self->flush();
    }
  });
}

void trace_stream::flush() {
  while (client_.is_open() && sent_ < unsent_.size()) {
    auto count = ::send(client_.native_handle(), unsent_.data() + sent_,
                        unsent_.size() - sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0 && errno != EAGAIN)
      return close(); // the client has gone
    if (count < 0) {
      unsent_.erase(0, std::exchange(sent_, 0));
      waits_for_room_ = true;
      client_.async_wait(descriptor_base::wait_write,
                         [self = shared_from_this()](auto error) {
                           self->waits_for_room_ = false;
                           if (!error)
                             self->flush();
                         });
      return;
    }
    sent_ += static_cast<std::size_t>(count);
  }
  unsent_.clear();
  sent_ = 0;
  if (untold_ > 0 && client_.is_open()) {
    tell_dropped();
    schedule();
  }
}

// What it says is of no interest; that it leaves is.
void trace_stream::watch() {
  client_.async_wait(
    descriptor_base::wait_read, [self = shared_from_this()](auto error) {
      if (error || !self->client_.is_open())
        return;
      char block[4096];
      auto count = ::recv(self->client_.native_handle(), block, sizeof block,
                          MSG_DONTWAIT);
      if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR))
        return self->close();
      self->watch();
    });
}

} // namespace container_agent::runtime
