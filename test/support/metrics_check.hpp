#pragma once

#include <string>
#include <vector>

namespace container_agent::test {

/// What Prometheus would not take of a text in its format, or would complain
/// of, as `promtool check metrics` does; a line each. Stricter than need be:
/// each family has HELP and TYPE before its samples, once, and its samples
/// stand together.
std::vector<std::string> metrics_faults(const std::string& text);

} // namespace container_agent::test
