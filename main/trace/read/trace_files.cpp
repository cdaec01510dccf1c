#include "main/trace/read/trace_files.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <istream>
#include <system_error>

namespace container_agent::trace {

trace_files::trace_files(const std::vector<std::string>& names,
                         std::istream& standard) {
  for (const auto& name : names) {
    if (name == "-")
      inputs_.push_back({"standard input", &standard});
    else if (error_.empty())
      open(name);
  }
}

void trace_files::open(const std::string& name) {
  // An ifstream opens a directory, and then fails to read it without a word.
  std::error_code unknown;
  if (std::filesystem::is_directory(name, unknown)) {
    error_ = name + ": is a directory, not a trace file";
    return;
  }
  auto& file = files_.emplace_back(name, std::ios::binary);
  if (file)
    inputs_.push_back({name, &file});
  else
    error_ = name + ": cannot be opened: " + std::strerror(errno);
}

} // namespace container_agent::trace
