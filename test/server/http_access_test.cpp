#include "main/server/http_access.hpp"
#include "main/server/http_address.hpp"
#include "test/support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace container_agent::test {

namespace {

/// The status of a refusal; 0: there is none.
unsigned judged(const http_access& access, runtime::http_request asked,
                bool open = false) {
  auto refused = access.refuse(asked, open);
  return refused ? refused->status : 0;
}

runtime::http_request from(std::string host, std::string origin = {},
                           std::string authorization = {}) {
  return {"GET", "/", std::move(host), std::move(origin),
          std::move(authorization)};
}

} // namespace

TEST(http_access, only_this_machine_by_its_own_names) {
  http_access access{"", "127.0.0.1"};
  for (const auto* host : {"localhost", "localhost:80", "127.0.0.1:8080",
                           "127.9.9.9", "[::1]", "[::1]:80"})
    EXPECT_EQ(judged(access, from(host)), 0u) << host;
  for (const auto* host :
       {"", "evil.example", "localhost.evil.example", "10.0.0.1",
        "127.0.0.1.evil.example", "::1", ":80", "[::2]"})
    EXPECT_EQ(judged(access, from(host)), 403u) << host;
}

TEST(http_access, a_page_of_another_origin_may_not_read) {
  http_access access{"", "127.0.0.1"};
  auto host = "127.0.0.1:8080";
  EXPECT_EQ(judged(access, from(host, "http://127.0.0.1:8080")), 0u);
  for (const auto* origin : {"http://127.0.0.1:9090", "http://evil.example",
                             "null", "http://localhost:8080"})
    EXPECT_EQ(judged(access, from(host, origin)), 403u) << origin;
}

TEST(http_access, a_token_is_for_whoever_knows_it) {
  http_access access{"abc", "0.0.0.0"};
  EXPECT_EQ(judged(access, from("pod.example", "", "Bearer abc")), 0u);
  for (const auto* wrong : {"", "Bearer", "Bearer ", "Bearer ab", "Bearer abcd",
                            "bearer abc", "Basic abc", "abc"})
    EXPECT_EQ(judged(access, from("pod.example", "", wrong)), 401u) << wrong;
  EXPECT_EQ(judged(access, from("pod.example"), true), 0u);
}

TEST(http_access, secrets_are_compared_whole) {
  EXPECT_TRUE(same_secret("abc", "abc"));
  for (const auto* other : {"", "ab", "abd", "abcabc", "xbc"})
    EXPECT_FALSE(same_secret(other, "abc")) << other;
  EXPECT_FALSE(same_secret("abc", ""));
}

TEST(http_access, trusts_whoever_knows_the_token) {
  EXPECT_TRUE((http_access{"", "127.0.0.1"}.trusts(from("localhost"))));
  http_access guarded{"abc", "127.0.0.1"};
  EXPECT_FALSE(guarded.trusts(from("localhost")));
  EXPECT_TRUE(guarded.trusts(from("localhost", "", "Bearer abc")));
}

TEST(http_access, the_token_is_the_files_first_line) {
  temp_dir dir;
  auto token_in = [&](std::string_view text) {
    write_file(dir / "token", text);
    return read_token(dir / "token");
  };
  EXPECT_EQ(token_in("abc"), "abc");
  EXPECT_EQ(token_in("abc\n"), "abc");
  EXPECT_EQ(token_in("abc\r\ndef"), "abc");
  EXPECT_FALSE(token_in(""));
  EXPECT_FALSE(token_in("\nabc"));
  EXPECT_FALSE(read_token(dir / "none"));
}

TEST(http_addresses, are_numbers) {
  auto four = parse_http_address("127.0.0.1:80");
  ASSERT_TRUE(four);
  EXPECT_TRUE(four->loopback);
  EXPECT_EQ(four->text(), "127.0.0.1:80");
  auto six = parse_http_address("[::1]:0");
  ASSERT_TRUE(six);
  EXPECT_TRUE(six->ipv6 && six->loopback);
  EXPECT_EQ(six->text(), "[::1]:0");
  auto any = parse_http_address("0.0.0.0:65535");
  ASSERT_TRUE(any);
  EXPECT_FALSE(any->loopback);
  for (const auto* none :
       {"", ":80", "80", "localhost:80", "127.0.0.1", "127.0.0.1:", "::1:80",
        "127.0.0.1:65536", "127.0.0.1:-1", "[127.0.0.1]:80", "1.2.3:80"})
    EXPECT_FALSE(parse_http_address(none)) << none;
}

} // namespace container_agent::test
