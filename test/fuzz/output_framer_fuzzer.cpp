#include "messages/codec/line_framer.hpp"
#include "test/fuzz/fuzz_input.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace container_agent;
using container_agent::test::require;

/// The child's output passes byte for byte: all of it, but for a last line
/// without an end that nobody has seen a part of yet.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  test::fuzz_input input{data, size};
  std::size_t max_held = input.byte();
  auto seed = input.byte();
  codec::output_framer framer{max_held};
  std::string passed;
  auto take = [&passed](const codec::output_framer::piece& piece) {
    require(!piece.data.empty(), "no piece is empty");
    require(!piece.ends_line || piece.data.back() == '\n',
            "a line's end is LF");
    require(piece.ends_line || piece.data.find('\n') == std::string::npos,
            "a part of a line has no LF");
    passed += piece.data;
  };
  test::in_pieces(input.rest(), seed, [&](std::string_view bytes) {
    if (auto piece = framer.feed(bytes))
      take(*piece);
    require(framer.held() <= max_held || framer.held() < bytes.size(),
            "held() stays within the limit");
  });
  std::uint64_t cut_bytes = 0;
  if (auto piece = framer.end(cut_bytes)) {
    take(*piece);
    require(passed.size() == input.rest().size() + 1, "all, and a LF");
    require(input.rest()
              == std::string_view{passed}.substr(0, passed.size() - 1),
            "the bytes are the child's");
    return 0;
  }
  require(passed.size() + cut_bytes == input.rest().size(), "all is counted");
  require(input.rest().starts_with(passed), "the bytes are the child's");
  return 0;
}
