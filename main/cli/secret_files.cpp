#include "main/cli/secret_files.hpp"

#include "main/cli/environment.hpp"
#include "main/server/http_access.hpp"
#include "messages/errors.hpp"

#include <unistd.h>

#include <array>

namespace container_agent {

namespace {

constexpr std::array<std::string_view, 5> secrets{
  "ANTHROPIC_API_KEY",        "ANTHROPIC_AUTH_TOKEN",
  "CLAUDE_CODE_OAUTH_TOKEN",  "ANTHROPIC_FOUNDRY_API_KEY",
  "AWS_BEARER_TOKEN_BEDROCK",
};

early_exit bad_secret(const std::string& what, const std::string& advice) {
  return {static_cast<std::int32_t>(exit_code::bad_usage),
          "container-agent: " + what + "\n  " + advice + '\n'};
}

std::string who() {
  return "user " + std::to_string(::geteuid()) + ", group "
         + std::to_string(::getegid());
}

} // namespace

std::span<const std::string_view> secret_variables() {
  return secrets;
}

std::optional<early_exit>
read_secret_files(std::vector<std::string>& environment) {
  for (auto secret : secrets) {
    std::string name{secret};
    auto in_file = name + "_FILE";
    std::string path{variable_in(environment, in_file)};
    std::erase_if(environment, [&](const auto& variable) {
      return variable.starts_with(in_file + '=');
    });
    if (path.empty())
      continue;
    if (!variable_in(environment, name).empty())
      return bad_secret(in_file + ": " + name + " is set, too",
                        "Set one of the two.");
    auto value = read_token(path);
    if (!value)
      return bad_secret(
        in_file + ": " + path + " can't be read, or its first line is empty",
        "Write the secret into it, and let it be readable for " + who() + ".");
    std::erase_if(environment, [&](const auto& variable) {
      return variable.starts_with(name + '=');
    });
    environment.push_back(name + '=' + *value);
  }
  return std::nullopt;
}

} // namespace container_agent
