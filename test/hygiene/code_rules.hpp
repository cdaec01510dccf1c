#pragma once

#include "test/hygiene/source_tree.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace container_agent::test {

/// The allowed includes of each folder:
/// - `messages/`: the standard library, CAF's core, `messages/`; files of
///   `messages/codec/` and `messages/records/` that are no headers also
///   nlohmann/json and Boost.JSON;
/// - `actors/`: the standard library, CAF's core, `messages/`, `actors/`;
/// - `main/`: all but `test/` and the test libraries;
/// - `test/`: everything.
/// Own headers are named from the project's root and must exist.
complaints include_complaints(const source_file& file);

/// One thread, no sleeping, no polling: `messages/`, `actors/` and `main/` name
/// none of it. And actors take time, chance and the environment from their
/// ports only, so that tests decide them.
complaints purity_complaints(const source_file& file);

/// A file that may be longer than `max_lines`, and why.
struct long_file {
  std::string_view path;
  std::size_t limit;
  std::string_view why;
};

/// A file that a newcomer reads at a sitting.
inline constexpr std::size_t max_lines = 400;

/// The length of a file; also an exception that is not needed any more.
complaints size_complaints(const source_file& file,
                           const std::vector<long_file>& exceptions);

/// Ends in one newline; no tabs, no CR, no byte order mark, no trailing blanks;
/// a header begins with `#pragma once`.
complaints text_complaints(const source_file& file);

} // namespace container_agent::test
