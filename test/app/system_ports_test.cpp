#include "main/app/system_ports.hpp"

#include <gtest/gtest.h>

#include <set>

namespace container_agent::test {

namespace {

using namespace std::chrono_literals;

TEST(system_wall_clock_test, it_tells_the_systems_time) {
  runtime::system_wall_clock clock;
  auto before = std::chrono::system_clock::now();
  auto told = clock.now();
  EXPECT_LE(before - told, 1s); // the system's clock may be set meanwhile
  EXPECT_LE(told - std::chrono::system_clock::now(), 1s);
}

TEST(system_random_source_test, numbers_differ_within_and_between_sources) {
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 10; ++i) {
    runtime::system_random_source source;
    for (int j = 0; j < 100; ++j)
      seen.insert(source.next());
  }
  EXPECT_EQ(seen.size(), 1000u);
}

TEST(system_random_source_test, every_bit_is_used) {
  runtime::system_random_source source;
  std::uint64_t ones = 0;
  std::uint64_t zeros = 0;
  for (int i = 0; i < 200; ++i) {
    auto number = source.next();
    ones |= number;
    zeros |= ~number;
  }
  EXPECT_EQ(ones, ~std::uint64_t{0});
  EXPECT_EQ(zeros, ~std::uint64_t{0});
}

} // namespace

} // namespace container_agent::test
