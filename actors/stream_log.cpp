#include "actors/ports.hpp"

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

} // namespace container_agent
