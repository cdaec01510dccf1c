#pragma once

#include "test/hygiene/source_tree.hpp"

#include <string>
#include <string_view>
#include <vector>

/// The rooms of the program, and which way is down.
namespace container_agent::test {

/// A room is a folder. It may include itself and the rooms before it in this
/// list, so there is no circle. docs/architecture.md says what lives in each.
const std::vector<std::string_view>& house();

/// Includes of a room that is not below.
complaints order_complaints(const source_file& file);

/// Folders with more than `max_files` files, files in no room of the list, two
/// files of one name. `paths`: all files of the program.
complaints room_complaints(const std::vector<std::string>& paths);

/// More than a newcomer can take in at a look.
inline constexpr std::size_t max_files = 24;

} // namespace container_agent::test
