#include "main/runtime/move_note.hpp"

#include "test/support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <string>

namespace container_agent::test {

namespace {

using runtime::move_note;
using standing = move_note::standing;

// In all that Claude says.
constexpr std::uint64_t where = 1000;

/// Claude's FIFO begins at this position: all before was thrown away.
void begin_at(move_note& note, std::uint64_t position) {
  note.begin_throw("", position, 0);
  note.end_throw(0);
}

class move_note_test : public testing::Test {
public:
  temp_dir dir;

  /// What the next agent makes of the file, when the FIFO begins with this.
  standing next(std::string_view unread, bool alive = true) {
    move_note later;
    EXPECT_FALSE(later.open(dir / "moving"));
    return later.look(unread, alive).where;
  }

  /// Where the output stands after `gone` bytes of the piece have gone and
  /// nothing more was noted.
  standing killed_after(const std::string& piece, std::size_t gone,
                        const std::string& behind) {
    move_note note;
    EXPECT_FALSE(note.open(dir / "moving"));
    note.settle({});
    begin_at(note, where);
    note.begin_move(piece, where);
    return next(piece.substr(gone) + behind);
  }
};

} // namespace

TEST_F(move_note_test, a_new_file_stands_between_lines) {
  EXPECT_EQ(next(""), standing::line_start);
}

TEST_F(move_note_test, tells_where_a_killed_move_stopped_at_every_byte) {
  const std::string piece = "{\"a\":1}\n{\"b\":{\"c\":22}}\n{\"d\":3}\n";
  for (const std::string behind : {"", "{\"a\":1}\n", "{\"e\"", "{\"d\":3}\n"})
    for (std::size_t gone = 0; gone <= piece.size(); ++gone) {
      auto at_start = gone == 0 || piece[gone - 1] == '\n';
      EXPECT_EQ(killed_after(piece, gone, behind),
                at_start ? standing::line_start : standing::in_line)
        << gone << " before " << behind;
    }
}

TEST_F(move_note_test, tells_the_same_within_a_long_line_of_one_letter) {
  const std::string piece = "{\"a\":\"" + std::string(1000, 'x');
  const std::string behind = std::string(5000, 'x') + "\"}\n";
  EXPECT_EQ(killed_after(piece, 0, behind), standing::line_start);
  for (auto gone : {1UL, 6UL, 7UL, 500UL, piece.size() - 1, piece.size()})
    EXPECT_EQ(killed_after(piece, gone, behind), standing::in_line) << gone;
}

TEST_F(move_note_test, a_move_that_was_noted_stands_where_it_ended) {
  move_note note;
  ASSERT_FALSE(note.open(dir / "moving"));
  note.begin_move("{\"a\":1}\n{\"b\"", where);
  note.end_move(8);
  EXPECT_EQ(next("{\"b\""), standing::line_start);
  note.begin_move("{\"b\"", where);
  note.end_move(4);
  EXPECT_EQ(next(":2}\n"), standing::in_line);
  note.begin_move(":2}\n", where);
  note.end_move(0); // no room
  EXPECT_EQ(next(":2}\n"), standing::in_line);
}

TEST_F(move_note_test, knows_where_the_fifo_begins_from_agent_to_agent) {
  const std::string piece = "{\"a\":1}\n{\"b\":2}\n";
  for (std::size_t gone = 0; gone <= piece.size(); ++gone) {
    killed_after(piece, gone, "{\"e\"");
    move_note later;
    ASSERT_FALSE(later.open(dir / "moving"));
    later.settle(later.look(piece.substr(gone) + "{\"e\"", true));
    EXPECT_EQ(later.begin(), where + gone);
    EXPECT_EQ(later.told(), later.begin());
    begin_at(later, 2000);
    later.begin_move(piece, 2000);
    later.end_move(3);
    EXPECT_EQ(later.begin(), 2003U);
    begin_at(later, where);
  }
}

TEST_F(move_note_test, of_a_dead_ones_move_nothing_counts_as_gone) {
  killed_after("{\"a\":1}\n", 8, "");
  move_note later;
  ASSERT_FALSE(later.open(dir / "moving"));
  later.settle(later.look("", false));
  EXPECT_EQ(later.begin(), where);
}

TEST_F(move_note_test, what_was_lost_is_to_be_told_until_it_was_written) {
  move_note note;
  ASSERT_FALSE(note.open(dir / "moving"));
  begin_at(note, 100);
  note.lose(200);
  note.lose(300); // the one after was killed before it could tell
  EXPECT_EQ(note.told(), 100U);
  note.begin_own();
  EXPECT_EQ(note.told(), 100U);
  note.end_own(true);
  EXPECT_EQ(note.told(), 300U);
  EXPECT_EQ(note.begin(), 300U);
}

TEST_F(move_note_test, a_line_of_our_own_that_may_be_torn_is_ended) {
  move_note note;
  ASSERT_FALSE(note.open(dir / "moving"));
  note.begin_own();
  EXPECT_EQ(next("{\"a\":1}\n"), standing::torn);
  note.end_own(true);
  EXPECT_EQ(next("{\"a\":1}\n"), standing::line_start);
}

TEST_F(move_note_test, a_line_whose_rest_died_with_claude_is_ended) {
  move_note note;
  ASSERT_FALSE(note.open(dir / "moving"));
  EXPECT_EQ(next("", false), standing::line_start);
  note.begin_move("{\"a\":1}\n", where);
  EXPECT_EQ(next("", false), standing::torn);
  note.end_move(3);
  EXPECT_EQ(next("", false), standing::torn);
}

TEST_F(move_note_test, knows_what_the_host_has_of_a_line) {
  move_note note;
  ASSERT_FALSE(note.open(dir / "moving"));
  note.settle({});
  begin_at(note, where);
  EXPECT_EQ(note.line_begun(), std::nullopt);
  const std::string lines = "{\"a\":1}\n{\"b\":{\"c\":22}}\n";
  note.begin_move(lines, where);
  note.end_move(12);
  EXPECT_EQ(note.line_begun(), "{\"b\"");
  note.begin_move(lines.substr(12), where + 12);
  note.end_move(3); // no room for more
  EXPECT_EQ(note.line_begun(), "{\"b\":{\"");
  note.begin_move(lines.substr(15), where + 15);
  note.end_move(lines.size() - 15);
  EXPECT_EQ(note.line_begun(), "");
}

TEST_F(move_note_test, knows_it_after_a_kill_at_every_byte) {
  const std::string lines = "{\"a\":1}\n{\"b\":{\"c\":22}}\n";
  for (std::size_t gone = 9; gone < lines.size(); ++gone) {
    move_note note;
    ASSERT_FALSE(note.open(dir / "moving"));
    note.settle({});
    begin_at(note, where);
    note.begin_move(lines, where);
    move_note later;
    ASSERT_FALSE(later.open(dir / "moving"));
    later.settle(later.look(lines.substr(gone), true));
    EXPECT_EQ(later.line_begun(), lines.substr(8, gone - 8)) << gone;
  }
}

TEST_F(move_note_test, does_not_know_more_than_it_holds_of_a_line) {
  move_note note;
  ASSERT_FALSE(note.open(dir / "moving"));
  note.settle({});
  begin_at(note, where);
  const std::string much(move_note::max_piece, 'x');
  note.begin_move(much, where);
  note.end_move(much.size());
  EXPECT_EQ(note.line_begun(), much);
  note.begin_move("y", where + much.size());
  note.end_move(1);
  EXPECT_EQ(note.line_begun(), std::nullopt);
}

TEST_F(move_note_test, does_not_know_a_line_that_did_not_all_come_this_way) {
  move_note note;
  ASSERT_FALSE(note.open(dir / "moving"));
  note.settle({});
  begin_at(note, where);
  note.begin_move("{\"a", where);
  note.end_move(3);
  note.begin_own(); // its start, for a new reader
  note.end_own(false);
  note.begin_move("\":1", where + 3);
  note.end_move(3);
  EXPECT_EQ(note.line_begun(), std::nullopt);
  begin_at(note, where + 100); // its rest was left out
  EXPECT_EQ(note.line_begun(), std::nullopt);
}

TEST_F(move_note_test, knows_whether_a_line_was_thrown_away) {
  const std::string own = "{\"answer\":1}\n";
  for (auto gone : {std::size_t{0}, own.size()}) {
    move_note note;
    ASSERT_FALSE(note.open(dir / "moving"));
    note.settle({});
    begin_at(note, where);
    note.begin_throw(own, where, own.size());
    move_note later;
    ASSERT_FALSE(later.open(dir / "moving"));
    later.settle(later.look((own + "{\"b\":2}\n").substr(gone), true));
    EXPECT_EQ(later.begin(), where + gone);
    EXPECT_FALSE(later.in_line());
  }
}

TEST_F(move_note_test, a_line_of_which_the_rest_is_thrown_away_stays_half) {
  move_note note;
  ASSERT_FALSE(note.open(dir / "moving"));
  note.settle({});
  note.begin_move("{\"a", where);
  note.end_move(3);
  note.begin_throw("\":1}\n", where + 3, 5);
  EXPECT_EQ(next("{\"b\":2}\n"), standing::in_line);
}

TEST_F(move_note_test, a_line_that_is_about_to_be_cut_is_ended) {
  move_note note;
  ASSERT_FALSE(note.open(dir / "moving"));
  note.settle({});
  note.begin_move("{\"a", where);
  note.end_move(3);
  note.line_cut(true); // and no LF yet
  EXPECT_EQ(next("\":1}\n"), standing::torn);
}

TEST_F(move_note_test, knows_whether_the_rest_of_a_cut_line_was_thrown_away) {
  const std::string rest = "\":1}\n";
  for (auto gone : {std::size_t{0}, rest.size()}) {
    move_note note;
    ASSERT_FALSE(note.open(dir / "moving"));
    note.settle({});
    begin_at(note, where);
    note.line_cut(true);
    note.begin_throw(rest, where, rest.size(), true);
    move_note later;
    ASSERT_FALSE(later.open(dir / "moving"));
    later.settle(later.look((rest + "{\"b\":2}\n").substr(gone), true));
    EXPECT_EQ(later.line_cut(), gone == 0);
  }
}

TEST_F(move_note_test, keeps_a_lines_start_when_what_came_before_it_must_go) {
  move_note note;
  ASSERT_FALSE(note.open(dir / "moving"));
  note.settle({});
  begin_at(note, where);
  const std::string lines = std::string(60'000, 'x') + "\n{\"b";
  const std::string more(10'000, 'y');
  note.begin_move(lines, where);
  note.end_move(lines.size());
  note.begin_move(more, where + lines.size());
  note.end_move(more.size());
  EXPECT_EQ(note.line_begun(), "{\"b" + more);
}

TEST_F(move_note_test, half_a_line_of_input_is_remembered) {
  move_note note;
  ASSERT_FALSE(note.open(dir / "moving"));
  note.half_input(true);
  move_note later;
  ASSERT_FALSE(later.open(dir / "moving"));
  EXPECT_TRUE(later.half_input());
}

TEST_F(move_note_test, a_file_that_is_no_note_counts_as_empty) {
  write_file(dir / "moving", "something else");
  EXPECT_EQ(next(""), standing::line_start);
}

TEST_F(move_note_test, what_can_not_be_opened_is_an_error) {
  move_note note;
  EXPECT_EQ(note.open(dir / "missing/moving"),
            std::errc::no_such_file_or_directory);
}

} // namespace container_agent::test
