#include "actors/core/ports.hpp"

#include <array>
#include <stdexcept>

namespace container_agent {

std::string text_in(const stream_log& log, std::uint64_t from,
                    std::uint64_t to) {
  std::string text(to - from, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    auto count = log.read(from + size, std::span{text}.subspan(size));
    if (count == 0)
      throw std::out_of_range{"the log ends at " + std::to_string(from + size)};
    size += count;
  }
  return text;
}

void for_each_line(const stream_log& log, std::uint64_t from,
                   const std::function<void(std::string_view)>& call) {
  std::array<char, read_size> buffer;
  std::string begun; // of a line that spans several blocks
  while (auto size = log.read(from, buffer)) {
    from += size;
    std::string_view block{buffer.data(), size};
    for (;;) {
      auto end = block.find('\n');
      if (end == std::string_view::npos)
        break;
      if (begun.empty()) {
        call(block.substr(0, end));
      } else {
        begun += block.substr(0, end);
        call(begun);
        begun.clear();
      }
      block.remove_prefix(end + 1);
    }
    begun += block;
  }
}

} // namespace container_agent
