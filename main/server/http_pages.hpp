#pragma once

#include "main/server/http_connection.hpp"
#include "main/trace/record/tracer.hpp"
#include "messages/codec/control_message.hpp"

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

/// Whether the page needs no token: the view holds nothing of anybody's, and
/// whoever probes the agent's health (Kubernetes, a load balancer) need not
/// know a secret: he is answered `without_reasons`.
constexpr bool is_open(http_page page) {
  return page == http_page::view || page == http_page::livez
         || page == http_page::readyz;
}

/// The live view.
runtime::http_reply view_page();

/// What a page says, given the status document. `traced` as for
/// `metrics_text`. Neither of `view` nor of `trace`.
runtime::http_reply write_page(http_page page, std::string_view document,
                               const runtime::trace_counts* traced);

/// The status document for whoever happens to be on this machine: not what
/// Claude's open requests are about, which may be anything of the host's.
std::string without_summaries(std::string_view document);

/// What can't be told, and why: 503.
runtime::http_reply no_status(http_page page, std::string_view why);

/// Why nobody can follow the trace.
inline constexpr std::string_view untraced
  = "the agent does not trace: start it with --trace-ring";

/// Of a page about health only "ready" or "not ready".
runtime::http_reply without_reasons(runtime::http_reply reply);

/// Which events are wanted: `/trace?prompt=…&type=…&actor=…&past=100`, or what
/// is wrong with that. Without `past` all that may be had. Pure.
std::variant<codec::trace_wish, runtime::http_reply>
read_trace_query(std::string_view target);

} // namespace container_agent
