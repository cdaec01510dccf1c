#include "test/support/messages_api_reply.hpp"

#include "messages/codec/input_message.hpp"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <optional>
#include <sstream>

namespace container_agent::test {

using nlohmann::json;

namespace {

/// Whether a user wrote it: Claude Code itself puts more text into the user's
/// messages, reminders and the traces of its own commands among it.
bool is_prompt(std::string_view text) {
  for (std::string_view own :
       {"<system-reminder>", "<local-command-", "<command-name>",
        "[Request interrupted by user"})
    if (text.starts_with(own))
      return false;
  return true;
}

std::string text_of(const json& content) {
  if (content.is_string())
    return content.get<std::string>();
  std::string result;
  if (content.is_array())
    for (const auto& block : content)
      if (block.is_object())
        result += block.value("text", "");
  return result;
}

void read_user_content(const json& content, messages_request& request) {
  auto prompt = [&](const std::string& text) {
    if (!is_prompt(text))
      return;
    request.prompts.push_back(cut_utf8(text, max_echoed_prompt));
    request.after_tool = false;
  };
  if (content.is_string()) {
    prompt(content.get<std::string>());
    return;
  }
  for (const auto& block : content) {
    auto type = block.value("type", "");
    if (type == "text") {
      prompt(block.at("text").get<std::string>());
    } else if (type == "tool_result") {
      request.after_tool = true;
      request.tool_refused = block.value("is_error", false);
      request.tool_result = text_of(block.value("content", json{}));
    }
  }
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;)
    words.push_back(word);
  return words;
}

/// The rest of `text` behind the first `word` and a blank.
std::string rest_behind(const std::string& text, const std::string& word) {
  auto at = text.find(word) + word.size() + 1;
  return at < text.size() ? text.substr(at) : std::string{};
}

std::size_t number_or(const std::string& text, std::size_t otherwise) {
  std::size_t value = 0;
  auto end = text.data() + text.size();
  auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc{} && stop == end ? value : otherwise;
}

std::string echo(const messages_request& request) {
  return "You said: " + request.prompt() + " (this is turn "
         + std::to_string(request.prompts.size()) + " of our conversation)";
}

std::string recall(const messages_request& request) {
  std::string text = "Until now you said: ";
  for (std::size_t i = 0; i + 1 < request.prompts.size(); ++i)
    text += (i == 0 ? "" : " | ") + request.prompts[i];
  return text;
}

std::string recall_answers(const messages_request& request) {
  std::string text = "Until now I said: ";
  for (const auto& answer : request.answers)
    text += (&answer == request.answers.data() ? "" : " | ") + answer;
  return text;
}

messages_reply side_reply(const messages_request&) {
  return {.text = R"({"title": "A conversation"})"};
}

messages_reply reply_after_tool(const messages_request& request) {
  auto what
    = request.tool_refused ? "The tool was refused: " : "The tool said: ";
  auto words = words_of(request.prompt());
  return {.text = what + cut_utf8(request.tool_result, max_echoed_prompt),
          .held = std::find(words.begin(), words.end(), "SLOW") != words.end(),
          .silent = request.prompt().starts_with("RUN-HELD ")};
}

/// Stands for half a surrogate pair, which no string of the JSON library holds.
constexpr std::string_view half_a_pair = "\uE000";

std::string sse(const json& event) {
  // Whatever comes in goes out: a prompt may hold a lone surrogate.
  auto data = event.dump(-1, ' ', false, json::error_handler_t::replace);
  for (auto at = data.find(half_a_pair); at != std::string::npos;
       at = data.find(half_a_pair, at))
    data.replace(at, half_a_pair.size(), "\\ud83d");
  return "event: " + event.at("type").get<std::string>() + "\ndata: " + data
         + "\n\n";
}

json usage() {
  return {{"input_tokens", 10}, {"output_tokens", 5}};
}

std::string next_id(const char* prefix) {
  static std::atomic<unsigned> last{0};
  return prefix + std::to_string(++last);
}

json tool_input(const messages_reply& reply) {
  json input
    = {{"command", reply.text}, {"description", "What the prompt asks"}};
  if (reply.background)
    input["run_in_background"] = true;
  return input;
}

json message_frame(const messages_request& request) {
  return {{"id", next_id("msg_stand_in_")},
          {"type", "message"},
          {"role", "assistant"},
          {"model", request.model},
          {"content", json::array()},
          {"stop_reason", nullptr},
          {"stop_sequence", nullptr},
          {"usage", usage()}};
}

json block_frame(const messages_reply& reply) {
  if (reply.what == messages_reply::kind::tool_use)
    return {{"type", "tool_use"},
            {"id", next_id("toolu_stand_in_")},
            {"name", "Bash"},
            {"input", json::object()}};
  return {{"type", "text"}, {"text", ""}};
}

const char* stop_reason(const messages_reply& reply) {
  return reply.what == messages_reply::kind::tool_use ? "tool_use" : "end_turn";
}

} // namespace

