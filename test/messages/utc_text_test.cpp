#include "messages/utc_text.hpp"

#include <gtest/gtest.h>

namespace container_agent::test {

namespace {

using namespace std::chrono_literals;
using moment = std::chrono::system_clock::time_point;

constexpr moment after_noon{1763901296'789ms};

} // namespace

TEST(utc_text, is_iso_8601_with_milliseconds) {
  EXPECT_EQ(utc_text(after_noon), "2025-11-23T12:34:56.789Z");
  EXPECT_EQ(utc_text(after_noon, ' '), "2025-11-23 12:34:56.789Z");
  EXPECT_EQ(utc_text(after_noon - 789ms), "2025-11-23T12:34:56.000Z");
  EXPECT_EQ(utc_text(after_noon - 784ms), "2025-11-23T12:34:56.005Z");
  EXPECT_EQ(utc_text(after_noon + 999us), "2025-11-23T12:34:56.789Z");
  EXPECT_EQ(utc_text(moment{}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(utc_text(moment{-1ms}), "1969-12-31T23:59:59.999Z");
}

} // namespace container_agent::test
