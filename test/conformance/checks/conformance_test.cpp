#include "test/conformance/play.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// Every scenario, played to every Claude: a difference from what the real one
/// was recorded to do fails, and names both.
namespace container_agent::test::conformance {

namespace {

struct part {
  std::string name;
  std::unique_ptr<claude_player> (*player)();
};

const std::vector<part>& parts() {
  static const std::vector<part> all{
    {"real",
     [] { return real_claude(CLAUDE_CODE_DIR "/node_modules/.bin/claude"); }},
    {"fake", [] { return fake_claude(); }},
    {"simulated", [] { return simulated_claude(); }},
  };
  return all;
}

using scenario_and_part = std::tuple<scenario, part>;

std::string name_of(const testing::TestParamInfo<scenario_and_part>& info) {
  return std::get<scenario>(info.param).name + "_by_the_"
         + std::get<part>(info.param).name;
}

} // namespace

class conformance : public testing::TestWithParam<scenario_and_part> {};

TEST_P(conformance, is_as_recorded) {
  const auto& [what, who] = GetParam();
  ASSERT_FALSE(what.recorded.empty())
    << "nothing is recorded: run `make conformance RECORD=1`";
  auto claude = who.player();
  auto played = play(what, *claude);
  EXPECT_EQ(played.failure, "") << what.about;
  EXPECT_EQ(difference(what.recorded, played.shapes), "") << what.about;
}

INSTANTIATE_TEST_SUITE_P(all, conformance,
                         testing::Combine(testing::ValuesIn(load_all()),
                                          testing::ValuesIn(parts())),
                         name_of);

} // namespace container_agent::test::conformance
