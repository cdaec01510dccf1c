#pragma once

#include <string>
#include <string_view>

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

} // namespace container_agent
