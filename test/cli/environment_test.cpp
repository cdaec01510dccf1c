#include "main/cli/environment.hpp"
#include "messages/errors.hpp"
#include "test/support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace container_agent::test {

namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::UnorderedElementsAre;

using strings = std::vector<std::string>;

bool passes(const std::string& name, const strings& pass = {}) {
  auto variable = name + "=x";
  auto result = child_environment({"PATH=/bin", variable}, pass, {});
  return std::find(result.begin(), result.end(), variable) != result.end();
}

} // namespace

TEST(environment, passes_what_claude_needs) {
  for (auto name : {"HOME",
                    "USER",
                    "LOGNAME",
                    "SHELL",
                    "LANG",
                    "LC_ALL",
                    "LC_CTYPE",
                    "TZ",
                    "TERM",
                    "TMPDIR",
                    "XDG_CONFIG_HOME",
                    "ANTHROPIC_API_KEY",
                    "ANTHROPIC_BASE_URL",
                    "CLAUDE_CONFIG_DIR",
                    "CLAUDE_CODE_USE_BEDROCK",
                    "CLAUDE_CODE_OAUTH_TOKEN",
                    "CLAUDE_CODE_MAX_OUTPUT_TOKENS",
                    "HTTP_PROXY",
                    "https_proxy",
                    "NO_PROXY",
                    "no_proxy",
                    "SSL_CERT_FILE",
                    "SSL_CERT_DIR",
                    "NODE_EXTRA_CA_CERTS",
                    "DISABLE_AUTOUPDATER",
                    "DISABLE_TELEMETRY",
                    "OTEL_EXPORTER_OTLP_ENDPOINT",
                    "TRACEPARENT",
                    "IS_SANDBOX",
                    "MCP_TIMEOUT",
                    "BASH_DEFAULT_TIMEOUT_MS",
                    "API_TIMEOUT_MS",
                    "MAX_THINKING_TOKENS"})
    EXPECT_TRUE(passes(name)) << name;
  EXPECT_THAT(child_environment({"PATH=/x"}, {}, {}), ElementsAre("PATH=/x"));
}

TEST(environment, keeps_everything_else_back) {
  for (auto name :
       {"DATABASE_URL", "GITHUB_TOKEN", "OPENAI_API_KEY", "LD_PRELOAD",
        "LD_LIBRARY_PATH", "NODE_OPTIONS", "BASH_ENV", "ENV", "IFS", "PATHX",
        "HOMEX", "PWD", "OLDPWD", "SSH_AUTH_SOCK", "path", "XPATH"})
    EXPECT_FALSE(passes(name)) << name;
}

TEST(environment, passes_a_clouds_credentials_with_its_switch_only) {
  struct {
    const char* variable;
    const char* with;
  } const cases[] = {
    {"AWS_SECRET_ACCESS_KEY=x", "CLAUDE_CODE_USE_BEDROCK"},
    {"AWS_REGION=x", "CLAUDE_CODE_USE_ANTHROPIC_AWS"},
    {"AWS_PROFILE=x", "CLAUDE_CODE_USE_MANTLE"},
    {"GOOGLE_APPLICATION_CREDENTIALS=x", "CLAUDE_CODE_USE_VERTEX"},
    {"CLOUD_ML_REGION=x", "CLAUDE_CODE_USE_VERTEX"},
    {"VERTEX_REGION_CLAUDE_HAIKU_4_5=x", "CLAUDE_CODE_USE_VERTEX"},
    {"AZURE_CLIENT_SECRET=x", "CLAUDE_CODE_USE_FOUNDRY"},
  };
  for (const auto& x : cases) {
    std::string on = x.with;
    EXPECT_THAT(child_environment({x.variable}, {}, {}),
                Not(Contains(x.variable)));
    EXPECT_THAT(child_environment({x.variable, on + "=1"}, {}, {}),
                Contains(x.variable));
    EXPECT_THAT(child_environment({x.variable}, {}, {on + "=true"}),
                Contains(x.variable));
    EXPECT_THAT(child_environment({x.variable, on + "=0"}, {}, {}),
                Not(Contains(x.variable)));
    EXPECT_THAT(child_environment({x.variable, on + "=1"}, {}, {on + "=0"}),
                Not(Contains(x.variable)));
  }
}

