#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// How values of options are written: sizes, durations, numbers, permissions,
/// switches, words. All of it is pure; nothing throws.
namespace container_agent {

/// Bytes: a whole number, with B, KiB, MiB, GiB (powers of 1024), K, M, G
/// (the same), or kB, MB, GB (powers of 1000); the case of letters does not
/// matter. Nothing if it is something else or does not fit.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// "500ms", "7s", "1.5s", "2m", "1h", or "0". Whole milliseconds only. Other
/// numbers need a unit: nobody should have to guess it.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// A whole number without sign, decimal.
std::optional<std::uint64_t> parse_count(std::string_view text);

/// A part of a whole: a decimal number from 0 to 1.
std::optional<double> parse_part(std::string_view text);

/// Permissions in octal, at most 0777, with or without a leading 0.
std::optional<std::uint32_t> parse_permissions(std::string_view text);

/// true, yes, on, 1 and false, no, off, 0.
std::optional<bool> parse_switch(std::string_view text);

/// The shortest text that `parse_size` reads back: "16MiB", "1000".
std::string format_size(std::uint64_t bytes);

/// The shortest text that `parse_duration` reads back: "7s", "2m", "0".
std::string format_duration(std::chrono::milliseconds duration);

/// Words separated by blanks; quotes and backslashes as a POSIX shell reads
/// them, nothing is expanded. Nothing if a quote is not closed.
std::optional<std::vector<std::string>> split_words(std::string_view text);

/// `text` in double quotes for a message, on one line, at most 60 bytes of it,
/// secrets replaced.
std::string in_quotes(std::string_view text);

/// Claude's arguments on one line, for the log: each redacted, also the
/// argument after one with a secret name (`--api-key X`); of texts that may be
/// prompts or hold settings (`--system-prompt`, `--mcp-config`, …) and of long
/// ones only the size is told.
std::string redact_arguments(const std::vector<std::string>& arguments);

} // namespace container_agent
