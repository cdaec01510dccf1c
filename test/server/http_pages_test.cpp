#include "main/server/http_pages.hpp"
#include "main/server/live_view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace container_agent::test {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

runtime::http_request request_for(std::string target,
                                  std::string method = "GET") {
  return {std::move(method), std::move(target), "localhost", "", ""};
}

unsigned status_of(const std::variant<http_page, runtime::http_reply>& found) {
  const auto* reply = std::get_if<runtime::http_reply>(&found);
  return reply == nullptr ? 200 : reply->status;
}

codec::trace_wish wish_in(const std::string& target) {
  auto read = read_trace_query(target);
  if (auto* reply = std::get_if<runtime::http_reply>(&read)) {
    ADD_FAILURE() << target << ": " << reply->body;
    return {};
  }
  return std::get<codec::trace_wish>(read);
}

constexpr auto degraded = R"({"state":"degraded","live":true,"ready":false,)"
                          R"("why":"Claude is away: secret words"})";

} // namespace

TEST(http_pages, are_found_by_their_paths_and_only_read) {
  EXPECT_EQ(std::get<http_page>(find_page(request_for("/"))), http_page::view);
  EXPECT_EQ(std::get<http_page>(find_page(request_for("/metrics?x=1", "HEAD"))),
            http_page::metrics);
  for (const auto* path : {"", "/x", "/livez/", "//", "/LIVEZ", "livez",
                           "http://localhost/livez", "/../livez"})
    EXPECT_EQ(status_of(find_page(request_for(path))), 404u) << path;
  for (const auto* method : {"POST", "get", "OPTIONS", "CONNECT", ""})
    EXPECT_EQ(status_of(find_page(request_for("/livez", method))), 405u)
      << method;
}

TEST(http_pages, of_health_say_what_the_subcommand_says) {
  auto live = write_page(http_page::livez, degraded, nullptr);
  EXPECT_EQ(live.status, 200u);
  EXPECT_EQ(live.body, "live: degraded, Claude is away: secret words\n");
  auto ready = write_page(http_page::readyz, degraded, nullptr);
  EXPECT_EQ(ready.status, 503u);
  EXPECT_EQ(ready.body, "not ready: degraded, Claude is away: secret words\n");
  EXPECT_EQ(without_reasons(live).body, "live\n");
  EXPECT_EQ(without_reasons(ready).body, "not ready\n");
  auto silent = no_status(http_page::livez, "no words");
  EXPECT_EQ(silent.status, 503u);
  EXPECT_EQ(without_reasons(silent).body, "not live\n");
}

TEST(http_pages, the_view_may_run_nothing_but_itself) {
  auto view = view_page();
  std::map<std::string, std::string> headers{view.headers.begin(),
                                             view.headers.end()};
  auto policy = headers["Content-Security-Policy"];
  EXPECT_THAT(policy, testing::StartsWith("default-src 'none'; script-src "
                                          "'sha256-"));
  EXPECT_THAT(policy, testing::EndsWith("; frame-ancestors 'none'"));
  EXPECT_THAT(policy, Not(HasSubstr("\n")));
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
  // The page's own has them all; white space says nothing in it.
  auto hashes = [](std::string_view text) {
    std::size_t count = 0;
    for (auto at = text.find("'sha256-"); at != std::string_view::npos;
         at = text.find("'sha256-", at + 1))
      ++count;
    return count;
  };
  EXPECT_EQ(hashes(policy), hashes(live_view_page()));
  EXPECT_GT(hashes(policy), 10u);
}

TEST(http_pages, events_are_chosen_by_the_query) {
  auto all = wish_in("/trace");
  EXPECT_TRUE(all.prompt.empty() && all.types.empty() && all.actors.empty());
  EXPECT_EQ(all.past, 1000u);
  auto some = wish_in("/trace?type=host_line&type=child_input&actor=control"
                      "&prompt=d0c4a1b2-0123-4567-89ab-cdef01234567&past=0");
  EXPECT_THAT(some.types, ElementsAre("host_line", "child_input"));
  EXPECT_THAT(some.actors, ElementsAre("control"));
  EXPECT_EQ(some.prompt, "d0c4a1b2-0123-4567-89ab-cdef01234567");
  EXPECT_EQ(some.past, 0u);
  for (const auto* wrong :
       {"/trace?x=1", "/trace?type", "/trace?type=", "/trace?type=a%20b",
        "/trace?past=-1", "/trace?past=x", "/trace?past=99999999999999999999",
        "/trace?&type=a", "/trace?type=a&&", "/trace?=a", "/trace?type=<b>"})
    EXPECT_TRUE(
      std::holds_alternative<runtime::http_reply>(read_trace_query(wrong)))
      << wrong;
}

TEST(http_pages, whoever_is_on_this_machine_sees_no_summary) {
  EXPECT_EQ(without_summaries(R"({"a":1,"requests":{"open":1,"list":[)"
                              R"({"id":"q","summary":"git push"}]}})"),
            R"({"a":1,"requests":{"open":1,"list":[)"
            R"({"id":"q","summary":null}]}})");
  EXPECT_EQ(without_summaries(R"({"a":1})"), R"({"a":1})");
  EXPECT_EQ(without_summaries("no document"), "no document");
}

} // namespace container_agent::test
