#include "main/trace/read/duration_text.hpp"

#include "messages/utc_text.hpp"

#include <chrono>
#include <cstdio>

namespace container_agent::trace {

std::string duration_text(std::uint64_t ns) {
  struct unit {
    std::uint64_t size;
    const char* name;
  };
  constexpr unit units[]{{1'000'000'000, "s"}, {1'000'000, "ms"}, {1000, "µs"}};
  for (const auto& [size, name] : units) {
    if (ns < size)
      continue;
    auto value = static_cast<double>(ns) / static_cast<double>(size);
    auto digits = value < 10 ? 2 : value < 100 ? 1 : 0;
    char text[40];
    std::snprintf(text, sizeof text, "%.*f %s", digits, value, name);
    return text;
  }
  return std::to_string(ns) + " ns";
}

std::string wall_time_text(std::uint64_t ns) {
  std::chrono::microseconds time{ns / 1000};
  auto text = utc_text(std::chrono::system_clock::time_point{time});
  return text.insert(text.size() - 1,
                     std::to_string(1000 + time.count() % 1000).substr(1));
}

std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  for (auto c : text)
    width += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
  return width;
}

std::string right(std::string text, std::size_t width) {
  auto has = width_of(text);
  return has < width ? std::string(width - has, ' ') + text : text;
}

std::string left(std::string text, std::size_t width) {
  auto has = width_of(text);
  if (has < width)
    text.append(width - has, ' ');
  return text;
}

} // namespace container_agent::trace
