#include "actors/input/input_reader.hpp"
#include "test/support/memory_log.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace container_agent::test {

namespace {

using lines = std::vector<std::string>;

std::string spelled(line_ending ending) {
  switch (ending) {
    case line_ending::complete: return "";
    case line_ending::cut: return "|cut";
    case line_ending::too_long: return "|too_long";
  }
  return "?";
}

class input_readers : public testing::Test {
public:
  memory_log input;
  input_reader::config settings;
  std::uint64_t from = 0; ///< where the reader begins

  input_reader& reader() {
    if (!reader_)
      reader_.emplace(input, settings, from);
    return *reader_;
  }

  /// The host says this.
  void host(std::string_view text) {
    input.put(text);
    reader().grew({input.end()});
  }

  /// Its last writer leaves.
  void writer_leaves() { reader().grew({input.end(), input.end()}); }

  void input_ends() { reader().grew({input.end(), input.end(), true}); }

  /// The lines that there are, each text followed by how it ended, if not
  /// complete.
  lines taken() {
    lines result;
    while (const auto* line = reader().front()) {
      result.push_back(line->text + spelled(line->ending));
      numbers.push_back(line->number);
      sizes.push_back(line->size);
      begins.push_back(line->begin);
      ends.push_back(line->end);
      reader().pop();
    }
    return result;
  }

  std::vector<std::uint64_t> numbers;
  std::vector<std::uint64_t> sizes;
  std::vector<std::uint64_t> begins;
  std::vector<std::uint64_t> ends;

private:
  std::optional<input_reader> reader_;
};

using counts = std::vector<std::uint64_t>;

} // namespace

TEST_F(input_readers, give_lines_numbered_from_one) {
  host("a\n\nbc\r\n");
  EXPECT_EQ(taken(), (lines{"a", "", "bc"}));
  EXPECT_EQ(numbers, (counts{1, 2, 3}));
  EXPECT_EQ(sizes, (counts{1, 0, 2}));
}

TEST_F(input_readers, say_where_each_line_lies) {
  input.put("of an earlier agent\n");
  from = input.end();
  host("a\n\nbc\r\n");
  taken();
  EXPECT_EQ(begins, (counts{20, 22, 23}));
  EXPECT_EQ(ends, (counts{22, 23, 27}));
  EXPECT_EQ(reader().position(), 27u);
  EXPECT_EQ(reader().read_to(), 27u);
}

TEST_F(input_readers, keep_a_line_until_it_was_dealt_with) {
  host("a\nb\n");
  ASSERT_NE(reader().front(), nullptr);
  EXPECT_EQ(reader().front()->text, "a");
  EXPECT_EQ(reader().front()->text, "a");
  EXPECT_EQ(reader().position(), 0u);
  reader().pop();
  EXPECT_EQ(reader().position(), 2u);
  EXPECT_EQ(reader().front()->text, "b");
}

TEST_F(input_readers, a_line_may_come_in_many_pieces) {
  lines all;
  for (char c : std::string{"one\r\ntwo\n"}) {
    host({&c, 1});
    for (auto& line : taken())
      all.push_back(std::move(line));
  }
  EXPECT_EQ(all, (lines{"one", "two"}));
  EXPECT_EQ(ends, (counts{5, 9}));
}

TEST_F(input_readers, a_line_may_be_longer_than_a_read) {
  std::string much(3 * read_size, 'x');
  host(much + "\nb\n");
  EXPECT_EQ(taken(), (lines{much, "b"}));
  EXPECT_EQ(begins, (counts{0, much.size() + 1}));
}

TEST_F(input_readers, a_line_too_long_is_told_with_its_size) {
  settings.max_line = 10;
  host(std::string(25, 'x') + "\nok\n");
  EXPECT_EQ(taken(), (lines{std::string(25, 'x') + "|too_long", "ok"}));
  EXPECT_EQ(sizes, (counts{25, 2}));
  EXPECT_EQ(ends, (counts{26, 29}));
}

TEST_F(input_readers, a_line_much_too_long_is_told_with_its_size_as_well) {
  settings.max_line = 10;
  host(std::string(3 * read_size, 'x') + "\nok\n");
  EXPECT_EQ(taken().back(), "ok");
  EXPECT_EQ(sizes, (counts{3 * read_size, 2}));
  EXPECT_EQ(begins, (counts{0, 3 * read_size + 1}));
  EXPECT_EQ(ends, (counts{3 * read_size + 1, 3 * read_size + 4}));
}

// -- writers that leave -------------------------------------------------------

TEST_F(input_readers, half_a_line_waits_for_its_rest) {
  host("a\nhalf");
  EXPECT_EQ(taken(), lines{"a"});
  EXPECT_TRUE(reader().half());
  EXPECT_EQ(reader().position(), 2u);
  EXPECT_EQ(reader().read_to(), 6u);
  host(" done\n");
  EXPECT_EQ(taken(), lines{"half done"});
  EXPECT_FALSE(reader().half());
}

TEST_F(input_readers, a_writer_that_leaves_within_a_line_cuts_it) {
  host("a\nhalf");
  writer_leaves();
  EXPECT_EQ(taken(), (lines{"a", "half|cut"}));
  host("next\n");
  EXPECT_EQ(taken(), lines{"next"});
  EXPECT_EQ(begins, (counts{0, 2, 6}));
  EXPECT_EQ(ends, (counts{2, 6, 11}));
}