TEST(environment, passes_what_is_wished) {
  EXPECT_TRUE(passes("GITHUB_TOKEN", {"GITHUB_TOKEN"}));
  EXPECT_TRUE(passes("GIT_DIR", {"X", "GIT_*"}));
  EXPECT_TRUE(passes("ANY", {"*"}));
  EXPECT_FALSE(passes("GITX", {"GIT_*"}));
  EXPECT_FALSE(passes("GIT_DIR", {"GIT_"}));
}

TEST(environment, never_passes_claudecode_nor_its_own) {
  for (auto name : {"CLAUDECODE", "CONTAINER_AGENT_ENV", "CONTAINER_AGENT_"}) {
    EXPECT_FALSE(passes(name)) << name;
    EXPECT_FALSE(passes(name, {"*"})) << name;
    EXPECT_FALSE(passes(name, {name})) << name;
    auto set = std::string{name} + "=y";
    EXPECT_THAT(child_environment({}, {}, {set}), Not(Contains(set)));
  }
}

TEST(environment, keeps_a_surrounding_session_out_unless_named) {
  for (std::string name :
       {"CLAUDE_CODE_CHILD_SESSION", "CLAUDE_CODE_ENTRYPOINT",
        "CLAUDE_CODE_HOST_SESSION_ID", "CLAUDE_CODE_PARENT_SESSION_ID",
        "CLAUDE_CODE_SESSION_ACCESS_TOKEN", "CLAUDE_CODE_SESSION_ID",
        "CLAUDE_CODE_SSE_PORT", "CLAUDE_JOB_DIR", "CLAUDE_PID"}) {
    EXPECT_FALSE(passes(name)) << name;
    EXPECT_FALSE(passes(name, {"*"})) << name;
    EXPECT_TRUE(passes(name, {name})) << name;
    EXPECT_THAT(child_environment({name + "=x"}, {}, {name + "=y"}),
                Contains(name + "=y"));
  }
}

TEST(environment, holds_what_is_set_once) {
  EXPECT_THAT(child_environment({"PATH=/a", "HOME=/b", "HOME=/c"}, {},
                                {"HOME=/d", "X=1=2", "X=", "Y=z"}),
              ElementsAre("PATH=/a", "HOME=/d", "X=", "Y=z"));
}

