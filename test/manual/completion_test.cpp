#include "main/client/trace_command.hpp"
#include "test/manual/shells.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

/// What the real shells offer.
namespace container_agent::test {

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;

struct shell {
  std::string name;
  std::set<std::string> (*offers)(const words& line);
};

/// A part of the test's name: not the bytes, which differ each time.
void PrintTo(const shell& tested, std::ostream* out) {
  *out << tested.name;
}

class completions : public testing::TestWithParam<shell> {
public:
  /// For the last word behind the program's name.
  static std::set<std::string> offers(words line) {
    line.insert(line.begin(), "container-agent");
    return GetParam().offers(line);
  }
};

words split(const std::string& text) {
  auto blank = text.find(' ');
  if (text.empty())
    return {};
  if (blank == text.npos)
    return {text};
  return {text.substr(0, blank), text.substr(blank + 1)};
}

/// `trace show` has its options once the prompt is named, at the latest.
words line_of(const command_description& command, const std::string& last) {
  auto result = split(command.words);
  result.push_back(last);
  return result;
}

} // namespace

TEST_P(completions, finish_an_option) {
  EXPECT_THAT(offers({"--mo"}), ElementsAre("--mode"));
}

TEST_P(completions, finish_a_subcommand) {
  EXPECT_THAT(offers({"trace", "conv"}), ElementsAre("convert"));
  EXPECT_THAT(offers({"hea"}), ElementsAre("health"));
}

TEST_P(completions, know_all_commands) {
  std::set<std::string> commands;
  std::set<std::string> tools;
  for (const auto& command : all_commands()) {
    auto line = split(command.words);
    if (!line.empty())
      commands.insert(line.front());
    if (line.size() > 1)
      tools.insert(line.back());
  }
  EXPECT_EQ(offers({""}), commands);
  EXPECT_EQ(offers({"trace", ""}), tools);
}

TEST_P(completions, know_all_options_of_each_command_and_no_others) {
  for (const auto& command : all_commands()) {
    std::set<std::string> all;
    for (const auto& option : command.options)
      all.insert("--" + option.name);
    ASSERT_THAT(all, testing::Contains("--help"));
    EXPECT_EQ(offers(line_of(command, "--")), all) << command.words;
  }
}

TEST_P(completions, know_all_values_of_an_option) {
  int count = 0;
  for (const auto& command : all_commands())
    for (const auto& option : command.options) {
      if (option.values.empty())
        continue;
      ++count;
      auto line = line_of(command, "--" + option.name);
      line.emplace_back("");
      std::set<std::string> all{option.values.begin(), option.values.end()};
      EXPECT_EQ(offers(line), all) << command.words << " --" << option.name;
    }
  EXPECT_GT(count, 8);
}

TEST_P(completions, offer_no_option_where_a_value_is_wanted) {
  EXPECT_THAT(offers({"--max-queue", ""}), IsEmpty());
}

TEST_P(completions, offer_files_and_folders) {
  EXPECT_THAT(offers({"--config", "READ"}), ElementsAre("README.md"));
  EXPECT_THAT(offers({"--trace-file", "CHANGE"}), ElementsAre("CHANGELOG.md"));
  EXPECT_THAT(offers({"trace", "summary", "READ"}), ElementsAre("README.md"));
  EXPECT_THAT(offers({"--pipe-dir", "READ"}), IsEmpty());
}

TEST_P(completions, offer_programs_to_start) {
  EXPECT_THAT(offers({"--claude-command", "mkfif"}), ElementsAre("mkfifo"));
}

TEST_P(completions, leave_what_is_claudes_alone) {
  EXPECT_THAT(offers({"--", "READ"}), ElementsAre("README.md"));
  EXPECT_THAT(offers({"--", "--mo"}), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(of, completions,
                         testing::Values(shell{"bash", bash_offers},
                                         shell{"zsh", zsh_offers},
                                         shell{"fish", fish_offers}),
                         [](const auto& test) { return test.param.name; });

TEST(bash_completion, takes_an_equals_sign_for_a_word) {
  EXPECT_THAT(bash_offers({"container-agent", "--mode", "="}),
              ElementsAre("claude", "raw"));
  EXPECT_THAT(bash_offers({"container-agent", "--mode", "=", "r"}),
              ElementsAre("raw"));
}

} // namespace container_agent::test