TEST_F(input_readers, a_cut_counts_when_all_before_it_was_read) {
  host("a\nha");
  EXPECT_EQ(taken(), lines{"a"});
  input.put("lf");
  writer_leaves();
  input.put("next\n"); // there before the reader looks
  reader().grew({input.end(), 6});
  EXPECT_EQ(taken(), (lines{"half|cut", "next"}));
}

TEST_F(input_readers, a_cut_that_is_told_again_is_one) {
  host("half");
  writer_leaves();
  EXPECT_EQ(taken(), lines{"half|cut"});
  reader().grew({4, 4}); // by a new pipe_input
  host("ne");
  EXPECT_EQ(taken(), lines{});
  reader().grew({6, 4});
  host("xt\n");
  EXPECT_EQ(taken(), lines{"next"});
}

TEST_F(input_readers, writers_that_leave_between_lines_cut_nothing) {
  host("a\n");
  writer_leaves();
  EXPECT_EQ(taken(), lines{"a"});
  host("b\n");
  EXPECT_EQ(taken(), lines{"b"});
}

// -- the end ------------------------------------------------------------------

TEST_F(input_readers, the_end_cuts_half_a_line) {
  host("a\nhalf");
  input_ends();
  EXPECT_FALSE(reader().finished());
  EXPECT_EQ(taken(), (lines{"a", "half|cut"}));
  EXPECT_TRUE(reader().finished());
  EXPECT_EQ(reader().position(), 6u);
}

TEST_F(input_readers, the_end_without_a_cut_cuts_it_too) {
  host("half");
  reader().grew({4, 0, true});
  EXPECT_EQ(taken(), lines{"half|cut"});
  EXPECT_TRUE(reader().finished());
}

TEST_F(input_readers, they_are_finished_when_the_last_line_was_dealt_with) {
  host("a\n");
  input_ends();
  ASSERT_NE(reader().front(), nullptr);
  EXPECT_FALSE(reader().finished());
  reader().pop();
  EXPECT_EQ(reader().front(), nullptr);
  EXPECT_TRUE(reader().finished());
}

TEST_F(input_readers, an_end_that_is_told_again_is_one) {
  host("a\n");
  input_ends();
  EXPECT_EQ(taken(), lines{"a"});
  input_ends();
  EXPECT_EQ(taken(), lines{});
  EXPECT_TRUE(reader().finished());
}

// -- messages over several lines ----------------------------------------------

TEST_F(input_readers, an_object_over_several_lines_is_one_message) {
  host("hi\n{\n  \"a\":");
  EXPECT_EQ(taken(), lines{"hi"});
  EXPECT_TRUE(reader().half());
  EXPECT_EQ(reader().position(), 3u);
  host(" \"b\"\r\n}\nthere\n");
  EXPECT_EQ(taken(), (lines{R"({   "a": "b" })", "there"}));
  EXPECT_EQ(numbers, (counts{1, 2, 5}));
  EXPECT_EQ(begins, (counts{0, 3, 19}));
  EXPECT_EQ(ends, (counts{3, 19, 25}));
  EXPECT_FALSE(reader().half());
}

TEST_F(input_readers, it_has_begun_also_between_two_of_its_lines) {
  host("{\n");
  EXPECT_EQ(taken(), lines{});
  EXPECT_TRUE(reader().half());
  EXPECT_EQ(reader().position(), 0u);
}

TEST_F(input_readers, an_unfinished_object_is_cut_when_its_writer_leaves) {
  host("{\n\"a\": 1,\n");
  EXPECT_EQ(taken(), lines{});
  writer_leaves();
  EXPECT_EQ(taken(), lines{"{\n\"a\": 1,|cut"});
  host("{\n\"a\": 1");
  writer_leaves();
  EXPECT_EQ(taken(), lines{"{\n\"a\": 1|cut"});
  host("next\n");
  EXPECT_EQ(taken(), lines{"next"});
  EXPECT_EQ(numbers, (counts{1, 3, 5}));
  EXPECT_EQ(ends, (counts{10, 18, 23}));
  EXPECT_EQ(reader().position(), 23u);
}

TEST_F(input_readers, of_what_is_refused_the_end_is_known_when_it_is_over) {
  input.put(std::string(99, '-') + '\n');
  from = 100;
  host("hi\n{oops\nmore\n");
  EXPECT_EQ(taken(), (lines{"hi", "{oops\n"}));
  EXPECT_EQ(reader().position(), 103u) << "the next agent refuses it again";
  host("}\nhi\n");
  EXPECT_EQ(taken(), (lines{"", "hi"}));
  EXPECT_EQ(ends, (counts{103, 0, 116, 119}));
  EXPECT_EQ(begins.back(), 116u);
}

TEST_F(input_readers, without_json_each_line_is_a_line) {
  settings.json = false;
  host("{\n}\n");
  EXPECT_EQ(taken(), (lines{"{", "}"}));
}

// -- from one agent to the next -----------------------------------------------

TEST_F(input_readers, the_next_one_goes_on_with_half_a_message) {
  for (auto half : {"half", "{\n\"a\":", "{\n\"a\":\n"}) {
    memory_log log;
    log.put("first\n");
    log.put(half);
    input_reader first{log, {}, 0};
    first.grew({log.end()});
    ASSERT_NE(first.front(), nullptr);
    first.pop();
    ASSERT_EQ(first.front(), nullptr);
    log.put("1}\nlast\n");
    input_reader next{log, {}, first.position()};
    ASSERT_NE(next.front(), nullptr);
    EXPECT_EQ(next.front()->begin, 6u);
    next.pop();
    ASSERT_NE(next.front(), nullptr);
    EXPECT_EQ(next.front()->text, "last");
  }
}

} // namespace container_agent::test
