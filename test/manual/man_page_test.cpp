#include "main/cli/options.hpp"
#include "main/manual/commands.hpp"
#include "main/manual/writers.hpp"
#include "messages/agent_version.hpp"
#include "messages/errors.hpp"
#include "test/manual/shells.hpp"
#include "test/support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

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
  EXPECT_THAT(
    plain(output_of({"groff", "-mandoc", "-T", "utf8", "-ww", source})),
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
  for (const auto& command : manual::all_commands())
    for (const auto& option : command.options) {
      if (option.group.empty() && option.name == "help")
        continue; // CLI11's own, of `trace`
      EXPECT_THAT(
        text,
        HasSubstr("  --" + option.name
                  + (option.metavar.empty() ? "" : ' ' + option.metavar)));
      EXPECT_THAT(text, HasSubstr(manual::variable_of(option)));
      if (!option.initial.empty()) {
        EXPECT_THAT(text, HasSubstr("Default: `" + option.initial + "'."));
      }
    }
}

TEST(man_page, has_the_headings_of_help) {
  auto text = section(plain(shown()), "OPTIONS");
  for (const auto& command : manual::all_commands())
    for (const auto& option : command.options)
      if (!option.group.empty()) {
        EXPECT_THAT(text, HasSubstr("\n   " + option.group + '\n'));
      }
}

TEST(man_page, names_every_command) {
  auto text = plain(shown());
  for (const auto& command : manual::all_commands())
    if (!command.words.empty()) {
      EXPECT_THAT(section(text, "SYNOPSIS"),
                  HasSubstr("container-agent " + command.words + " [options]"));
      EXPECT_THAT(section(text, "COMMANDS"),
                  HasSubstr("     " + command.words));
    }
}

TEST(man_page, tells_all_exit_codes) {
  auto text = section(plain(shown()), "EXIT STATUS");
  int code = 0;
  for (; to_string(static_cast<exit_code>(code)) != "unknown"; ++code)
    EXPECT_THAT(text, HasSubstr("\n     " + std::to_string(code) + "  "));
  EXPECT_GT(code, 7);
  EXPECT_THAT(text,
              testing::Not(HasSubstr("\n     " + std::to_string(code) + "  ")));
}

TEST(templates, have_each_name_replaced) {
  EXPECT_EQ(manual::fill("a@B@c @ D@", {{"B", "x@B@"}}), "ax@B@c @ D@");
  EXPECT_EQ(manual::fill("@A_B@@A_B@", {{"A_B", "1"}}), "11");
}

TEST(templates, refuse_names_that_are_unknown_or_not_used) {
  EXPECT_THROW(manual::fill("@A@", {}), std::runtime_error);
  EXPECT_THROW(manual::fill("a", {{"A", "x"}}), std::runtime_error);
}

} // namespace container_agent::test
