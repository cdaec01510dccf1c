#include "actors/memory/prompt_queue.hpp"

#include <gtest/gtest.h>

#include <string>

namespace container_agent::test {

namespace {

prompt a_prompt(const std::string& uuid, std::size_t size = 10) {
  return {uuid, std::string(size, 'x')};
}

prompt_queue queue_of(prompt_queue::limits limits, int count,
                      std::size_t size = 10) {
  prompt_queue queue{limits};
  for (int i = 0; i < count; ++i)
    queue.push(a_prompt(std::to_string(i), size));
  return queue;
}

} // namespace

TEST(prompt_queue, starts_in_order_one_at_a_time) {
  auto queue = queue_of({}, 2);
  auto* first = queue.start_next();
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->uuid, "0");
  EXPECT_EQ(first->sent, 1u);
  EXPECT_EQ(queue.start_next(), nullptr);
  EXPECT_TRUE(queue.close("0"));
  EXPECT_EQ(queue.start_next()->uuid, "1");
  EXPECT_TRUE(queue.close("1"));
  EXPECT_EQ(queue.start_next(), nullptr);
  EXPECT_TRUE(queue.idle());
}

TEST(prompt_queue, keeps_as_many_in_flight_as_it_may) {
  auto queue = queue_of({.in_flight = 3}, 5);
  while (queue.start_next() != nullptr)
    ;
  EXPECT_EQ(queue.in_flight().size(), 3u);
  EXPECT_EQ(queue.waiting(), 2u);
}

TEST(prompt_queue, closes_what_is_in_flight_and_nothing_else) {
  auto queue = queue_of({}, 2);
  queue.start_next();
  EXPECT_FALSE(queue.close("1")) << "it waits";
  EXPECT_FALSE(queue.close("9"));
  EXPECT_EQ(queue.find_in_flight("1"), nullptr);
  ASSERT_NE(queue.find_in_flight("0"), nullptr);
  EXPECT_TRUE(queue.close("0"));
  EXPECT_EQ(queue.find_in_flight("0"), nullptr);
  EXPECT_FALSE(queue.close("0"));
}

TEST(prompt_queue, limit_of_prompts_below_at_and_above) {
  auto queue = queue_of({.prompts = 3}, 2);
  EXPECT_FALSE(queue.full());
  EXPECT_EQ(queue.room(), 1u);
  queue.push(a_prompt("x"));
  EXPECT_TRUE(queue.full());
  EXPECT_EQ(queue.room(), 0u);
  queue.push(a_prompt("y"));
  EXPECT_TRUE(queue.full());
  EXPECT_EQ(queue.room(), 0u);
}

TEST(prompt_queue, limit_of_bytes_below_at_and_above) {
  EXPECT_FALSE(queue_of({.bytes = 100}, 1, 99).full());
  EXPECT_TRUE(queue_of({.bytes = 100}, 1, 100).full());
  EXPECT_TRUE(queue_of({.bytes = 100}, 1, 101).full()) << "one always fits";
}

TEST(prompt_queue, those_in_flight_do_not_count) {
  auto queue = queue_of({.prompts = 1, .bytes = 100}, 1, 1000);
  EXPECT_EQ(queue.waiting_bytes(), 1000u);
  queue.start_next();
  EXPECT_EQ(queue.waiting_bytes(), 0u);
  EXPECT_FALSE(queue.full());
}

TEST(prompt_queue, drained_gives_all_that_wait_and_keeps_those_in_flight) {
  auto queue = queue_of({}, 3);
  queue.start_next();
  auto drained = queue.drain_waiting();
  ASSERT_EQ(drained.size(), 2u);
  EXPECT_EQ(drained[0].uuid, "1");
  EXPECT_EQ(drained[1].uuid, "2");
  EXPECT_EQ(queue.waiting(), 0u);
  EXPECT_EQ(queue.waiting_bytes(), 0u);
  EXPECT_FALSE(queue.idle());
}

TEST(prompt_queue, remembers_uuids_beyond_their_end) {
  auto queue = queue_of({}, 1);
  EXPECT_TRUE(queue.seen("0"));
  EXPECT_FALSE(queue.seen("1"));
  queue.start_next();
  queue.close("0");
  EXPECT_TRUE(queue.seen("0"));
  queue.push(a_prompt("1"));
  queue.drain_waiting();
  EXPECT_TRUE(queue.seen("1"));
}

