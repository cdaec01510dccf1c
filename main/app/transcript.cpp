#include "main/app/transcript.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace container_agent {

namespace {

std::string variable(const std::vector<std::string>& environment,
                     const std::string& name) {
  for (const auto& entry : environment)
    if (entry.starts_with(name + '='))
      return entry.substr(name.size() + 1);
  return {};
}

} // namespace

bool has_transcript(const std::vector<std::string>& environment,
                    std::string_view session) {
  namespace fs = std::filesystem;
  auto folder = variable(environment, "CLAUDE_CONFIG_DIR");
  if (folder.empty()) {
    folder = variable(environment, "HOME");
    if (folder.empty())
      return true;
    folder += "/.claude";
  }
  std::error_code error;
  fs::directory_iterator projects{folder + "/projects", error};
  if (error)
    return error != std::errc::no_such_file_or_directory;
  return std::any_of(begin(projects), end(projects), [&](const auto& project) {
    auto file = project.path() / (std::string{session} + ".jsonl");
    std::error_code unknown;
    return fs::exists(file, unknown) || unknown;
  });
}

} // namespace container_agent
