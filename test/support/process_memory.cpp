#include "test/support/process_memory.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace container_agent::test {

namespace {

std::uint64_t number_in(const std::map<std::string, std::string>& status,
                        const std::string& name) {
  auto i = status.find(name);
  return i == status.end() ? 0 : std::stoull(i->second);
}

} // namespace

std::map<std::string, std::string> status_of(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/status");
  std::map<std::string, std::string> result;
  std::string line;
  while (std::getline(in, line)) {
    auto colon = line.find(':');
    if (colon == std::string::npos)
      continue;
    auto value = line.find_first_not_of(" \t", colon + 1);
    result[line.substr(0, colon)]
      = value == std::string::npos ? "" : line.substr(value);
  }
  return result;
}

process_memory memory_of(pid_t pid) {
  auto status = status_of(pid);
  if (status.empty())
    throw std::runtime_error("no process " + std::to_string(pid));
  process_memory result;
  result.rss_kib = number_in(status, "VmRSS");
  result.peak_kib = number_in(status, "VmHWM");
  result.threads = static_cast<unsigned>(number_in(status, "Threads"));
  return result;
}

std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> result;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    auto name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos)
      continue;
    auto candidate = static_cast<pid_t>(std::stol(name));
    auto status = status_of(candidate);
    if (auto i = status.find("PPid");
        i != status.end() && std::stol(i->second) == pid)
      result.push_back(candidate);
  }
  return result;
}

std::vector<pid_t> descendants_of(pid_t pid) {
  auto result = children_of(pid);
  for (std::size_t i = 0; i < result.size(); ++i)
    for (auto child : children_of(result[i]))
      result.push_back(child);
  return result;
}

bool is_alive(pid_t pid) {
  auto status = status_of(pid);
  auto i = status.find("State");
  return i != status.end() && i->second[0] != 'Z' && i->second[0] != 'X';
}

} // namespace container_agent::test
