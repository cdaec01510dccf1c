#include "main/client/trace_command.hpp"
#include "main/log/agent_version.hpp"
#include "messages/errors.hpp"
#include "test/manual/shells.hpp"
#include "test/support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// The man page, and what it is made of.
namespace container_agent::test {

namespace {

using testing::HasSubstr;

const std::string source = manual_file("container-agent.1");

/// As a terminal shows it, in lines long enough not to be broken.
std::string shown() {
  return output_of({"mandoc", "-T", "ascii", "-O", "width=1000", source});
}

/// Without bold and underlined letters: x, backspace, x.
std::string plain(const std::string& text) {
  std::string result;
  for (char c : text) {
    if (c == '\b')
      result.pop_back();
    else
      result += c;
  }
  return result;
}

std::string section(const std::string& text, const std::string& name) {
  auto begin = text.find('\n' + name + '\n');
  if (begin == text.npos)
    return "";
  auto end = begin + 1;
  do
    end = text.find('\n', end + 1);
  while (end != text.npos && (text[end + 1] == ' ' || text[end + 1] == '\n'));
  return text.substr(begin, end - begin);
}

} // namespace

TEST(man_page, pleases_mandoc) {
  EXPECT_EQ(output_of({"mandoc", "-T", "lint", "-W", "warning", source}), "");
}

TEST(man_page, pleases_groff) {
  // Warnings would be on stderr.
  EXPECT_THAT(plain(output_of({"groff", "-man", "-T", "utf8", "-ww", source})),
              HasSubstr("EXAMPLES"));
}

TEST(man_page, has_the_usual_sections) {
  auto text = plain(shown());
  for (auto name :
       {"NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "OPTIONS", "ENVIRONMENT",
        "FILES", "EXIT STATUS", "EXAMPLES", "SEE ALSO"})
    EXPECT_NE(section(text, name), "") << name;
  EXPECT_THAT(text,
              HasSubstr("container-agent " + std::string{agent_version()}));
}

TEST(man_page, names_every_option_its_default_and_variable) {
  auto text = section(plain(shown()), "OPTIONS");
  for (const auto& command : all_commands())
    for (const auto& option : command.options) {
      auto begin = text.find(
        "       --" + option.name
        + (option.metavar.empty() ? "" : ' ' + option.metavar) + '\n');
      if (option.name == "help" && !command.words.empty())
        continue;
      ASSERT_NE(begin, text.npos) << command.words << ' ' << option.name;
      auto item = text.substr(begin, text.find("\n\n", begin) - begin);
      if (!option.variable.empty()) {
        EXPECT_THAT(item, HasSubstr("Environment: " + option.variable + "."));
      }
      if (!option.initial.empty()) {
        EXPECT_THAT(item, HasSubstr("Default: " + option.initial + "."));
      }
    }
}

TEST(man_page, has_the_headings_of_help) {
  auto text = section(plain(shown()), "OPTIONS");
  for (const auto& option : all_commands().front().options)
    EXPECT_THAT(text, HasSubstr("\n   " + option.group + '\n'));
}

TEST(man_page, names_every_command) {
  auto text = plain(shown());
  for (const auto& command : all_commands())
    if (!command.words.empty()) {
      EXPECT_THAT(section(text, "COMMANDS"),
                  HasSubstr("\n       " + command.words + " [options]"));
    }
}

TEST(man_page, tells_all_exit_codes) {
  auto text = section(plain(shown()), "EXIT STATUS");
  int code = 0;
  for (; to_string(static_cast<exit_code>(code)) != "unknown"; ++code)
    EXPECT_THAT(text, HasSubstr("\n       " + std::to_string(code) + "  "));
  EXPECT_GT(code, 7);
  EXPECT_THAT(
    text, testing::Not(HasSubstr("\n       " + std::to_string(code) + "  ")));
}

} // namespace container_agent::test
