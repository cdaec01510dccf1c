#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace container_agent::storage {

/// The file that begins at `begin` in a stream: NAME.OFFSET.log, with 20
/// digits, so that the names sort as the offsets do.
std::string segment_name(const std::string& stream, std::uint64_t begin);

/// Where the segment of this name begins; nothing if it is no segment of the
/// stream.
std::optional<std::uint64_t> segment_begin(std::string_view file,
                                           const std::string& stream);

} // namespace container_agent::storage
