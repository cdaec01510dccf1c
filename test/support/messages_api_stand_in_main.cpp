#include "test/support/messages_api.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>

#include <unistd.h>

#include <array>
#include <csignal>
#include <exception>
#include <iostream>

namespace {

namespace asio = boost::asio;

/// Reads stdin to its end, then calls back.
void when_stdin_closes(asio::posix::stream_descriptor& in,
                       std::function<void()> callback) {
  in.async_wait(
    asio::posix::stream_descriptor::wait_read,
    [&in, callback](boost::system::error_code error) {
      std::array<char, 4096> ignored{};
      if (error
          || ::read(in.native_handle(), ignored.data(), ignored.size()) <= 0)
        callback();
      else
        when_stdin_closes(in, callback);
    });
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app{"An offline stand-in for the Messages API, on 127.0.0.1 only."};
  std::uint16_t port = 0;
  std::string log;
  bool until_stdin_closes = false;
  app.add_option("--port", port, "0: any free one");
  app.add_option("--log", log, "a line of JSON for each request");
  app.add_flag("--until-stdin-closes", until_stdin_closes,
               "end when stdin does");
  CLI11_PARSE(app, argc, argv);
  try {
    asio::io_context context;
    container_agent::test::messages_api_server server{context, port, log};
    asio::posix::stream_descriptor in{context};
    asio::signal_set signals{context, SIGTERM, SIGINT};
    auto end = [&] {
      boost::system::error_code ignored;
      signals.cancel(ignored);
      in.close(ignored);
      server.close();
    };
    signals.async_wait([&](boost::system::error_code error, int) {
      if (!error)
        end();
    });
    if (until_stdin_closes) {
      in.assign(::dup(STDIN_FILENO));
      when_stdin_closes(in, [&] {
        if (in.is_open())
          end();
      });
    }
    std::cout << "listening on 127.0.0.1:" << server.port() << std::endl;
    context.run();
    return 0;
  } catch (const std::exception& e) {
    std::cerr << "messages_api_stand_in: " << e.what() << '\n';
    return 1;
  }
}
