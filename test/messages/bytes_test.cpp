#include "messages/bytes.hpp"

#include <caf/deep_to_string.hpp>
#include <gtest/gtest.h>

#include <string>

namespace container_agent::test {

TEST(bytes, hold_what_they_were_given) {
  bytes x{std::string{"a\0b", 3}};
  EXPECT_EQ(x.size(), 3u);
  EXPECT_EQ(x.view(), (std::string_view{"a\0b", 3}));
  EXPECT_FALSE(x.empty());
}

TEST(bytes, without_content_are_empty) {
  EXPECT_TRUE(bytes{}.empty());
  EXPECT_TRUE(bytes{""}.empty());
  EXPECT_EQ(bytes{}.view(), "");
  EXPECT_EQ(bytes{}, bytes{""});
}

TEST(bytes, a_part_is_cut_out_at_both_ends) {
  bytes x{"0123456789"};
  EXPECT_EQ(x.part(0).view(), "0123456789");
  EXPECT_EQ(x.part(3).view(), "3456789");
  EXPECT_EQ(x.part(3, 4).view(), "3456");
  EXPECT_EQ(x.part(3, 0).view(), "");
}

TEST(bytes, a_part_ends_where_the_bytes_end) {
  bytes x{"0123456789"};
  EXPECT_EQ(x.part(8, 2).view(), "89");
  EXPECT_EQ(x.part(8, 3).view(), "89");
  EXPECT_EQ(x.part(10).view(), "");
  EXPECT_EQ(x.part(11, 5).view(), "");
  EXPECT_TRUE(bytes{}.part(1, 1).empty());
}

TEST(bytes, a_part_of_a_part_counts_from_the_part) {
  auto part = bytes{"0123456789"}.part(2, 6);
  EXPECT_EQ(part.part(1, 3).view(), "345");
  EXPECT_EQ(part.part(4, 9).view(), "67");
}

TEST(bytes, a_part_shares_the_block_and_outlives_the_whole) {
  bytes part;
  const char* where = nullptr;
  {
    bytes whole{std::string(1000, 'x')};
    where = whole.view().data();
    part = whole.part(10, 20);
  }
  EXPECT_EQ(part.view().data(), where + 10);
  EXPECT_EQ(part.view(), std::string(20, 'x'));
}

TEST(bytes, are_equal_by_content) {
  EXPECT_EQ(bytes{"xab"}.part(1), bytes{"ab"});
  EXPECT_FALSE(bytes{"ab"} == bytes{"abc"});
}

TEST(bytes, print_as_their_size_only) {
  EXPECT_EQ(to_string(bytes{"secret"}), "6 bytes");
  EXPECT_EQ(caf::deep_to_string(bytes{"secret"}.part(1)), "5 bytes");
}

} // namespace container_agent::test
