#pragma once

#include "main/trace/record/tracer.hpp"

#include <string>
#include <string_view>

namespace container_agent {

/// The metrics of an agent in Prometheus' text format: what its status document
/// says, and what its tracer has counted (null: it does not trace). Each is
/// listed in docs/metrics.md. What the document does not say is left out.
std::string metrics_text(std::string_view document,
                         const runtime::trace_counts* traced);

} // namespace container_agent
