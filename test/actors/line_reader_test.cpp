#include "actors/line_reader.hpp"
#include "test/actors/outboxes.hpp"
#include "test/support/actor_ports.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace container_agent::test {

namespace {

class line_readers : public testing::Test {
public:
  port_events events;
  fake_source source{events};
  line_reader::config settings;
  std::size_t notified = 0;

  line_reader& reader() {
    if (!reader_) {
      reader_.emplace(source, settings);
      reader_->on_arrival([this] { ++notified; });
    }
    return *reader_;
  }

  /// Credit for so many deliveries, counted from the first.
  void allow(std::uint64_t limit) {
    reader().to_conversation.update(plain_window{0, limit});
    reader().advance();
  }

  /// Lets the port say what it has to, and the reader move it on.
  void run() {
    while (events.run_one())
      reader().advance();
  }

  /// What was delivered, a word each: text, then how it ended if not complete.
  std::vector<std::string> delivered() {
    run();
    std::vector<std::string> result;
    while (const auto* item = reader().to_conversation.next()) {
      if (const auto* line = std::get_if<host_line>(item)) {
        result.push_back(std::string{line->text.view()});
        if (line->ending != line_ending::complete)
          result.back() += '|' + to_string(line->ending);
        numbers.push_back(line->number);
        sizes.push_back(line->size);
        ends.push_back(line->end);
      } else {
        result.push_back("(ended)");
      }
    }
    return result;
  }

  std::vector<std::uint64_t> numbers;
  std::vector<std::uint64_t> sizes;
  std::vector<std::uint64_t> ends;

private:
  std::optional<line_reader> reader_;
};

using lines = std::vector<std::string>;

} // namespace

TEST_F(line_readers, without_credit_nothing_is_read) {
  source.give("a\n");
  reader().advance();
  EXPECT_EQ(delivered(), lines{});
  EXPECT_FALSE(source.being_read());
  EXPECT_EQ(source.unread(), 2u);
}

