#include "main/cli/secret_files.hpp"
#include "messages/errors.hpp"
#include "test/support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace container_agent::test {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

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
  for (auto secret : secret_variables()) {
    std::string name{secret};
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
