#include "main/runtime/written_tail.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace container_agent::test {

namespace {

using runtime::written_tail;

std::string joined(const std::vector<bytes>& pieces) {
  std::string result;
  for (const auto& piece : pieces)
    result += piece.view();
  return result;
}

written_tail tail_of(std::initializer_list<const char*> pieces,
                     std::size_t limit = written_tail::max_line_start) {
  written_tail tail{limit};
  for (const auto* piece : pieces)
    tail.append(bytes{piece});
  return tail;
}

TEST(written_tail, all_read_at_the_end_of_a_line_needs_nothing) {
  auto tail = tail_of({"one\n", "two\n"});
  EXPECT_TRUE(tail.at_line_start(0));
  EXPECT_EQ(joined(tail.resume(0).pieces), "");
}

TEST(written_tail, of_an_earlier_writer_only_the_first_line_is_unknown) {
  written_tail tail;
  tail.begin_within(bytes{"of a line\ntwo\n"});
  tail.append(bytes{"three\n"});
  EXPECT_FALSE(tail.at_line_start(20));
  EXPECT_TRUE(tail.at_line_start(10));
  auto result = tail.resume(20);
  EXPECT_EQ(joined(result.pieces), "two\nthree\n");
  EXPECT_EQ(result.cut, 10U);
}

TEST(written_tail, nothing_read_begins_with_the_first_byte) {
  auto tail = tail_of({"one\n", "two\n"});
  EXPECT_TRUE(tail.at_line_start(8));
  auto result = tail.resume(8);
  EXPECT_EQ(joined(result.pieces), "one\ntwo\n");
  EXPECT_EQ(result.repeated, 0u);
}

TEST(written_tail, a_torn_line_is_given_whole) {
  auto tail = tail_of({"one\n", "two\n", "three\n"});
  EXPECT_FALSE(tail.at_line_start(9));
  auto result = tail.resume(9); // "o\nthree\n"
  EXPECT_EQ(joined(result.pieces), "two\nthree\n");
  EXPECT_EQ(result.repeated, 1u);
  EXPECT_EQ(result.cut, 0u);
}

TEST(written_tail, an_unfinished_line_that_was_read_is_given_again) {
  auto tail = tail_of({"one\ntw"});
  auto result = tail.resume(0);
  EXPECT_EQ(joined(result.pieces), "tw");
  EXPECT_EQ(result.repeated, 2u);
}

TEST(written_tail, what_is_given_again_is_forgotten_and_can_be_appended) {
  auto tail = tail_of({"one\ntwo\n"});
  for (const auto& piece : tail.resume(2).pieces)
    tail.append(piece);
  EXPECT_EQ(tail.size(), 8u);
  EXPECT_EQ(joined(tail.resume(3).pieces), "two\n");
}

TEST(written_tail, the_rest_of_a_line_whose_start_is_gone_is_cut) {
  auto tail = tail_of({"1234567", "89\nnext\n"}, 4);
  tail.trim(8);
  auto result = tail.resume(8);
  EXPECT_EQ(joined(result.pieces), "next\n");
  EXPECT_EQ(result.cut, 3u);
  EXPECT_FALSE(result.cut_goes_on);
}

TEST(written_tail, a_cut_goes_on_if_the_line_does) {
  auto tail = tail_of({"1234567", "89"}, 4);
  tail.trim(2);
  auto result = tail.resume(1);
  EXPECT_TRUE(result.pieces.empty());
  EXPECT_EQ(result.cut, 1u);
  EXPECT_TRUE(result.cut_goes_on);
  EXPECT_TRUE(tail.at_line_start(0)); // what comes after the cut
}

TEST(written_tail, a_cut_with_nothing_unread_goes_on_too) {
  auto tail = tail_of({"1234567"}, 4);
  tail.trim(0);
  auto result = tail.resume(0);
  EXPECT_EQ(result.cut, 0u);
  EXPECT_TRUE(result.cut_goes_on);
}

TEST(written_tail, a_line_start_is_kept_up_to_the_limit_exactly) {
  for (std::size_t length : {3u, 4u, 5u}) {
    written_tail tail{4};
    tail.append(bytes{std::string(length, 'x')});
    tail.trim(0);
    EXPECT_EQ(tail.resume(0).cut_goes_on, length > 4) << length;
  }
}

TEST(written_tail, more_unread_than_is_known_is_cut) {
  auto tail = tail_of({"ab\ncd\n"});
  auto result = tail.resume(8);
  EXPECT_EQ(joined(result.pieces), "cd\n");
  EXPECT_EQ(result.cut, 5u);
}

TEST(written_tail, lines_that_must_have_been_read_are_forgotten) {
  written_tail tail;
  for (int i = 0; i < 10000; ++i) {
    tail.append(bytes{"twenty bytes a line\n"});
    tail.trim(100);
  }
  EXPECT_EQ(tail.size(), 100u);
}

TEST(written_tail, a_line_without_end_is_held_up_to_the_limit_only) {
  written_tail tail{1000};
  std::size_t most = 0;
  for (int i = 0; i < 10000; ++i) {
    tail.append(bytes{"twenty bytes, no end"});
    tail.trim(100);
    most = std::max(most, tail.size());
  }
  EXPECT_LE(most, 1000u + 100u + 20u);
}

TEST(written_tail, one_huge_piece_is_not_kept_alive) {
  written_tail tail{1000};
  tail.append(bytes{std::string(1'000'000, 'x') + "\nlast\n"});
  tail.trim(100);
  EXPECT_LE(tail.size(), 1100u);
  EXPECT_EQ(joined(tail.resume(3).pieces), "last\n");
}

// Every text of two letters, cut into pieces in every way, with every number
// of bytes unread, against what can be said of the whole text.
struct exhaustive {
  std::string text;
  unsigned cuts;
  std::size_t limit;
  std::size_t capacity;

