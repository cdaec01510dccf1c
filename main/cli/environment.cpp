#include "main/cli/environment.hpp"

#include "main/cli/value_text.hpp"
#include "main/server/http_access.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace container_agent {

namespace {

/// Patterns, separated by blanks; docs/options.md says why each.
struct family {
  /// Passed only if one of these is on, if there are any: a cloud's credentials
  /// are for a Claude that is reached through that cloud.
  std::string_view switches;
  std::string_view patterns;
};

constexpr std::array families{
  family{"", "PATH HOME USER LOGNAME SHELL LANG LANGUAGE LC_* TZ TERM TMPDIR "
             "XDG_*"},
  // Claude Code's own. Not all of BASH_*: BASH_ENV would run code.
  family{"",
         "ANTHROPIC_* CLAUDE_* API_TIMEOUT_MS BASH_DEFAULT_TIMEOUT_MS "
         "BASH_MAX_TIMEOUT_MS BASH_MAX_OUTPUT_LENGTH DISABLE_* DO_NOT_TRACK "
         "ENABLE_CLAUDEAI_MCP_SERVERS ENABLE_PROMPT_CACHING_* "
         "ENABLE_TOOL_SEARCH FORCE_AUTOUPDATE_PLUGINS "
         "FORCE_PROMPT_CACHING_* IS_SANDBOX MAX_MCP_OUTPUT_TOKENS "
         "MAX_STRUCTURED_OUTPUT_RETRIES MAX_THINKING_TOKENS MCP_* "
         "SLASH_COMMAND_TOOL_CHAR_BUDGET TASK_MAX_OUTPUT_LENGTH "
         "USE_BUILTIN_RIPGREP"},
  family{"CLAUDE_CODE_USE_BEDROCK CLAUDE_CODE_USE_MANTLE "
         "CLAUDE_CODE_USE_ANTHROPIC_AWS",
         "AWS_*"},
  family{"CLAUDE_CODE_USE_VERTEX",
         "CLOUD_ML_REGION CLOUDSDK_CONFIG GCLOUD_PROJECT GCE_METADATA_HOST "
         "GOOGLE_APPLICATION_CREDENTIALS GOOGLE_CLOUD_PROJECT "
         "VERTEX_REGION_*"},
  family{"CLAUDE_CODE_USE_FOUNDRY", "AZURE_*"},
  // The way out of a network.
  family{"", "HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY http_proxy https_proxy "
             "all_proxy no_proxy SSL_CERT_FILE SSL_CERT_DIR "
             "NODE_EXTRA_CA_CERTS"},
  family{"", "OTEL_* TRACEPARENT TRACESTATE"},
};

/// Of a Claude Code session around the agent: with them the child takes itself
/// for a part of that session and, for one, keeps no transcript to resume from.
constexpr std::string_view of_a_session
  = "CLAUDE_CODE_CHILD_SESSION CLAUDE_CODE_ENTRYPOINT "
    "CLAUDE_CODE_HOST_SESSION_ID CLAUDE_CODE_PARENT_SESSION_ID "
    "CLAUDE_CODE_SESSION_ACCESS_TOKEN CLAUDE_CODE_SESSION_ID "
    "CLAUDE_CODE_SSE_PORT CLAUDE_JOB_DIR CLAUDE_PID";

/// A list, because other variables end in _FILE, such as SSL_CERT_FILE.
constexpr std::array secrets{
  "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN",
  "ANTHROPIC_FOUNDRY_API_KEY", "AWS_BEARER_TOKEN_BEDROCK"};

/// Debian's for root; whoever has no PATH has no other either.
constexpr std::string_view default_path
  = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

bool never_passed(std::string_view name) {
  return name == "CLAUDECODE" || name.starts_with("CONTAINER_AGENT_");
}

/// Whether one of the words, which blanks separate, is so.
template <class Predicate>
bool any_of(std::string_view words, Predicate is_so) {
  auto end = std::min(words.find(' '), words.size());
  return !words.empty()
         && (is_so(words.substr(0, end))
             || any_of(words.substr(std::min(end + 1, words.size())), is_so));
}

bool is_of_a_session(std::string_view name) {
  return any_of(of_a_session, [&](auto word) { return word == name; });
}

/// As Claude Code reads its switches.
bool is_on(std::string_view value) {
  return !value.empty()
         && !any_of("0 false no off", [&](auto off) { return off == value; });
}

/// Whether a name, or a pattern that ends in `*`, means `variable`.
bool matches(std::string_view pattern, std::string_view variable) {
  if (pattern.ends_with('*'))
    return variable.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == variable;
}

/// Named as such, even a session's variable passes; by a pattern it does not.
bool passes_by_wish(std::string_view name,
                    const std::vector<std::string>& pass) {
  bool is_session = is_of_a_session(name);
  return std::any_of(pass.begin(), pass.end(), [&](const auto& pattern) {
    return is_session ? pattern == name : matches(pattern, name);
  });
}

std::string_view name_of(std::string_view variable) {
  return variable.substr(0, variable.find('='));
}

void put(std::vector<std::string>& environment, const std::string& variable) {
  auto known
    = std::find_if(environment.begin(), environment.end(), [&](const auto& x) {
        return name_of(x) == name_of(variable);
      });
  if (known == environment.end())
    environment.push_back(variable);
  else
    *known = variable;
}

} // namespace

