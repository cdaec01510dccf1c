#pragma once

#include "main/trace/record/tracer.hpp"

#include <string>
#include <string_view>

namespace container_agent {

/// The metrics of an agent in Prometheus' text format, from its status document
/// and its tracer's counts (null: it does not trace). docs/metrics.md lists
/// them all. Values missing in the document are left out.
std::string metrics_text(std::string_view document,
                         const runtime::trace_counts* traced);

} // namespace container_agent