TEST_F(line_readers, lines_are_delivered_numbered_from_one) {
  allow(10);
  source.give("a\n\nbc\r\n");
  EXPECT_EQ(delivered(), (lines{"a", "", "bc"}));
  EXPECT_EQ(numbers, (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_EQ(sizes, (std::vector<std::uint64_t>{1, 0, 2}));
}

TEST_F(line_readers, what_credit_does_not_cover_stays_in_the_kernel) {
  allow(2);
  source.give("a\nb\nc\n");
  EXPECT_EQ(delivered(), (lines{"a", "b"}));
  source.give("d\n");
  EXPECT_EQ(delivered(), lines{});
  EXPECT_EQ(source.unread(), 2u) << "d is not read before c has gone";
  allow(4);
  EXPECT_EQ(delivered(), (lines{"c", "d"}));
}

TEST_F(line_readers, somebody_is_told_of_every_read) {
  allow(10);
  source.give("half");
  delivered();
  source.give("\n");
  delivered();
  EXPECT_EQ(notified, 2u);
}

TEST_F(line_readers, a_read_that_throws_is_tried_again) {
  source.throws = 1;
  source.give("a\n");
  EXPECT_THROW(allow(10), std::runtime_error);
  reader().advance();
  EXPECT_EQ(delivered(), lines{"a"});
}

TEST_F(line_readers, a_line_may_come_in_many_reads) {
  allow(10);
  for (char c : std::string{"one\r\ntwo\n"}) {
    source.give({&c, 1});
    run();
  }
  EXPECT_EQ(delivered(), (lines{"one", "two"}));
}

TEST_F(line_readers, writers_come_and_go_unnoticed_between_lines) {
  allow(10);
  source.give("a\n");
  source.end();
  EXPECT_EQ(delivered(), lines{"a"});
  EXPECT_FALSE(source.reports_end());
  source.give("b\n");
  EXPECT_EQ(delivered(), lines{"b"});
}

TEST_F(line_readers, a_writer_that_leaves_within_a_line_cuts_it) {
  allow(10);
  source.give("a\nhalf");
  EXPECT_EQ(delivered(), lines{"a"});
  EXPECT_TRUE(source.reports_end()) << "half a line must not wait for ever";
  source.end();
  EXPECT_EQ(delivered(), lines{"half|cut"});
  EXPECT_FALSE(source.reports_end());
  source.give("next\n");
  EXPECT_EQ(delivered(), lines{"next"});
}

TEST_F(line_readers, a_line_too_long_is_told_with_its_size) {
  settings.max_line = 10;
  allow(10);
  source.give(std::string(25, 'x') + "\nok\n");
  EXPECT_EQ(delivered(), (lines{std::string(25, 'x') + "|too_long", "ok"}));
  EXPECT_EQ(sizes, (std::vector<std::uint64_t>{25, 2}));
}

TEST_F(line_readers, an_object_over_several_lines_is_one_message) {
  allow(10);
  source.give("hi\n{\n  \"a\":");
  EXPECT_EQ(delivered(), lines{"hi"});
  EXPECT_TRUE(source.reports_end()) << "its writer may leave";
  source.give(" \"b\"\r\n}\nthere\n");
  EXPECT_EQ(delivered(), (lines{R"({   "a": "b" })", "there"}));
  EXPECT_EQ(numbers, (std::vector<std::uint64_t>{1, 2, 5}));
  EXPECT_FALSE(source.reports_end());
}

TEST_F(line_readers, an_unfinished_object_is_cut_when_its_writer_leaves) {
  allow(10);
  source.give("{\n\"a\": 1,\n");
  EXPECT_EQ(delivered(), lines{});
  source.end();
  EXPECT_EQ(delivered(), lines{"{\n\"a\": 1,|cut"});
  source.give("{\n\"a\": 1");
  source.end();
  EXPECT_EQ(delivered(), lines{"{\n\"a\": 1|cut"});
  source.give("next\n");
  EXPECT_EQ(delivered(), lines{"next"});
  EXPECT_EQ(numbers, (std::vector<std::uint64_t>{1, 3, 5}));
}

TEST_F(line_readers, stopped_to_go_on_it_leaves_an_unfinished_object) {
  allow(10);
  source.give("{\n\"a\": 1,\n");
  EXPECT_EQ(delivered(), lines{});
  reader().stop(true);
  reader().advance();
  EXPECT_EQ(delivered(), lines{"(ended)"});
}

TEST_F(line_readers, stopped_it_delivers_an_unfinished_object_as_cut) {
  allow(10);
  source.give("{\n\"a\": 1,\n");
  EXPECT_EQ(delivered(), lines{});
  reader().stop();
  reader().advance();
  EXPECT_EQ(delivered(), (lines{"{\n\"a\": 1,|cut", "(ended)"}));
}

TEST_F(line_readers, of_what_is_refused_the_end_is_known_when_it_is_over) {
  source.begin_at(100);
  allow(10);
  source.give("hi\n{oops\nmore\n");
  EXPECT_EQ(delivered(), (lines{"hi", "{oops\n"}));
  source.give("}\nhi\n");
  EXPECT_EQ(delivered(), (lines{"", "hi"}));
  EXPECT_EQ(ends, (std::vector<std::uint64_t>{103, 0, 116, 119}));
}

TEST_F(line_readers, without_json_each_line_is_a_line) {
  settings.json = false;
  allow(10);
  source.give("{\n}\n");
  EXPECT_EQ(delivered(), (lines{"{", "}"}));
}

TEST_F(line_readers, with_exit_on_eof_the_last_writer_ends_the_input) {
  settings.exit_on_eof = true;
  allow(10);
  source.give("a\nhalf");
  source.end();
  EXPECT_EQ(delivered(), (lines{"a", "half|cut", "(ended)"}));
  source.give("late\n");
  EXPECT_EQ(delivered(), lines{});
  EXPECT_FALSE(source.being_read());
}

TEST_F(line_readers, the_end_waits_for_credit_like_any_line) {
  settings.exit_on_eof = true;
  allow(1);
  source.give("a\n");
  source.end();
  EXPECT_EQ(delivered(), lines{"a"});
  allow(2);
  EXPECT_EQ(delivered(), lines{"(ended)"});
}

TEST_F(line_readers, stopped_it_delivers_what_it_has_and_reads_no_more) {
  allow(1);
  source.give("a\nb\nhalf");
  EXPECT_EQ(delivered(), lines{"a"});
  source.give("late\n");
  EXPECT_TRUE(reader().stop());
  reader().advance();
  allow(10);
  EXPECT_EQ(delivered(), (lines{"b", "half|cut", "(ended)"}));
  EXPECT_EQ(source.unread(), 5u);
}

TEST_F(line_readers, stopped_to_go_on_it_leaves_half_a_line_to_the_next) {
  allow(10);
  source.give("a\nhalf");
  EXPECT_EQ(delivered(), lines{"a"});
  reader().stop(true);
  reader().advance();
  EXPECT_EQ(delivered(), lines{"(ended)"});
}

TEST_F(line_readers, stopped_twice_it_ends_once) {
  allow(10);
  EXPECT_TRUE(reader().stop());
  EXPECT_FALSE(reader().stop());
  reader().advance();
  EXPECT_EQ(delivered(), lines{"(ended)"});
}

TEST_F(line_readers, stopped_while_a_read_is_outstanding_it_drops_the_read) {
  allow(10);
  EXPECT_TRUE(source.being_read());
  reader().stop();
  EXPECT_FALSE(source.being_read());
}

TEST_F(line_readers, an_error_stops_the_reading_until_it_was_told) {
  allow(10);
  auto error = std::make_error_code(std::errc::io_error);
  source.fail(error);
  EXPECT_EQ(delivered(), lines{});
  EXPECT_FALSE(source.being_read());
  EXPECT_EQ(reader().take_error(), error);
  EXPECT_FALSE(reader().take_error()) << "told once";
  reader().advance();
  EXPECT_TRUE(source.being_read()) << "and tried again";
}

TEST_F(line_readers, raw_bytes_come_as_they_were_read) {
  settings.raw = true;
  allow(10);
  const std::string odd{"a\n\0\xff\r", 5};
  source.give(odd);
  EXPECT_EQ(delivered(), lines{odd + "|raw"});
  source.give("b");
  EXPECT_EQ(delivered(), lines{"b|raw"});
  EXPECT_EQ(sizes, (std::vector<std::uint64_t>{5, 1}));
}

TEST_F(line_readers, raw_reads_no_more_than_a_pipe_holds_at_once) {
  settings.raw = true;
  allow(1);
  source.give(std::string(read_size + 1, 'x'));
  auto pieces = delivered();
  ASSERT_EQ(pieces.size(), 1u);
  EXPECT_EQ(source.unread(), 1u);
}

TEST_F(line_readers, raw_with_exit_on_eof_ends_too) {
  settings.raw = true;
  settings.exit_on_eof = true;
  allow(10);
  source.give("a");
  source.end();
  EXPECT_EQ(delivered(), (lines{"a|raw", "(ended)"}));
}

} // namespace container_agent::test
