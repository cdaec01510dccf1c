#include "main/server/acceptor.hpp"

#include "actors/core/loggers.hpp"

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <utility>

namespace container_agent::runtime {

namespace {

// When descriptors or memory run out, the socket stays readable; without a
// pause the loop would do nothing else.
constexpr std::chrono::seconds accept_pause{1};

} // namespace

// Shared with pending handlers, which may outlive the acceptor.
struct acceptor::state : std::enable_shared_from_this<state> {
  event_log& log;
  boost::asio::posix::basic_stream_descriptor<
    boost::asio::io_context::executor_type>
    listener;
  boost::asio::steady_timer pause;
  handler on_connection;

  state(event_loop& loop, event_log& l, unique_fd socket, handler h)
    : log{l},
      listener{loop.io()},
      pause{loop.io()},
      on_connection{std::move(h)} {
    listener.assign(socket.get());
    (void)socket.release();
  }

  void wait() {
    listener.async_wait(boost::asio::posix::descriptor_base::wait_read,
                        [self = shared_from_this()](auto error) {
                          if (!error && self->listener.is_open())
                            self->accept();
                        });
  }

  // Accepts one at a time; if more wait, the socket is ready again.
  void accept() {
    unique_fd client{::accept4(listener.native_handle(), nullptr, nullptr,
                               SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (client) {
      on_connection(std::move(client));
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
    if (listener.is_open())
      wait();
  }

  void close() {
    pause.cancel();
    boost::system::error_code ignored;
    if (listener.is_open())
      listener.close(ignored);
    on_connection = nullptr;
  }
};

acceptor::acceptor(event_loop& loop, event_log& log, unique_fd listener,
                   handler on_connection)
  : state_{std::make_shared<state>(loop, log, std::move(listener),
                                   std::move(on_connection))} {
  state_->wait();
}

acceptor::~acceptor() {
  close();
}

void acceptor::close() {
  state_->close();
}

} // namespace container_agent::runtime
