#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace container_agent::storage {

/// The name of the segment of `stream` that begins at `begin`: NAME.OFFSET.log,
/// with 20 digits, so that names sort in the order of offsets.
std::string segment_name(const std::string& stream, std::uint64_t begin);

/// The offset in a segment's file name; nothing if it is not one of the
/// stream's.
std::optional<std::uint64_t> segment_begin(std::string_view file,
                                           const std::string& stream);

} // namespace container_agent::storage