  written_tail write() const {
    written_tail tail{limit};
    std::string piece;
    for (std::size_t i = 0; i < text.size(); ++i) {
      piece += text[i];
      if (i + 1 < text.size() && (cuts >> i & 1u) == 0)
        continue;
      tail.append(bytes{std::exchange(piece, {})});
      tail.trim(capacity);
    }
    return tail;
  }

  std::string name(std::size_t unread) const {
    std::string shown;
    for (std::size_t i = 0; i < text.size(); ++i) {
      shown += text[i] == '\n' ? '/' : text[i];
      if ((cuts >> i & 1u) != 0)
        shown += '|';
    }
    return shown + ", unread " + std::to_string(unread) + ", limit "
           + std::to_string(limit) + ", capacity " + std::to_string(capacity);
  }

  // Failures as text: one expectation for each of a million cases is slow.
  std::string check(std::size_t unread) const {
    auto tail = write();
    auto position = text.size() - unread;
    auto before = text.rfind('\n', position == 0 ? 0 : position - 1);
    auto start = position == 0 || before == std::string::npos ? 0 : before + 1;
    auto whole = tail.at_line_start(unread);
    auto result = tail.resume(unread);
    if (whole != (start == position))
      return "line start";
    if (result.cut == 0 && !result.cut_goes_on)
      return joined(result.pieces) == text.substr(start)
                 && result.repeated == position - start
               ? ""
               : "repeated";
    if (position - start <= limit)
      return "cut, though within the limit";
    auto lf = text.find('\n', position);
    auto next = lf == std::string::npos ? text.size() : lf + 1;
    return joined(result.pieces) == text.substr(next)
               && result.cut == next - position
               && result.cut_goes_on == (lf == std::string::npos)
               && result.repeated == 0
             ? ""
             : "cut";
  }
};

TEST(written_tail, agrees_with_the_whole_text_in_all_small_cases) {
  constexpr std::size_t length = 6;
  std::size_t cases = 0;
  for (unsigned letters = 0; letters < 1u << length; ++letters)
    for (unsigned cuts = 0; cuts < 1u << (length - 1); ++cuts)
      for (std::size_t limit : {0u, 1u, 2u, 9u})
        for (std::size_t capacity = 0; capacity <= length; ++capacity)
          for (std::size_t unread = 0; unread <= capacity; ++unread) {
            std::string text;
            for (std::size_t i = 0; i < length; ++i)
              text += (letters >> i & 1u) != 0 ? '\n' : 'a';
            exhaustive one{text, cuts, limit, capacity};
            auto wrong = one.check(unread);
            ASSERT_EQ(wrong, "") << one.name(unread);
            ++cases;
          }
  EXPECT_EQ(cases, 64u * 32u * 4u * 28u);
}

} // namespace

} // namespace container_agent::test