std::string complaint_about_variable(const std::string& pattern) {
  auto stem = pattern.substr(0, pattern.size() - pattern.ends_with('*'));
  bool is_name = std::ranges::all_of(stem, [](char c) {
    return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0;
  });
  bool begins_with_a_digit
    = !stem.empty() && std::isdigit(static_cast<unsigned char>(stem[0])) != 0;
  if (!is_name || begins_with_a_digit || pattern.empty())
    return in_quotes(pattern) + " can't be a variable's name";
  if (pattern == "CLAUDECODE")
    return "CLAUDECODE is never passed: Claude would take itself for a part of "
           "another session";
  if (stem == pattern && stem.starts_with("CONTAINER_AGENT_"))
    return stem + " is the agent's own and never passed";
  return "";
}

std::vector<std::string> own_environment() {
  std::vector<std::string> result;
  for (char** variable = ::environ; variable && *variable; ++variable)
    result.emplace_back(*variable);
  return result;
}

std::vector<std::string>
child_environment(const std::vector<std::string>& own,
                  const std::vector<std::string>& pass,
                  const std::vector<std::string>& set) {
  std::vector<std::string> result;
  auto is_switched_on = [&](std::string_view name) {
    auto value = variable_in(set, name);
    return is_on(value.empty() ? variable_in(own, name) : value);
  };
  auto passes_by_default = [&](std::string_view name) {
    return !is_of_a_session(name)
           && std::ranges::any_of(families, [&](const auto& x) {
                return (x.switches.empty()
                        || any_of(x.switches, is_switched_on))
                       && any_of(x.patterns, [&](auto pattern) {
                            return matches(pattern, name);
                          });
              });
  };
  for (const auto& variable : own) {
    auto name = name_of(variable);
    if (name.empty() || name.size() == variable.size() || never_passed(name))
      continue;
    if (passes_by_default(name) || passes_by_wish(name, pass))
      put(result, variable);
  }
  for (const auto& variable : set)
    if (!never_passed(name_of(variable)))
      put(result, variable);
  if (variable_in(result, "PATH").empty())
    put(result, std::string{default_path});
  return result;
}

std::string_view variable_in(const std::vector<std::string>& environment,
                             std::string_view name) {
  for (std::string_view variable : environment)
    if (variable.size() > name.size() && variable[name.size()] == '='
        && variable.starts_with(name))
      return variable.substr(name.size() + 1);
  return {};
}

std::optional<early_exit>
read_secret_files(std::vector<std::string>& environment) {
  for (std::string name : secrets) {
    auto in_file = name + "_FILE";
    std::string path{variable_in(environment, in_file)};
    std::erase_if(environment, [&](const auto& variable) {
      return variable.starts_with(in_file + '=');
    });
    if (path.empty())
      continue;
    if (!variable_in(environment, name).empty())
      return usage_error(in_file + ": " + name + " is set, too",
                         "Set one of the two.");
    auto value = read_token(path);
    if (!value)
      return usage_error(
        in_file + ": " + path + " can't be read, or its first line is empty",
        "Write the secret into it, and let it be readable for user "
          + std::to_string(::geteuid()) + ", group "
          + std::to_string(::getegid()) + '.');
    put(environment, name + '=' + *value);
  }
  return std::nullopt;
}

} // namespace container_agent
