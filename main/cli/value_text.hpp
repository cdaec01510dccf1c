#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// How values of options are written and shown. All of it is pure; nothing
/// throws.
namespace container_agent {

/// A whole number without sign, decimal.
std::optional<std::uint64_t> parse_count(std::string_view text);

/// "16MiB", "1000": as options take it.
std::string format_size(std::uint64_t bytes);

/// "7s", "2m", "0": as options take it.
std::string format_duration(std::chrono::milliseconds duration);

/// Words separated by blanks; quotes and backslashes as a POSIX shell reads
/// them, nothing is expanded. Nothing if a quote is not closed.
std::optional<std::vector<std::string>> split_words(std::string_view text);

/// `text` on one line, secrets replaced.
std::string printable(std::string_view text);

/// `text` in double quotes for a message, on one line, at most 60 bytes of it,
/// secrets replaced.
std::string in_quotes(std::string_view text);

/// Claude's arguments on one line, for the log: each redacted, also the
/// argument after one with a secret name (`--api-key X`); of texts that may be
/// prompts or hold settings (`--system-prompt`, `--mcp-config`, …) and of long
/// ones only the size is told.
std::string redact_arguments(const std::vector<std::string>& arguments);

} // namespace container_agent
