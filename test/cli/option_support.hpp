#pragma once

#include "main/cli/options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <variant>
#include <vector>

namespace container_agent::test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using strings = std::vector<std::string>;

/// What the program makes of a command line and of variables, NAME=VALUE.
inline std::variant<options, client_options, early_exit>
parse(const strings& arguments, const strings& variables = {}) {
  std::vector<const char*> argv{"container-agent"};
  for (const auto& argument : arguments)
    argv.push_back(argument.c_str());
  for (const auto& x : variables)
    ::setenv(x.substr(0, x.find('=')).c_str(), &x[x.find('=') + 1], 1);
  auto result = parse_command_line(static_cast<int>(argv.size()), argv.data());
  for (const auto& x : variables)
    ::unsetenv(x.substr(0, x.find('=')).c_str());
  return result;
}

/// The same for an agent, or for the options of a subcommand, where it must be
/// accepted.
template <class Options = options>
Options accepted(const strings& arguments, const strings& variables = {}) {
  auto result = parse(arguments, variables);
  if (auto* end = std::get_if<early_exit>(&result))
    ADD_FAILURE() << "refused: " << end->text;
  auto* read = std::get_if<Options>(&result);
  EXPECT_NE(read, nullptr);
  return read == nullptr ? Options{} : std::move(*read);
}

/// The same where it must be refused: the text, where and what, then what to
/// do.
inline std::string refused(const strings& arguments,
                           const strings& variables = {}) {
  auto result = parse(arguments, variables);
  auto* end = std::get_if<early_exit>(&result);
  if (end == nullptr) {
    ADD_FAILURE() << "accepted";
    return {};
  }
  EXPECT_EQ(end->code, 2) << end->text;
  EXPECT_TRUE(end->text.starts_with("container-agent: ")) << end->text;
  EXPECT_EQ(std::count(end->text.begin(), end->text.end(), '\n'), 2)
    << end->text;
  return end->text;
}

} // namespace container_agent::test
