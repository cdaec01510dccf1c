#include "main/cli/environment.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>

namespace container_agent {

namespace {

constexpr std::string_view on_aws
  = "CLAUDE_CODE_USE_BEDROCK CLAUDE_CODE_USE_MANTLE "
    "CLAUDE_CODE_USE_ANTHROPIC_AWS";
constexpr std::string_view on_google = "CLAUDE_CODE_USE_VERTEX";
constexpr std::string_view on_azure = "CLAUDE_CODE_USE_FOUNDRY";

constexpr std::array allowed{
  // The system's own.
  allowed_variable{"PATH", "to find Claude, node, git and other tools"},
  allowed_variable{"HOME", "~/.claude: settings, log-in, transcripts"},
  allowed_variable{"USER", "who runs it"},
  allowed_variable{"LOGNAME", "who runs it"},
  allowed_variable{"SHELL", "the shell of Claude's Bash tool"},
  allowed_variable{"LANG", "language and encoding of tools"},
  allowed_variable{"LANGUAGE", "language of tools"},
  allowed_variable{"LC_*", "language and encoding of tools"},
  allowed_variable{"TZ", "time zone"},
  allowed_variable{"TERM", "what tools may print"},
  allowed_variable{"TMPDIR", "folder for temporary files"},
  allowed_variable{"XDG_*", "folders for settings, data and caches"},
  // Claude Code's own.
  allowed_variable{"ANTHROPIC_*", "key, address of the API, models"},
  allowed_variable{"CLAUDE_*", "Claude Code's switches and folders"},
  allowed_variable{"API_TIMEOUT_MS", "time limit of a request"},
  allowed_variable{"BASH_DEFAULT_TIMEOUT_MS", "limits of the Bash tool"},
  allowed_variable{"BASH_MAX_TIMEOUT_MS", "limits of the Bash tool"},
  allowed_variable{"BASH_MAX_OUTPUT_LENGTH", "limits of the Bash tool"},
  allowed_variable{"DISABLE_*", "DISABLE_AUTOUPDATER and its family"},
  allowed_variable{"DO_NOT_TRACK", "no telemetry"},
  allowed_variable{"ENABLE_CLAUDEAI_MCP_SERVERS", "which MCP servers"},
  allowed_variable{"ENABLE_PROMPT_CACHING_*", "caching of prompts"},
  allowed_variable{"ENABLE_TOOL_SEARCH", "MCP tools by search"},
  allowed_variable{"FORCE_AUTOUPDATE_PLUGINS", "updates of plugins"},
  allowed_variable{"FORCE_PROMPT_CACHING_*", "caching of prompts"},
  allowed_variable{"IS_SANDBOX", "says that the container is the sandbox"},
  allowed_variable{"MAX_MCP_OUTPUT_TOKENS", "limit of a tool's answer"},
  allowed_variable{"MAX_STRUCTURED_OUTPUT_RETRIES", "tries for --json-schema"},
  allowed_variable{"MAX_THINKING_TOKENS", "limit of thinking"},
  allowed_variable{"MCP_*", "time limits and log-in of MCP servers"},
  allowed_variable{"SLASH_COMMAND_TOOL_CHAR_BUDGET", "room for skills"},
  allowed_variable{"TASK_MAX_OUTPUT_LENGTH", "limit of a subagent's answer"},
  allowed_variable{"USE_BUILTIN_RIPGREP", "which search program"},
  // Claude on Amazon Bedrock, Google Vertex AI and Microsoft Foundry.
  allowed_variable{"AWS_*", "Bedrock: region, profile, credentials", on_aws},
  allowed_variable{"CLOUD_ML_REGION", "Vertex: region", on_google},
  allowed_variable{"CLOUDSDK_CONFIG", "Vertex: gcloud's credentials",
                   on_google},
  allowed_variable{"GCLOUD_PROJECT", "Vertex: project", on_google},
  allowed_variable{"GCE_METADATA_HOST", "Vertex: credentials of a machine",
                   on_google},
  allowed_variable{"GOOGLE_APPLICATION_CREDENTIALS", "Vertex: key file",
                   on_google},
  allowed_variable{"GOOGLE_CLOUD_PROJECT", "Vertex: project", on_google},
  allowed_variable{"VERTEX_REGION_*", "Vertex: region of each model",
                   on_google},
  allowed_variable{"AZURE_*", "Foundry: credentials", on_azure},
  // The way out of a network.
  allowed_variable{"HTTP_PROXY", "proxy"},
  allowed_variable{"HTTPS_PROXY", "proxy"},
  allowed_variable{"ALL_PROXY", "proxy"},
  allowed_variable{"NO_PROXY", "what needs no proxy"},
  allowed_variable{"http_proxy", "proxy"},
  allowed_variable{"https_proxy", "proxy"},
  allowed_variable{"all_proxy", "proxy"},
  allowed_variable{"no_proxy", "what needs no proxy"},
  allowed_variable{"SSL_CERT_FILE", "own certificate authorities"},
  allowed_variable{"SSL_CERT_DIR", "own certificate authorities"},
  allowed_variable{"NODE_EXTRA_CA_CERTS", "own certificate authorities"},
  // Watching.
  allowed_variable{"OTEL_*", "where telemetry goes"},
  allowed_variable{"TRACEPARENT", "the trace that this is a part of"},
  allowed_variable{"TRACESTATE", "the trace that this is a part of"},
};

constexpr std::array<std::string_view, 9> of_a_session{
  "CLAUDE_CODE_CHILD_SESSION",
  "CLAUDE_CODE_ENTRYPOINT",
  "CLAUDE_CODE_HOST_SESSION_ID",
  "CLAUDE_CODE_PARENT_SESSION_ID",
  "CLAUDE_CODE_SESSION_ACCESS_TOKEN",
  "CLAUDE_CODE_SESSION_ID",
  "CLAUDE_CODE_SSE_PORT",
  "CLAUDE_JOB_DIR",
  "CLAUDE_PID",
};

/// Debian's for root; whoever has no PATH has no other either.
constexpr std::string_view default_path
  = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

bool never_passed(std::string_view name) {
  return name == "CLAUDECODE" || name.starts_with("CONTAINER_AGENT_");
}

bool is_of_a_session(std::string_view name) {
  return std::find(of_a_session.begin(), of_a_session.end(), name)
         != of_a_session.end();
}

/// As Claude Code reads its switches.
bool is_on(std::string_view value) {
  return !value.empty() && value != "0" && value != "false" && value != "no"
         && value != "off";
}

bool any_is_on(std::string_view names, const std::vector<std::string>& own,
               const std::vector<std::string>& set) {
  while (!names.empty()) {
    auto name = names.substr(0, names.find(' '));
    auto value = variable_in(set, name);
    if (is_on(value.empty() ? variable_in(own, name) : value))
      return true;
    names.remove_prefix(std::min(name.size() + 1, names.size()));
  }
  return false;
}

/// Named as such, even a session's variable passes; by a pattern it does not.
bool passes_by_wish(std::string_view name,
                    const std::vector<std::string>& pass) {
  bool is_session = is_of_a_session(name);
  return std::any_of(pass.begin(), pass.end(), [&](const auto& pattern) {
    return is_session ? pattern == name : matches_variable(pattern, name);
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

std::span<const allowed_variable> default_allowed_variables() {
  return allowed;
}

std::span<const std::string_view> session_variables() {
  return of_a_session;
}

bool is_variable_name(std::string_view name) {
  auto is_first = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && is_first(name.front())
         && std::all_of(name.begin(), name.end(), [&](char c) {
              return is_first(c) || (c >= '0' && c <= '9');
            });
}

bool matches_variable(std::string_view pattern, std::string_view variable) {
  if (pattern.ends_with('*'))
    return variable.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == variable;
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
  std::vector<std::string_view> patterns;
  for (const auto& x : allowed)
    if (x.only_with.empty() || any_is_on(x.only_with, own, set))
      patterns.push_back(x.name);
  auto passes_by_default = [&](std::string_view name) {
    return !is_of_a_session(name)
           && std::any_of(patterns.begin(), patterns.end(), [&](auto pattern) {
                return matches_variable(pattern, name);
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

} // namespace container_agent