std::string cut_utf8(std::string_view text, std::size_t limit) {
  auto is_continuation
    = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; };
  if (text.size() > limit) {
    while (limit > 0 && is_continuation(text[limit]))
      --limit;
    text = text.substr(0, limit);
  }
  return std::string{text};
}

messages_request read_messages_request(const json& body) {
  messages_request request;
  request.model = body.value("model", "stand-in");
  request.stream = body.value("stream", false);
  auto tools = body.find("tools");
  request.side = tools == body.end() || !tools->is_array() || tools->empty();
  for (const auto& message : body.at("messages"))
    if (message.at("role") == "user")
      read_user_content(message.at("content"), request);
    else
      request.answers.push_back(
        cut_utf8(text_of(message.at("content")), max_echoed_prompt));
  return request;
}

messages_reply choose_reply(const messages_request& request, std::size_t run) {
  if (request.side)
    return side_reply(request);
  if (request.after_tool)
    return reply_after_tool(request);
  // It looks, and finds that the tool has run.
  if (request.prompt().find(codec::interrupted_notice) != std::string::npos)
    return {.text = echo(request)};
  auto words = words_of(request.prompt());
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto& word = words[i];
    auto argument = [&](std::size_t n) {
      return i + n < words.size() ? words[i + n] : std::string{};
    };
    if (word == "SLOW")
      return {.text = echo(request), .held = true};
    if (word == "RECALL")
      return {.text = recall(request)};
    if (word == "ANSWERS")
      return {.text = recall_answers(request)};
    if (word == "TOUCH")
      return {.what = messages_reply::kind::tool_use,
              .text = "touch " + argument(1)};
    if (word == "HELD")
      return {.text = echo(request), .silent = true};
    if (word == "RUN" || word == "BASH" || word == "RUN-HELD"
        || word == "BACKGROUND")
      return {.what = messages_reply::kind::tool_use,
              .text = rest_behind(request.prompt(), word),
              .background = word == "BACKGROUND"};
    if (word == "HALF")
      return {.text = "half " + std::string{half_a_pair} + " a pair"};
    if (word == "LONG")
      return {.text
              = long_text(std::min(number_or(argument(1), 0), max_long_reply))};
    if (word == "ERROR" && run <= number_or(argument(2), run))
      return {.what = messages_reply::kind::error,
              .status = static_cast<unsigned>(std::clamp<std::size_t>(
                number_or(argument(1), 500), 400, 599))};
    if (word == "DROP" && run <= number_or(argument(1), 1))
      return {.what = messages_reply::kind::drop, .text = echo(request)};
  }
  return {.text = echo(request)};
}

std::string long_text(std::size_t n) {
  std::string text;
  text.reserve(n + 10);
  while (text.size() < n) {
    auto number = std::to_string(text.size());
    text.append(9 - std::min<std::size_t>(9, number.size()), '0');
    text += number + ' ';
  }
  text.resize(n);
  return text;
}

std::string opening_events(const messages_request& request,
                           const messages_reply& reply) {
  return sse({{"type", "message_start"}, {"message", message_frame(request)}})
         + sse({{"type", "content_block_start"},
                {"index", 0},
                {"content_block", block_frame(reply)}});
}

std::string delta_event(const messages_reply& reply, std::string_view piece) {
  json delta = {{"type", "text_delta"}, {"text", piece}};
  if (reply.what == messages_reply::kind::tool_use)
    delta = {{"type", "input_json_delta"},
             {"partial_json", tool_input(reply).dump()}};
  return sse({{"type", "content_block_delta"}, {"index", 0}, {"delta", delta}});
}

std::string closing_events(const messages_reply& reply) {
  json delta
    = {{"stop_reason", stop_reason(reply)}, {"stop_sequence", nullptr}};
  return sse({{"type", "content_block_stop"}, {"index", 0}})
         + sse(
           {{"type", "message_delta"}, {"delta", delta}, {"usage", usage()}})
         + sse({{"type", "message_stop"}});
}

json whole_message(const messages_request& request,
                   const messages_reply& reply) {
  auto message = message_frame(request);
  auto block = block_frame(reply);
  if (reply.what == messages_reply::kind::tool_use)
    block["input"] = tool_input(reply);
  else
    block["text"] = reply.text;
  message["content"].push_back(block);
  message["stop_reason"] = stop_reason(reply);
  return message;
}

json error_body(unsigned status) {
  auto type = "invalid_request_error";
  if (status == 401)
    type = "authentication_error";
  else if (status == 404)
    type = "not_found_error";
  else if (status == 429)
    type = "rate_limit_error";
  else if (status == 529)
    type = "overloaded_error";
  else if (status >= 500)
    type = "api_error";
  auto text = "the stand-in was asked to answer " + std::to_string(status);
  return {{"type", "error"}, {"error", {{"type", type}, {"message", text}}}};
}

} // namespace container_agent::test
