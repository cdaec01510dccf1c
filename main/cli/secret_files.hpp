#pragma once

#include "main/cli/options.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Secrets that come in files, as Docker, Compose and Kubernetes mount them,
/// and not in variables, which `docker inspect` shows to everybody.
namespace container_agent {

/// Those that may: for each NAME a NAME_FILE is understood. A list, because
/// other variables end in _FILE by themselves, such as SSL_CERT_FILE.
std::span<const std::string_view> secret_variables();

/// Puts NAME=<first line of the file> in the place of NAME_FILE=<path>, in an
/// environment of NAME=VALUE; an empty NAME_FILE counts as none. A file that
/// can't be read or is empty, and NAME beside NAME_FILE, are bad usage: the
/// agent does not start.
std::optional<early_exit>
read_secret_files(std::vector<std::string>& environment);

} // namespace container_agent
