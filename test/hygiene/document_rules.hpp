#pragma once

#include "test/hygiene/source_tree.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace container_agent::test {

/// Paths of the project that a document names in backticks, and links to files,
/// must exist. `{a,b}` is expanded; a path with `*`, `<` or `…` is a pattern.
complaints path_complaints(const source_file& document);

/// The long options that `--help` lists, each once, without the dashes.
std::set<std::string> options_in_help(std::string_view help);

/// The long options that a document describes: those in the first cell of a
/// table's row, in a heading, or at the beginning of a list item.
std::set<std::string> options_in_document(std::string_view document);

/// What only one of the two has.
complaints option_complaints(const std::set<std::string>& help,
                             const std::set<std::string>& document);

/// The exit codes in the first cells of a document's tables, with the rest of
/// the row.
std::map<std::int32_t, std::string>
exit_codes_in_document(std::string_view document);

/// Exit codes that the program has and the document lacks, and the other way
/// round.
complaints
exit_code_complaints(const std::set<std::int32_t>& program,
                     const std::map<std::int32_t, std::string>& document);

/// Those of `names` that no document mentions in backticks.
complaints name_complaints(const std::set<std::string>& names,
                           const std::vector<source_file>& documents);

} // namespace container_agent::test
