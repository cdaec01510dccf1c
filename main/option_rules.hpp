#pragma once

#include "main/option_sources.hpp"
#include "main/options.hpp"

namespace container_agent {

/// What can't be true together, and what single values may look like beyond
/// their type. Throws `option_error` at the first that is wrong.
void refuse_contradictions(const option_sources& given, const options& read);

} // namespace container_agent
