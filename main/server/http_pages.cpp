#include "main/server/http_pages.hpp"

#include "main/log/ascii.hpp"
#include "main/server/health_line.hpp"
#include "main/server/live_view.hpp"
#include "main/server/metrics_text.hpp"
#include "main/trace/sinks/trace_stream.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
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

// The page holds its own policy, with hashes. This puts it on one line, and
// adds what only a header can say.
std::string policy_of(std::string_view page) {
  constexpr std::string_view begin
    = R"(http-equiv="Content-Security-Policy" content=")";
  auto at = page.find(begin);
  auto text = page.substr(at + begin.size());
  text = text.substr(0, text.find('"'));
  std::string result;
  for (char c : text)
    if (c != '\n' && (c != ' ' || !result.ends_with(' ')))
      result += c;
  return at == std::string_view::npos ? "default-src 'none'"
                                      : result + "; frame-ancestors 'none'";
}

// Whether the value needs no percent-encoding; names and ids don't.
bool is_plain(std::string_view value) {
  return !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
    auto letter = ascii_lower(c);
    return (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9')
           || c == '_' || c == '-';
  });
}

bool read_count(std::string_view text, std::uint64_t& into) {
  const auto* end = text.data() + text.size();
  auto [rest, error] = std::from_chars(text.data(), end, into);
  return error == std::errc{} && rest == end;
}

http_reply bad_query(std::string_view name) {
  auto known
    = name == "prompt" || name == "type" || name == "actor" || name == "past";
  return {400, plain_text,
          known ? std::string{name} + " can't be that\n"
                : "there are prompt, type, actor and past to choose by\n"};
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
    case http_page::view:
    case http_page::trace: break;
  }
  return not_found();
}

http_reply view_page() {
  auto page = live_view_page();
  return {200,
          "text/html; charset=utf-8",
          std::string{page},
          {{"Content-Security-Policy", policy_of(page)}}};
}

std::string without_summaries(std::string_view document) {
  auto facts = nlohmann::ordered_json::parse(document, nullptr, false);
  constexpr auto list = "/requests/list";
  nlohmann::ordered_json::json_pointer place{list};
  if (!facts.is_object() || !facts.contains(place))
    return std::string{document};
  for (auto& request : facts[place])
    request["summary"] = nullptr;
  return facts.dump();
}

http_reply no_status(http_page page, std::string_view why) {
  auto begin = page == http_page::livez    ? "not live: "
               : page == http_page::readyz ? "not ready: "
                                           : "";
  return {503, plain_text, begin + std::string{why} + '\n'};
}

http_reply without_reasons(http_reply reply) {
  reply.body = reply.body.substr(0, reply.body.find(':')) + '\n';
  return reply;
}

std::variant<codec::trace_wish, http_reply>
read_trace_query(std::string_view target) {
  codec::trace_wish wish;
  wish.past = runtime::trace_stream::max_past;
  auto begin = target.find('?');
  auto rest = begin == std::string_view::npos ? "" : target.substr(begin + 1);
  while (!rest.empty()) {
    auto part = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    auto name = part.substr(0, part.find('='));
    auto value = part.substr(std::min(name.size() + 1, part.size()));
    if (!is_plain(value))
      return bad_query(name);
    if (name == "prompt")
      wish.prompt = value;
    else if (name == "type")
      wish.types.emplace_back(value);
    else if (name == "actor")
      wish.actors.emplace_back(value);
    else if (name != "past" || !read_count(value, wish.past))
      return bad_query(name);
  }
  return wish;
}

} // namespace container_agent
