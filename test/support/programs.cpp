#include "test/support/programs.hpp"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#ifndef CONTAINER_AGENT_BINARY_DEFAULT
#  define CONTAINER_AGENT_BINARY_DEFAULT ""
#endif
#ifndef FAKE_CLAUDE_BINARY_DEFAULT
#  define FAKE_CLAUDE_BINARY_DEFAULT ""
#endif
#ifndef THROWING_AGENT_BINARY_DEFAULT
#  define THROWING_AGENT_BINARY_DEFAULT ""
#endif
#ifndef CC_BRIDGE_HOST_BINARY_DEFAULT
#  define CC_BRIDGE_HOST_BINARY_DEFAULT ""
#endif

namespace container_agent::test {

namespace {

std::string find(const char* variable, const char* built,
                 const char* file_name) {
  if (const char* value = std::getenv(variable);
      value != nullptr && *value != '\0')
    return std::filesystem::absolute(value);
  if (*built != '\0')
    return built;
  auto here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  for (const auto& directory : {here, here.parent_path()})
    if (std::filesystem::is_regular_file(directory / file_name))
      return directory / file_name;
  throw std::runtime_error(std::string{"no "} + file_name + " found; set "
                           + variable);
}

} // namespace

std::string agent_binary() {
  return find("CONTAINER_AGENT_BINARY", CONTAINER_AGENT_BINARY_DEFAULT,
              "container-agent");
}

std::string fake_claude_binary() {
  return find("FAKE_CLAUDE_BINARY", FAKE_CLAUDE_BINARY_DEFAULT, "fake_claude");
}

std::string cc_bridge_host_binary() {
  return find("CC_BRIDGE_HOST_BINARY", CC_BRIDGE_HOST_BINARY_DEFAULT,
              "cc_bridge_host");
}

std::string throwing_agent_binary() {
  return find("THROWING_AGENT_BINARY", THROWING_AGENT_BINARY_DEFAULT,
              "throwing_agent");
}

} // namespace container_agent::test
