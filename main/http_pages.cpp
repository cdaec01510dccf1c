#include "main/http_pages.hpp"

#include "main/health_line.hpp"
#include "main/live_view.hpp"
#include "main/metrics_text.hpp"

#include <array>
#include <string>
#include <utility>

namespace container_agent {

namespace {

using runtime::http_reply;

constexpr std::array<std::pair<std::string_view, http_page>, 6> pages{
  std::pair{"/", http_page::view},  {"/livez", http_page::livez},
  {"/readyz", http_page::readyz},   {"/status", http_page::status},
  {"/metrics", http_page::metrics}, {"/trace", http_page::trace}};

constexpr auto plain_text = "text/plain; charset=utf-8";

http_reply not_found() {
  std::string body = "there is no such page; there are:\n";
  for (const auto& [path, page] : pages)
    body += std::string{path} + '\n';
  return {404, plain_text, std::move(body)};
}

http_reply health_page(health_question asked, std::string_view document) {
  auto [good, text] = judge_health(asked, document);
  return {good ? 200U : 503U, plain_text, text + '\n'};
}

} // namespace

std::variant<http_page, http_reply>
find_page(const runtime::http_request& asked) {
  auto path = std::string_view{asked.target};
  path = path.substr(0, path.find('?'));
  for (const auto& [name, page] : pages) {
    if (path != name)
      continue;
    if (asked.method == "GET" || asked.method == "HEAD")
      return page;
    return http_reply{405,
                      plain_text,
                      "nothing can be changed here, only read\n",
                      {{"Allow", "GET, HEAD"}}};
  }
  return not_found();
}

http_reply write_page(http_page page, std::string_view document,
                      const runtime::trace_counts* traced) {
  switch (page) {
    case http_page::livez: return health_page(health_question::live, document);
    case http_page::readyz:
      return health_page(health_question::ready, document);
    case http_page::status:
      return {200, "application/json", std::string{document} + '\n'};
    case http_page::metrics:
      return {200, "text/plain; version=0.0.4; charset=utf-8",
              metrics_text(document, traced)};
    case http_page::trace:
      return {503, plain_text,
              "the agent does not trace: start it with --trace-ring\n"};
    case http_page::view: break;
  }
  // What the page itself allows is in it, by hashes.
  return {200,
          "text/html; charset=utf-8",
          std::string{live_view_page()},
          {{"Content-Security-Policy", "frame-ancestors 'none'"},
           {"Referrer-Policy", "no-referrer"}}};
}

http_reply no_status(http_page page, std::string_view why) {
  auto begin = page == http_page::livez    ? "not live: "
               : page == http_page::readyz ? "not ready: "
                                           : "";
  return {503, plain_text, begin + std::string{why} + '\n'};
}

} // namespace container_agent
