#include "messages/codec/input_message.hpp"
#include "messages/codec/json_lines.hpp"
#include "test/fuzz/fuzz_input.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

using namespace container_agent;
using namespace container_agent::codec;
using container_agent::test::require;

namespace {

using kind = framed_line::kind;

bool may_run(const json_lines::item& item) {
  return item.line.what != kind::too_long && !item.line.text.empty()
         && std::holds_alternative<input_message>(
           read_input(item.line.text, input_format::automatic));
}

} // namespace

/// What comes out is lines as they came in, or whole objects; and no line is
/// lost or doubled: what is collected has all lines from its first one on.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  test::fuzz_input input{data, size};
  std::size_t max_message = 16 + 4 * input.byte();
  json_lines lines{max_message};
  std::vector<json_lines::item> out;
  std::vector<std::string> came;
  std::uint64_t position = 0;
  std::uint64_t last_number = 0;
  std::uint64_t last_end = 0;
  auto check = [&] {
    for (const auto& item : std::exchange(out, {})) {
      require(item.number >= last_number, "they come in order");
      require(item.end == 0 || item.end > last_end || item.line.text.empty(),
              "ends grow");
      require(item.end <= position, "no end is beyond what came");
      last_number = item.number;
      if (item.end > 0)
        last_end = item.end;
      require(item.end > 0 || !may_run(item), "what goes on is refused");
      if (!may_run(item))
        continue;
      const auto& text = item.line.text;
      require(text.find('\n') == std::string::npos, "a message is one line");
      require(text == came[item.number - 1] || nlohmann::json::accept(text),
              "a message is a line, or an object");
      require(text.size() <= max_message || text == came[item.number - 1],
              "the limit holds");
    }
  };
  auto rest = input.rest();
  while (!rest.empty()) {
    auto end = rest.find('\n');
    auto cut = end == std::string_view::npos;
    std::string line{rest.substr(0, end)};
    rest.remove_prefix(cut ? rest.size() : end + 1);
    position += line.size() + 1;
    came.push_back(line);
    auto length = line.size();
    auto what = line.size() > 200 ? kind::too_long
                : cut             ? kind::cut
                                  : kind::complete;
    lines.take({{what, std::move(line), length}, came.size(), position}, out);
    check();
  }
  lines.end(out);
  check();
  require(!lines.holds_part(), "nothing is left");
  return 0;
}
