#pragma once

#include "test/conformance/shape.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace container_agent::test::conformance {

/// A scenario, as its file in test/conformance/scenarios/ says it
/// (docs/testing.md describes the format).
struct scenario {
  std::filesystem::path file;
  std::string name;                ///< The file's, without `.json`.
  std::string about;               ///< The fact that it shows.
  nlohmann::ordered_json document; ///< As it was read.
  std::vector<nlohmann::ordered_json> steps;
  std::vector<std::string> recorded; ///< Shapes, of the real Claude Code.
};

/// Throws std::runtime_error, which names the file, when it makes no sense.
scenario load(const std::filesystem::path& file);

/// All there are, by name.
std::vector<scenario> load_all();

/// Writes these shapes into the scenario's file.
void record(const scenario& played, const std::vector<std::string>& shapes);

} // namespace container_agent::test::conformance
