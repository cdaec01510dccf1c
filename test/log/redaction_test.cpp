#include "main/log/redaction.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace container_agent::test {

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

TEST(redaction, hides_secrets_where_they_stand) {
  const std::pair<std::string_view, std::string_view> cases[] = {
    // after their scheme
    {"Bearer abc.def", "Bearer [redacted]"},
    {"sent bearer  abc now", "sent bearer  [redacted] now"},
    {"Basic dXNlcjpwYXNzd29yZA==", "Basic [redacted]"},
    // assigned to a secret name
    {"ANTHROPIC_API_KEY=abc def", "ANTHROPIC_API_KEY=[redacted] def"},
    {"db_password: hunter2, ok", "db_password: [redacted], ok"},
    {R"({"api_key":"abc","n":1})", R"({"api_key":"[redacted]","n":1})"},
    {R"({"token" : "a\"b c"})", R"({"token" : "[redacted]"})"},
    {R"({\"secret\":\"a b\"})", R"({\"secret\":\"[redacted]\"})"},
    {"https://x/y?access_token=abc&z=1",
     "https://x/y?access_token=[redacted]&z=1"},
    {"--api-key=abc", "--api-key=[redacted]"},
    {"x-api-key: 'a b'", "x-api-key: '[redacted]'"},
    // in headers
    {"Authorization: Bearer abc", "Authorization: Bearer [redacted]"},
    {"Authorization: Token \"a b\"", "Authorization: Token \"[redacted]\""},
    {"Authorization: abc", "Authorization: [redacted]"},
    {R"("authorization": "Basic abc")",
     R"("authorization": "Basic [redacted]")"},
    {"Cookie: a=b; c=d\nHost: x", "Cookie: [redacted]\nHost: x"},
    // in URLs
    {"at https://user:pa:ss@host/p?q", "at https://user:[redacted]@host/p?q"},
    {"http://host:80/a@b", "http://host:80/a@b"},
    // private keys, whole and cut off
    {"a -----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY----- b",
     "a -----BEGIN RSA PRIVATE KEY-----[redacted]"
     "-----END RSA PRIVATE KEY----- b"},
    {"-----BEGIN PRIVATE KEY-----\nMII",
     "-----BEGIN PRIVATE KEY-----[redacted]"},
  };
  for (auto [text, result] : cases)
    EXPECT_EQ(redact(text), result);
}

TEST(redaction, leaves_the_rest_as_it_is) {
  for (std::string_view text : {"",
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
        "passwd", "passphrase", "credential", "set-cookie", "Authorization"})
    EXPECT_TRUE(is_secret_name(name)) << name;
  for (auto name : {"", "uuid", "event", "path", "ke", "session_id"})
    EXPECT_FALSE(is_secret_name(name)) << name;
}

} // namespace container_agent::test
