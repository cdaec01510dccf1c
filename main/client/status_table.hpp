#pragma once

#include <string>
#include <string_view>

namespace container_agent {

/// The status document for people: a row for each part of it, ending in LF.
/// What is no status document comes back as it is.
std::string status_table(std::string_view document);

} // namespace container_agent
