#pragma once

#include "main/runtime/http_connection.hpp"
#include "main/runtime/trace/tracer.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

namespace container_agent {

/// The pages that there are: docs/http.md.
enum class http_page : std::uint8_t {
  view,
  livez,
  readyz,
  status,
  metrics,
  trace, ///< does not end
};

/// Which page is asked for, or the reply if it is none, or not asked for as it
/// should be. Pure.
std::variant<http_page, runtime::http_reply>
find_page(const runtime::http_request& asked);

/// Whether the page is the same for everybody, and holds nothing of anybody's.
constexpr bool is_open(http_page page) {
  return page == http_page::view;
}

/// What a page says, given the status document (of `view` it does not matter).
/// `traced` as for `metrics_text`.
runtime::http_reply write_page(http_page page, std::string_view document,
                               const runtime::trace_counts* traced);

/// The agent has not told its status: `why`.
runtime::http_reply no_status(http_page page, std::string_view why);

} // namespace container_agent
