#include "messages/codec/line_framer.hpp"
#include "test/fuzz/fuzz_input.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace container_agent;
using namespace container_agent::codec;
using container_agent::test::require;

namespace {

using kind = framed_line::kind;

/// What the framer must give, by the plainest means: all bytes at once.
std::vector<framed_line> expected(std::string_view text, std::size_t max_line) {
  std::vector<framed_line> result;
  while (!text.empty()) {
    auto end = text.find('\n');
    auto cut = end == std::string_view::npos;
    auto line = text.substr(0, end);
    text.remove_prefix(cut ? text.size() : end + 1);
    if (!line.empty() && line.back() == '\r')
      line.remove_suffix(1);
    if (line.size() > max_line)
      result.push_back({kind::too_long,
                        std::string{line.substr(0, framed_line::max_head)},
                        line.size()});
    else
      result.push_back(
        {cut ? kind::cut : kind::complete, std::string{line}, line.size()});
  }
  return result;
}

} // namespace

/// However the bytes come in, the same lines come out, and memory is bounded.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  test::fuzz_input input{data, size};
  std::size_t max_line = input.byte();
  auto seed = input.byte();
  line_framer framer{max_line};
  std::vector<framed_line> lines;
  test::in_pieces(input.rest(), seed, [&](std::string_view piece) {
    framer.feed(piece);
    while (auto line = framer.next())
      lines.push_back(std::move(*line));
    require(framer.held() <= max_line + 1, "held() stays within the limit");
  });
  if (auto line = framer.end())
    lines.push_back(std::move(*line));
  require(framer.held() == 0 && !framer.holds_part(), "nothing is left");

  auto right = expected(input.rest(), max_line);
  require(lines.size() == right.size(), "the number of lines");
  for (std::size_t i = 0; i < lines.size(); ++i) {
    require(lines[i].what == right[i].what, "the kind of a line");
    auto text = std::string_view{lines[i].text};
    require(text.starts_with(right[i].text), "the text of a line");
    text.remove_prefix(right[i].text.size());
    require(text.empty() || (text == "\r" && lines[i].what == kind::too_long),
            "and no more");
    // The size of a line that was thrown away may count the CR of its end.
    auto more = lines[i].size - right[i].size;
    require(more == 0 || (more == 1 && lines[i].what == kind::too_long),
            "the size of a line");
  }
  return 0;
}