TEST(environment, always_has_a_path) {
  for (const auto& own : {strings{}, strings{"PATH="}}) {
    auto result = child_environment(own, {}, {});
    EXPECT_EQ(variable_in(result, "PATH"),
              "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    EXPECT_EQ(result.size(), 1U);
  }
  EXPECT_THAT(child_environment({}, {}, {"PATH=/x"}), ElementsAre("PATH=/x"));
}

TEST(environment, stands_odd_entries) {
  EXPECT_THAT(child_environment({"", "=x", "HOME", "PATH=/x"}, {"*"}, {}),
              ElementsAre("PATH=/x"));
}

TEST(environment, finds_values) {
  strings list{"AB=1", "A=2=3", "B="};
  EXPECT_EQ(variable_in(list, "A"), "2=3");
  EXPECT_EQ(variable_in(list, "AB"), "1");
  EXPECT_EQ(variable_in(list, "B"), "");
  EXPECT_EQ(variable_in(list, "C"), "");
}

TEST(environment, of_the_program_itself_can_be_read) {
  ASSERT_EQ(::setenv("CONTAINER_AGENT_TEST", "a b", 1), 0);
  EXPECT_EQ(variable_in(own_environment(), "CONTAINER_AGENT_TEST"), "a b");
  ::unsetenv("CONTAINER_AGENT_TEST");
}

// -- secrets in files ---------------------------------------------------------

namespace {

class secret_files : public testing::Test {
protected:
  std::string file_with(const std::string& text) {
    auto path = dir_ / "secret";
    std::ofstream{path} << text;
    return path.string();
  }

  std::string missing_file() { return (dir_ / "missing").string(); }

private:
  temp_dir dir_;
};

} // namespace

TEST_F(secret_files, put_the_first_line_in_the_place_of_the_file) {
  std::vector<std::string> environment{"HOME=/x", "ANTHROPIC_API_KEY_FILE="
                                                    + file_with("sk-1\n")};
  EXPECT_FALSE(read_secret_files(environment));
  EXPECT_THAT(environment, ElementsAre("HOME=/x", "ANTHROPIC_API_KEY=sk-1"));
}

TEST_F(secret_files, need_no_line_feed_and_bear_a_carriage_return) {
  for (const auto* text : {"sk-1", "sk-1\r\n", "sk-1\nmore\n"}) {
    std::vector<std::string> environment{"CLAUDE_CODE_OAUTH_TOKEN_FILE="
                                         + file_with(text)};
    EXPECT_FALSE(read_secret_files(environment));
    EXPECT_THAT(environment, ElementsAre("CLAUDE_CODE_OAUTH_TOKEN=sk-1"));
  }
}

TEST_F(secret_files, all_of_the_list_are_understood) {
  auto path = file_with("s\n");
  std::vector<std::string> environment;
  std::vector<std::string> expected;
  for (std::string name :
       {"ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN",
        "ANTHROPIC_FOUNDRY_API_KEY", "AWS_BEARER_TOKEN_BEDROCK"}) {
    environment.push_back(name + "_FILE=" + path);
    expected.push_back(name + "=s");
  }
  EXPECT_FALSE(read_secret_files(environment));
  EXPECT_THAT(environment, testing::UnorderedElementsAreArray(expected));
}

TEST_F(secret_files, an_empty_name_counts_as_none) {
  std::vector<std::string> environment{"ANTHROPIC_API_KEY_FILE=",
                                       "ANTHROPIC_API_KEY=sk-1"};
  EXPECT_FALSE(read_secret_files(environment));
  EXPECT_THAT(environment, ElementsAre("ANTHROPIC_API_KEY=sk-1"));
}

TEST_F(secret_files, an_empty_variable_beside_it_counts_as_none) {
  std::vector<std::string> environment{
    "ANTHROPIC_API_KEY=", "ANTHROPIC_API_KEY_FILE=" + file_with("sk-1\n")};
  EXPECT_FALSE(read_secret_files(environment));
  EXPECT_THAT(environment, ElementsAre("ANTHROPIC_API_KEY=sk-1"));
}

TEST_F(secret_files, both_ways_at_once_are_refused) {
  std::vector<std::string> environment{
    "ANTHROPIC_API_KEY=sk-1", "ANTHROPIC_API_KEY_FILE=" + file_with("sk-2\n")};
  auto error = read_secret_files(environment);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, static_cast<std::int32_t>(exit_code::bad_usage));
  EXPECT_THAT(error->text, HasSubstr("ANTHROPIC_API_KEY is set, too"));
}

TEST_F(secret_files, what_is_missing_or_empty_is_named_with_what_to_do) {
  for (const auto& path : {missing_file(), file_with(""), file_with("\nx\n")}) {
    std::vector<std::string> environment{"ANTHROPIC_API_KEY_FILE=" + path};
    auto error = read_secret_files(environment);
    ASSERT_TRUE(error) << path;
    EXPECT_EQ(error->code, static_cast<std::int32_t>(exit_code::bad_usage));
    EXPECT_THAT(error->text, HasSubstr(path));
    EXPECT_THAT(error->text, HasSubstr("readable for user "));
  }
}

TEST_F(secret_files, other_variables_that_end_so_stay) {
  std::vector<std::string> environment{"SSL_CERT_FILE=/etc/ssl/x",
                                       "AWS_WEB_IDENTITY_TOKEN_FILE=/y"};
  EXPECT_FALSE(read_secret_files(environment));
  EXPECT_THAT(environment,
              UnorderedElementsAre("SSL_CERT_FILE=/etc/ssl/x",
                                   "AWS_WEB_IDENTITY_TOKEN_FILE=/y"));
}

} // namespace container_agent::test
