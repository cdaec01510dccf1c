#include "test/support/messages_api.hpp"

#include <boost/asio/post.hpp>

#include <future>
#include <stdexcept>

namespace container_agent::test {

namespace asio = boost::asio;

messages_api::messages_api()
  : server_{context_, 0}, thread_{[this] { context_.run(); }} {}

messages_api::~messages_api() {
  // With nothing left to wait for, the loop ends by itself.
  asio::post(context_, [this] { server_.close(); });
  thread_.join();
}

std::string messages_api::url() const {
  return "http://127.0.0.1:" + std::to_string(server_.port());
}

void messages_api::release() {
  asio::post(context_, [this] { server_.release(); });
}

void messages_api::hold() {
  asio::post(context_, [this] { server_.hold(); });
}

prompt_runs messages_api::runs(std::string_view prompt) {
  std::promise<prompt_runs> answer;
  asio::post(context_, [&] { answer.set_value(server_.runs(prompt)); });
  return answer.get_future().get();
}

void messages_api::wait_started(std::string_view prompt, std::size_t n,
                                std::chrono::seconds patience) {
  // Shared: the callback may come after this wait was given up.
  auto told = std::make_shared<std::promise<void>>();
  asio::post(context_, [this, told, n, prompt = std::string{prompt}] {
    server_.when_started(prompt, n, [told] { told->set_value(); });
  });
  if (told->get_future().wait_for(patience) != std::future_status::ready)
    throw std::runtime_error("timed out waiting for prompt to be asked: "
                             + std::string{prompt});
}

} // namespace container_agent::test
