#include "test/conformance/scenario.hpp"

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace container_agent::test::conformance {

using nlohmann::ordered_json;

namespace {

/// A list, an element a line.
std::string lines_of(const ordered_json& list) {
  std::string text = "[";
  for (const auto& element : list)
    text += (&element == &list.front() ? "\n    " : ",\n    ") + element.dump();
  return text + (list.empty() ? "]" : "\n  ]");
}

} // namespace

scenario load(const std::filesystem::path& file) {
  std::ifstream in(file);
  scenario result;
  result.file = file;
  result.name = file.stem();
  try {
    result.document = ordered_json::parse(in);
    result.about = result.document.at("about");
    result.steps = result.document.at("play");
    result.recorded = result.document.value("recorded", result.recorded);
  } catch (const ordered_json::exception& e) {
    throw std::runtime_error(file.string() + ": " + e.what());
  }
  return result;
}

std::vector<scenario> load_all() {
  std::vector<scenario> all;
  for (const auto& entry : std::filesystem::directory_iterator(
         std::filesystem::path{PROJECT_SOURCE_ROOT}
         / "test/conformance/scenarios"))
    if (entry.path().extension() == ".json")
      all.push_back(load(entry.path()));
  std::sort(all.begin(), all.end(), [](const scenario& a, const scenario& b) {
    return a.name < b.name;
  });
  return all;
}

void record(const scenario& played, const std::vector<std::string>& shapes) {
  auto document = played.document;
  document["recorded"] = shapes;
  std::string text = "{";
  for (const auto& [name, value] : document.items())
    text += (text.size() == 1 ? "\n  " : ",\n  ") + ordered_json(name).dump()
            + ": " + (value.is_array() ? lines_of(value) : value.dump());
  std::ofstream{played.file} << text << "\n}\n";
}

} // namespace container_agent::test::conformance
