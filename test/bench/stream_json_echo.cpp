#include "test/bench/stream_json_echo.hpp"

#include "test/bench/host_io.hpp"
#include "test/bench/payload.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <system_error>

namespace container_agent::bench {

namespace {

constexpr std::string_view flood_word = "flood ";
constexpr std::size_t smallest_result = 256; // its fields need 155

class echo {
public:
  void answer(std::string_view line) {
    if (line.starts_with(user_prefix))
      return answer_user(line);
    if (line.find(R"("type":"control_request")") != line.npos)
      answer_control(line);
  }

private:
  void answer_user(std::string_view line) {
    auto content = line.substr(user_prefix.size());
    if (content.starts_with(flood_word)) {
      flood(content.substr(flood_word.size()));
      write_all(STDOUT_FILENO, result_line().with(0));
      return;
    }
    auto size = std::max(line.size(), smallest_result);
    if (size != result_.size())
      result_ = result_line(size);
    write_all(STDOUT_FILENO, result_.with(read_number(content).value_or(0)));
  }

  static void answer_control(std::string_view line) {
    constexpr std::string_view key = R"("request_id":")";
    auto at = line.find(key);
    if (at == line.npos)
      return;
    auto id = line.substr(at + key.size());
    id = id.substr(0, id.find('"'));
    std::string text
      = R"({"type":"control_response","response":{"subtype":"success",)";
    text += key;
    text += id;
    text += R"(","response":{}}})";
    text += '\n';
    write_all(STDOUT_FILENO, text);
  }

  static void flood(std::string_view digits) {
    std::uint64_t bytes = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), bytes);
    std::string block;
    auto line = assistant_line();
    while (block.size() < block_bytes)
      block += line.with(0);
    auto lines = lines_of_flood(bytes);
    for (std::uint64_t number = 0; number < lines;) {
      for (std::size_t at = 0; at < block.size(); at += line_bytes)
        write_number(block.data() + at + assistant_prefix.size(), number++);
      write_all(STDOUT_FILENO, block);
    }
  }

  numbered_line result_ = result_line();
};

} // namespace

int run_stream_json_echo() {
  ::signal(SIGPIPE, SIG_IGN);
  echo child;
  line_reader stdin_lines{STDIN_FILENO};
  try {
    for (;;)
      child.answer(stdin_lines.next());
  } catch (const std::system_error&) {
    return 1; // nobody reads stdout any more
  } catch (const std::runtime_error&) {
    return 0; // the end of stdin
  }
}

} // namespace container_agent::bench
