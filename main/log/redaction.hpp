#pragma once

#include <string>
#include <string_view>
#include <vector>

/// Keeps secrets out of logs and messages. All of it is pure.
namespace container_agent {

/// What stands in a secret's place.
inline constexpr std::string_view redacted = "[redacted]";

/// Whether what goes by this name is secret: names with key, token, secret,
/// password, passwd, credential, cookie or authorization in them, in any case.
bool is_secret_name(std::string_view name);

/// `text` with everything that looks like a secret replaced by `[redacted]`:
/// keys and tokens by their well-known beginnings (sk-…, ghp_…, AKIA…, and
/// others), `Bearer …` and `Basic …`, private keys in PEM, passwords in URLs,
/// JSON Web Tokens, and what is assigned to a secret name (`api_key=…`,
/// `"token": "…"`, `Authorization: …`).
std::string redact(std::string_view text);

/// Command line arguments on one line, for the log: each redacted, also the
/// argument after one with a secret name (`--api-key X`); of texts that may be
/// prompts or hold settings (`--system-prompt`, `--mcp-config`, …) and of long
/// ones only the size is told.
std::string redact_arguments(const std::vector<std::string>& arguments);

} // namespace container_agent
