#include "main/storage/segment_name.hpp"

#include <charconv>
#include <system_error>

namespace container_agent::storage {

namespace {

constexpr std::size_t digits_of_offset = 20;

} // namespace

std::string segment_name(const std::string& stream, std::uint64_t begin) {
  auto text = std::to_string(begin);
  return stream + '.' + std::string(digits_of_offset - text.size(), '0') + text
         + ".log";
}

std::optional<std::uint64_t> segment_begin(std::string_view file,
                                           const std::string& stream) {
  constexpr std::string_view suffix = ".log";
  if (file.size() != stream.size() + 1 + digits_of_offset + suffix.size()
      || !file.starts_with(stream + '.') || !file.ends_with(suffix))
    return {};
  file.remove_prefix(stream.size() + 1);
  file.remove_suffix(suffix.size());
  std::uint64_t offset = 0;
  auto [end, error]
    = std::from_chars(file.data(), file.data() + file.size(), offset);
  // An offset has 63 bits: position_page keeps one more with it.
  if (error != std::errc{} || end != file.data() + file.size()
      || offset >> 63 != 0)
    return {};
  return offset;
}

} // namespace container_agent::storage
