#include "main/log/redaction.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace container_agent::test {

namespace {

using testing::HasSubstr;
using testing::Not;

} // namespace

TEST(redaction, hides_what_looks_like_a_key) {
  for (std::string secret :
       {"sk-ant-api03-AbC_d-9", "sk-proj-0123456789abcdef",
        "ghp_0123456789abcdefghij", "gho_0123456789abcdefghij",
        "github_pat_0123456789abcdefghij", "glpat-0123456789abcdefghij",
        "npm_0123456789abcdefghijkl", "xoxb-0123456789-abc",
        "AKIA0123456789ABCDEF", "ASIA0123456789ABCDEF",
        "AIza0123456789abcdefghijklmnopqrstuv", "ya29.0123456789abcdefghij",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcdef"}) {
    EXPECT_EQ(redact(secret), "[redacted]");
    EXPECT_EQ(redact("see " + secret + ", or not"), "see [redacted], or not");
    EXPECT_EQ(redact("\"" + secret + "\""), "\"[redacted]\"");
  }
}

TEST(redaction, hides_credentials_after_their_scheme) {
  EXPECT_EQ(redact("Bearer abc.def"), "Bearer [redacted]");
  EXPECT_EQ(redact("sent bearer  abc now"), "sent bearer  [redacted] now");
  EXPECT_EQ(redact("Basic dXNlcjpwYXNzd29yZA=="), "Basic [redacted]");
}

TEST(redaction, hides_what_is_assigned_to_a_secret_name) {
  EXPECT_EQ(redact("ANTHROPIC_API_KEY=abc def"),
            "ANTHROPIC_API_KEY=[redacted] def");
  EXPECT_EQ(redact("db_password: hunter2, ok"), "db_password: [redacted], ok");
  EXPECT_EQ(redact(R"({"api_key":"abc","n":1})"),
            R"({"api_key":"[redacted]","n":1})");
  EXPECT_EQ(redact(R"({"token" : "a\"b c"})"), R"({"token" : "[redacted]"})");
  EXPECT_EQ(redact(R"({\"secret\":\"a b\"})"),
            R"({\"secret\":\"[redacted]\"})");
  EXPECT_EQ(redact("https://x/y?access_token=abc&z=1"),
            "https://x/y?access_token=[redacted]&z=1");
  EXPECT_EQ(redact("--api-key=abc"), "--api-key=[redacted]");
  EXPECT_EQ(redact("x-api-key: 'a b'"), "x-api-key: '[redacted]'");
}

TEST(redaction, hides_headers) {
  EXPECT_EQ(redact("Authorization: Bearer abc"),
            "Authorization: Bearer [redacted]");
  EXPECT_EQ(redact("Authorization: abc"), "Authorization: [redacted]");
  EXPECT_EQ(redact(R"("authorization": "Basic abc")"),
            R"("authorization": "Basic [redacted]")");
  EXPECT_EQ(redact("Cookie: a=b; c=d\nHost: x"), "Cookie: [redacted]\nHost: x");
}

TEST(redaction, hides_passwords_in_urls) {
  EXPECT_EQ(redact("at https://user:pa:ss@host/p?q"),
            "at https://user:[redacted]@host/p?q");
  EXPECT_EQ(redact("http://host:80/a@b"), "http://host:80/a@b");
}

TEST(redaction, hides_private_keys) {
  auto text = redact("a -----BEGIN RSA PRIVATE KEY-----\nMIIabc\n"
                     "-----END RSA PRIVATE KEY----- b");
  EXPECT_THAT(text, Not(HasSubstr("MIIabc")));
  EXPECT_THAT(text, HasSubstr(" b"));
  // Cut off: everything goes.
  EXPECT_THAT(redact("-----BEGIN PRIVATE KEY-----\nMIIabc"),
              Not(HasSubstr("MIIabc")));
}

TEST(redaction, leaves_the_rest_as_it_is) {
  for (std::string text : {"",
                           "hello",
                           "sk-",
                           "risk-averse",
                           "task-ant-hill",
                           "bearer",
                           "basic idea",
                           "Basic training for all",
                           "the key",
                           "key",
                           "a: b",
                           "http://127.0.0.1:8080/v1",
                           "user@host",
                           "12:30:00",
                           "ä€ \xff x",
                           "-----BEGIN CERTIFICATE-----",
                           "tokens",
                           "=",
                           ":",
                           "\"",
                           "\\",
                           "key=",
                           "key: ",
                           "password=\"\""})
    EXPECT_EQ(redact(text), text);
}

TEST(redaction, stands_every_cut_and_any_length) {
  const std::string text = R"(k: Authorization: Bearer "x" {\"key\":\"a\"} )"
                           "https://a:b@c sk-ant-x -----BEGIN PRIVATE KEY-----";
  for (std::size_t i = 0; i <= text.size(); ++i) {
    redact(std::string_view{text}.substr(0, i));
    redact(std::string_view{text}.substr(i));
  }
  // Many small parts of one long name must not take quadratic time: with it,
  // this takes minutes.
  std::string parts;
  for (int i = 0; i < 500'000; ++i)
    parts += "a-";
  EXPECT_EQ(redact(parts), parts);
}

TEST(redaction, knows_secret_names) {
  for (auto name :
       {"key", "API_KEY", "token", "authToken", "client_secret", "Password",
        "passwd", "credential", "set-cookie", "Authorization"})
    EXPECT_TRUE(is_secret_name(name)) << name;
  for (auto name : {"", "uuid", "event", "path", "ke", "session_id"})
    EXPECT_FALSE(is_secret_name(name)) << name;
}

TEST(redaction, of_arguments_hides_values_of_secret_options) {
  EXPECT_EQ(redact_arguments({"--model", "opus", "--api-key", "abc", "-p"}),
            "--model opus --api-key [redacted] -p");
  EXPECT_EQ(redact_arguments({"--token=abc", "x"}), "--token=[redacted] x");
  EXPECT_EQ(redact_arguments({"--token", "--model", "x"}), "--token --model x");
  EXPECT_EQ(redact_arguments({"--header", "Authorization: Bearer abc"}),
            "--header Authorization: Bearer [redacted]");
  EXPECT_EQ(redact_arguments({}), "");
}

TEST(redaction, of_arguments_tells_only_the_size_of_texts) {
  EXPECT_EQ(redact_arguments({"--append-system-prompt", "be nice"}),
            "--append-system-prompt [7 bytes]");
  EXPECT_EQ(redact_arguments({"--mcp-config={}"}), "--mcp-config=[2 bytes]");
  EXPECT_EQ(redact_arguments({std::string(200, 'x')}), std::string(200, 'x'));
  EXPECT_EQ(redact_arguments({std::string(201, 'x')}), "[201 bytes]");
}

} // namespace container_agent::test
