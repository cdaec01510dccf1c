#include "messages/codec/control_message.hpp"
#include "test/fuzz/fuzz_input.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>

using namespace container_agent;
using container_agent::test::require;

/// Whatever a client of the control socket sends is a request or gets a
/// sentence; whatever answers is an answer or becomes one.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  std::string_view line{reinterpret_cast<const char*>(data), size};
  auto read = codec::read_control_request(line);
  if (auto* request = std::get_if<codec::control_request>(&read)) {
    auto again
      = codec::read_control_request(codec::control_request_text(*request));
    auto* same = std::get_if<codec::control_request>(&again);
    require(same != nullptr && same->command == request->command
              && same->now == request->now && same->reason == request->reason,
            "a request reads back as itself");
  } else {
    require(!std::get<codec::control_fault>(read).text.empty(),
            "a fault has a text");
  }
  auto failed = codec::control_failed(line);
  require(failed.find('\n') == std::string::npos
            && nlohmann::json::accept(failed),
          "an answer is one line of JSON");
  auto answer = codec::read_control_answer(line);
  require(answer.ok || !answer.error.empty(), "a refusal has a text");
  require(answer.at_most.count() >= 0, "a time is not negative");
  return 0;
}
