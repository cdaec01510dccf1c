#pragma once

#include "main/cli/option_sources.hpp"
#include "main/cli/options.hpp"

namespace container_agent {

/// What can't be true together, and what single values may look like beyond
/// their type. Throws `option_error` at the first that is wrong.
void refuse_contradictions(const option_sources& given, const options& read);

} // namespace container_agent