TEST(prompt_queue, knows_a_uuid_in_either_case_and_other_texts_as_they_are) {
  prompt_queue queue{{}};
  queue.push(a_prompt("d0c4a1b2-0123-4567-89ab-cdef01234567"));
  queue.push(a_prompt("turn-a"));
  EXPECT_TRUE(queue.seen("D0C4A1B2-0123-4567-89AB-CDEF01234567"));
  EXPECT_FALSE(queue.seen("d0c4a1b2-0123-4567-89ab-cdef01234568"));
  EXPECT_TRUE(queue.seen("turn-a"));
  EXPECT_FALSE(queue.seen("turn-A"));
}

TEST(prompt_queue, remembers_why_a_prompt_has_failed_as_long_as_its_uuid) {
  prompt_queue queue{{}};
  queue.push(a_prompt("u"));
  EXPECT_EQ(queue.failure("u"), nullptr);
  queue.note_failure(trace_id_of("u"), "crashed");
  queue.note_failure(trace_id_of("nobody"), "crashed");
  ASSERT_NE(queue.failure("u"), nullptr);
  EXPECT_EQ(*queue.failure("u"), "crashed");
  EXPECT_EQ(queue.failure("nobody"), nullptr) << "that was never accepted";
  for (std::size_t i = 0; i < prompt_queue::remembered_uuids; ++i)
    queue.remember(trace_id_of(std::to_string(i)));
  EXPECT_FALSE(queue.seen("u"));
  EXPECT_EQ(queue.failure("u"), nullptr);
}

TEST(prompt_queue, knows_where_the_first_without_an_end_lies) {
  prompt_queue queue{{}};
  EXPECT_EQ(queue.first_input(), std::nullopt);
  for (std::uint64_t from : {10, 20, 30}) {
    auto p = a_prompt(std::to_string(from));
    p.input_from = from;
    queue.push(std::move(p));
  }
  queue.start_next();
  EXPECT_EQ(queue.first_input(), 10u);
  queue.close("10");
  EXPECT_EQ(queue.first_input(), 20u);
}

TEST(prompt_queue, tells_which_uuids_it_remembers_the_oldest_first) {
  prompt_queue queue{{}};
  for (auto uuid : {"a", "b"})
    queue.push(a_prompt(uuid));
  queue.note_failure(trace_id_of("b"), "crashed");
  auto all = queue.remembered();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(trace_id_named(all[0].uuid), trace_id_of("a"));
  EXPECT_EQ(all[0].failure, "");
  EXPECT_EQ(trace_id_named(all[1].uuid), trace_id_of("b"));
  EXPECT_EQ(all[1].failure, "crashed");
}

TEST(prompt_queue, an_earlier_agents_prompt_in_flight_is_not_sent_again) {
  prompt_queue queue{{}};
  queue.push(a_prompt("waits"));
  auto flying = a_prompt("flies");
  flying.sent = 1;
  queue.push_in_flight(std::move(flying));
  EXPECT_EQ(queue.start_next(), nullptr);
  EXPECT_TRUE(queue.seen("flies"));
  ASSERT_NE(queue.find_in_flight("flies"), nullptr);
  EXPECT_EQ(queue.find_in_flight("flies")->sent, 1u);
}

TEST(prompt_queue, forgets_a_prompt_that_may_run_again) {
  prompt_queue queue{{}};
  for (auto uuid : {"a", "u", "b"})
    queue.push(a_prompt(uuid));
  queue.note_failure(trace_id_of("u"), "gave_up");
  queue.forget("u");
  EXPECT_FALSE(queue.seen("u"));
  EXPECT_EQ(queue.failure("u"), nullptr);
  for (std::size_t i = 0; i + 2 < prompt_queue::remembered_uuids; ++i)
    queue.remember(trace_id_of(std::to_string(i)));
  EXPECT_TRUE(queue.seen("a")) << "it left no trace in the order either";
}

TEST(prompt_queue, remembers_so_many_uuids_and_forgets_the_oldest) {
  constexpr auto limit = prompt_queue::remembered_uuids;
  prompt_queue queue{{}};
  for (std::size_t i = 0; i < limit; ++i)
    queue.push(a_prompt(std::to_string(i)));
  EXPECT_TRUE(queue.seen("0"));
  queue.push(a_prompt("one more"));
  EXPECT_FALSE(queue.seen("0"));
  EXPECT_TRUE(queue.seen("1"));
  EXPECT_TRUE(queue.seen(std::to_string(limit - 1)));
  EXPECT_TRUE(queue.seen("one more"));
}

} // namespace container_agent::test
