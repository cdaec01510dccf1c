#pragma once

#include "main/server/http_connection.hpp"
#include "main/trace/record/tracer.hpp"
#include "messages/codec/control_message.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

namespace container_agent {

/// All pages: docs/http.md.
enum class http_page : std::uint8_t {
  view,
  livez,
  readyz,
  status,
  metrics,
  trace, ///< does not end
};

/// The requested page; or a reply, if there is no such page or the request is
/// not valid for it. Pure.
std::variant<http_page, runtime::http_reply>
find_page(const runtime::http_request& asked);

/// Whether the page needs no token. The view holds nobody's data, and a health
/// probe (Kubernetes, a load balancer) need not know a secret; it is answered
/// `without_reasons`.
constexpr bool is_open(http_page page) {
  return page == http_page::view || page == http_page::livez
         || page == http_page::readyz;
}

/// The live view.
runtime::http_reply view_page();

/// The text of a page, made from the status document. `traced` as for
/// `metrics_text`. Not for `view` and `trace`.
runtime::http_reply write_page(http_page page, std::string_view document,
                               const runtime::trace_counts* traced);

/// The status document for any user of this machine: without the subjects of
/// Claude's open requests, which may hold anything of the host's.
std::string without_summaries(std::string_view document);

/// A 503 reply that says why there is no status.
runtime::http_reply no_status(http_page page, std::string_view why);

/// Why nobody can follow the trace.
inline constexpr std::string_view untraced
  = "the agent does not trace: start it with --trace-ring";

/// Reduces a health page to "ready" or "not ready" and the like.
runtime::http_reply without_reasons(runtime::http_reply reply);

/// The wanted events: `/trace?prompt=…&type=…&actor=…&past=100`; or a reply
/// that says what is wrong with the query. Without `past` it asks for as many
/// past events as possible. Pure.
std::variant<codec::trace_wish, runtime::http_reply>
read_trace_query(std::string_view target);

} // namespace container_agent
