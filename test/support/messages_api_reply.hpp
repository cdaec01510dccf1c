#pragma once

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// The part of the Messages API's stand-in that decides: from a request's body
/// to the reply. No sockets here. The table of replies is in messages_api.hpp.
namespace container_agent::test {

/// Prompts are kept and echoed up to this many bytes: enough to tell them
/// apart, and an answer to a prompt of megabytes stays small.
inline constexpr std::size_t max_echoed_prompt = 1000;

/// Characters in one delta of a long reply: near to what one read of a socket
/// brings, so that 20 MB are some 300 events.
inline constexpr std::size_t long_delta = 65'536;

/// The longest reply that `LONG` gives.
inline constexpr std::size_t max_long_reply = 1'000'000'000;

/// What a request asks for, as far as the stand-in cares.
struct messages_request {
  std::string model;
  bool stream = false;

  /// Claude Code asks for titles and summaries, and for whether the account
  /// has quota left, by requests without tools. They are no turns.
  bool side = false;

  /// The prompts of the conversation so far, oldest first, each cut to
  /// `max_echoed_prompt`; the last one is what the turn is about.
  std::vector<std::string> prompts;

  /// The answers so far, likewise.
  std::vector<std::string> answers;

  /// The turn goes on after a tool's result.
  bool after_tool = false;
  bool tool_refused = false;
  std::string tool_result;

  [[nodiscard]] std::string prompt() const {
    return prompts.empty() ? std::string{} : prompts.back();
  }
};

/// Throws nlohmann::json::exception when the body has not the shape of a
/// request.
messages_request read_messages_request(const nlohmann::json& body);

/// What to answer.
struct messages_reply {
  enum class kind { text, tool_use, error, drop };
  kind what = kind::text;

  /// The answer; of a tool use: the shell command.
  std::string text{};

  /// Not a byte after the first delta until the gate is open.
  bool held = false;

  /// Not a byte at all until then.
  bool silent = false;

  /// The tool is to run in the background.
  bool background = false;

  /// HTTP status of an error.
  unsigned status = 200;
};

/// `run`: how often the request's prompt has been asked, this time included.
messages_reply choose_reply(const messages_request& request, std::size_t run);

/// The text of `LONG n`: words of ten characters, each the number of its first
/// character and a blank, so that a lost, doubled or swapped piece shows.
std::string long_text(std::size_t n);

/// `text` cut to at most `limit` bytes, never inside a character.
std::string cut_utf8(std::string_view text, std::size_t limit);

// -- the forms on the wire ---------------------------------------------------

/// The server-sent events before, of and after the content.
std::string opening_events(const messages_request& request,
                           const messages_reply& reply);
std::string delta_event(const messages_reply& reply, std::string_view piece);
std::string closing_events(const messages_reply& reply);

/// The whole reply as one JSON document, for requests without `stream`.
nlohmann::json whole_message(const messages_request& request,
                             const messages_reply& reply);

/// The body of an error.
nlohmann::json error_body(unsigned status);

} // namespace container_agent::test
