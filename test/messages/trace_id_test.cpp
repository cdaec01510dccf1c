#include "messages/trace_id.hpp"

#include <gtest/gtest.h>

#include <string>

namespace container_agent::test {

namespace {

// FNV-1a's basis for 128 bits: the hash of nothing.
const trace_id hash_of_nothing{0x6c62272e07bb0142, 0x62b821756295c58d};

} // namespace

TEST(trace_ids, of_a_uuid_are_its_bits) {
  auto id = trace_id_of("d0c4a1b2-0123-4567-89ab-cdef01234567");
  EXPECT_EQ(id, (trace_id{0xd0c4a1b201234567, 0x89abcdef01234567}));
  EXPECT_EQ(to_string(id), "d0c4a1b20123456789abcdef01234567");
}

TEST(trace_ids, of_a_uuid_are_the_same_in_capitals) {
  EXPECT_EQ(trace_id_of("D0C4A1B2-0123-4567-89AB-CDEF01234567"),
            trace_id_of("d0c4a1b2-0123-4567-89ab-cdef01234567"));
}

TEST(trace_ids, keep_leading_zeros) {
  auto id = trace_id_of("00000000-0000-0000-0000-00000000000a");
  EXPECT_EQ(id, (trace_id{0, 10}));
  EXPECT_EQ(to_string(id), "0000000000000000000000000000000a");
}

// Values of other implementations: the hash's own page, and Go's hash/fnv.
TEST(trace_ids, of_anything_else_are_its_hash) {
  EXPECT_EQ(trace_id_of(""), hash_of_nothing);
  EXPECT_EQ(to_string(trace_id_of("a")), "d228cb696f1a8caf78912b704e4a8964");
  EXPECT_EQ(to_string(trace_id_of("abc")), "a68d622cec8b5822836dbc7977af7f3b");
}

TEST(trace_ids, are_hashed_for_what_only_looks_like_a_uuid) {
  EXPECT_NE(trace_id_of("d0c4a1b2-0123-4567-89ab-cdef0123456g"),
            trace_id_of("d0c4a1b2-0123-4567-89ab-cdef01234560"));
  for (std::string text : {"d0c4a1b20123456789abcdef01234567",
                           "d0c4a1b2-0123-4567-89ab-cdef0123456",
                           "d0c4a1b2-0123-4567-89ab-cdef012345678",
                           "d0c4a1b2-0123-4567-89ab_cdef01234567",
                           "-d0c4a1b-0123-4567-89ab-cdef01234567"})
    EXPECT_NE(trace_id_of(text).high >> 32, 0xd0c4a1b2u) << text;
}

TEST(trace_ids, are_never_all_zero) {
  auto id = trace_id_of("00000000-0000-0000-0000-000000000000");
  EXPECT_TRUE(static_cast<bool>(id));
  EXPECT_NE(id, hash_of_nothing);
}

TEST(trace_ids, are_named_by_themselves_or_by_a_uuid) {
  auto id = trace_id_of("d0c4a1b2-0123-4567-89ab-cdef01234567");
  EXPECT_EQ(trace_id_named("d0c4a1b20123456789abcdef01234567"), id);
  EXPECT_EQ(trace_id_named("D0C4A1B20123456789ABCDEF01234567"), id);
  EXPECT_EQ(trace_id_named("d0c4a1b2-0123-4567-89ab-cdef01234567"), id);
  for (std::string text : {"", "abc", "d0c4a1b20123456789abcdef0123456g",
                           "d0c4a1b20123456789abcdef012345678",
                           "00000000000000000000000000000000"})
    EXPECT_EQ(trace_id_named(text), trace_id_of(text)) << text;
}

TEST(trace_ids, by_default_are_none) {
  EXPECT_FALSE(static_cast<bool>(trace_id{}));
  EXPECT_TRUE(static_cast<bool>(trace_id{1, 0}));
  EXPECT_TRUE(static_cast<bool>(trace_id{0, 1}));
  EXPECT_EQ(to_string(trace_id{}), std::string(32, '0'));
}

} // namespace container_agent::test
