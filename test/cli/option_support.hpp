#pragma once

#include "main/cli/options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

namespace container_agent::test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// What the program makes of a command line and an environment.
inline std::variant<options, early_exit>
parse(const std::vector<std::string>& arguments,
      const std::vector<std::string>& environment = {}) {
  std::vector<const char*> argv{"container-agent"};
  for (const auto& argument : arguments)
    argv.push_back(argument.c_str());
  return parse_options(static_cast<int>(argv.size()), argv.data(), environment);
}

/// The same where it must be accepted.
inline options accepted(const std::vector<std::string>& arguments,
                        const std::vector<std::string>& environment = {}) {
  auto result = parse(arguments, environment);
  if (auto* end = std::get_if<early_exit>(&result)) {
    ADD_FAILURE() << "refused: " << end->text;
    return {};
  }
  return std::get<options>(result);
}

/// The same where it must be refused: the text.
inline std::string refused(const std::vector<std::string>& arguments,
                           const std::vector<std::string>& environment = {}) {
  auto result = parse(arguments, environment);
  auto* end = std::get_if<early_exit>(&result);
  if (end == nullptr) {
    ADD_FAILURE() << "accepted";
    return {};
  }
  EXPECT_EQ(end->code, 2) << end->text;
  EXPECT_TRUE(end->text.starts_with("container-agent: ")) << end->text;
  EXPECT_TRUE(end->text.ends_with('\n')) << end->text;
  return end->text;
}

} // namespace container_agent::test
