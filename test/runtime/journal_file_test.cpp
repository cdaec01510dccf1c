#include "main/runtime/journal_file.hpp"

#include "test/runtime/fifo_fixture.hpp"
#include "test/support/process_limit.hpp"
#include "test/support/recording_log.hpp"
#include "test/support/temp_dir.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace container_agent::test {

namespace {

using runtime::journal_file;

class journal_file_test : public testing::Test {
public:
  temp_dir dir;
  recording_log log;

  journal_file open() { return {dir / "journal", log}; }
  std::string text() const { return read_file(dir / "journal"); }
};

} // namespace

TEST_F(journal_file_test, what_one_agent_notes_the_next_one_knows) {
  {
    auto notes = open();
    notes.accepted("u-1", bytes{"{}\n"}, 3);
    notes.sent("u-1", 1, false);
    notes.continued("u-1", "c-1");
    notes.ready();
    notes.settings({{"r-1", "{}", true}}, 11);
    notes.begun("u-1");
    notes.accepted("u-2", bytes{"{\"x\":1}\n"}, 10);
    notes.session("s-1", false, 1);
    notes.asks("q-1");
    notes.asks("q-2");
    notes.asked("q-1", "{}\n", 12);
    notes.asked("q-3", {}, 0);
  }
  auto kept = open().conversation();
  ASSERT_EQ(kept.prompts.size(), 2U);
  EXPECT_TRUE(kept.prompts[0].begun);
  EXPECT_EQ(kept.prompts[1].sent, 0U);
  EXPECT_EQ(kept.prompts[0].continued_as, "c-1");
  EXPECT_EQ(kept.session_id, "s-1");
  EXPECT_EQ(kept.failed_resumes, 1U);
  EXPECT_TRUE(kept.ready);
  EXPECT_EQ(kept.settings.size(), 1U);
  EXPECT_EQ(kept.input, 12U);
  EXPECT_EQ(kept.open_requests.size(), 1U);
  EXPECT_EQ(kept.answers.size(), 1U);
}

TEST_F(journal_file_test, a_torn_end_is_left_out_and_not_in_the_way) {
  open().accepted("u-1", bytes{"{}\n"}, 3);
  auto whole = text();
  open();
  write_file(dir / "journal", whole + R"({"accepted":"u-2","li)");
  {
    auto notes = open();
    EXPECT_EQ(notes.conversation().prompts.size(), 1U);
    notes.accepted("u-3", bytes{"{}\n"}, 9);
  }
  EXPECT_EQ(open().conversation().prompts.size(), 2U);
  EXPECT_EQ(log.count("journal_damaged"), 0U);
}

TEST_F(journal_file_test, is_written_anew_before_it_has_grown_too_much) {
  auto notes = open();
  const std::string line = std::string(100'000, 'x') + '\n';
  for (int i = 0; i < 100; ++i) {
    auto uuid = "u-" + std::to_string(i);
    notes.accepted(uuid, bytes{line}, 1);
    notes.sent(uuid, 1, false);
    notes.closed(uuid, 7);
    EXPECT_LE(std::filesystem::file_size(dir / "journal"),
              journal_file::max_growth + 200'000);
  }
  EXPECT_EQ(open().conversation().closed.size(), 100U);
}

TEST_F(journal_file_test,
       keeps_why_a_prompt_has_failed_until_it_may_run_again) {
  {
    auto notes = open();
    for (auto uuid : {"u-1", "u-2"}) {
      notes.accepted(uuid, bytes{"{}\n"}, 1);
      notes.failed(uuid, "gave_up");
    }
    notes.forgotten("u-1");
  }
  auto closed = open().conversation().closed;
  ASSERT_EQ(closed.size(), 1U);
  EXPECT_EQ(closed[0].uuid, "u-2");
  EXPECT_EQ(closed[0].failure, "gave_up");
}

TEST_F(journal_file_test, tells_how_much_of_the_input_is_noted) {
  auto notes = open();
  std::vector<std::uint64_t> told;
  notes.on_input([&](std::uint64_t input) { told.push_back(input); });
  notes.accepted("u-1", bytes{"{}\n"}, 3);
  notes.input_taken(5);
  EXPECT_EQ(told, (std::vector<std::uint64_t>{3, 5}));
}

TEST_F(journal_file_test, a_damaged_entry_is_logged) {
  write_file(dir / "journal", "rubbish\n{\"closed\":\"u-1\"}\n");
  EXPECT_EQ(open().conversation().closed.size(), 1U);
  EXPECT_EQ(log.field("journal_damaged", "entries"), "1");
}

TEST_F(journal_file_test, half_an_entry_is_made_good_by_the_next_one) {
  auto notes = open();
  std::vector<std::uint64_t> told;
  notes.on_input([&](std::uint64_t input) { told.push_back(input); });
  notes.accepted("u-1", bytes{"{}\n"}, 3);
  {
    full_disk full{text().size() + 10};
    notes.accepted("u-2", bytes{"{}\n"}, 6);
    ASSERT_FALSE(text().ends_with('\n'));
    notes.accepted("u-3", bytes{"{}\n"}, 9);
    EXPECT_EQ(kind_of(dir / "journal.new"), "missing");
  }
  EXPECT_EQ(told, (std::vector<std::uint64_t>{3}));
  EXPECT_EQ(log.count("journal_not_written"), 1U);
  notes.accepted("u-4", bytes{"{}\n"}, 12);
  EXPECT_EQ(told, (std::vector<std::uint64_t>{3, 12}));
  notes.begun("u-4");
  auto kept = open().conversation();
  ASSERT_EQ(kept.prompts.size(), 4U);
  EXPECT_TRUE(kept.prompts[3].begun);
  EXPECT_EQ(kept.input, 12U);
  EXPECT_EQ(log.count("journal_damaged"), 0U);
}

TEST_F(journal_file_test, what_was_not_written_can_be_made_good_without_more) {
  auto notes = open();
  std::vector<std::uint64_t> told;
  notes.on_input([&](std::uint64_t input) { told.push_back(input); });
  EXPECT_FALSE(notes.make_good());
  {
    full_disk full{text().size()};
    notes.accepted("u-1", bytes{"{}\n"}, 3);
    EXPECT_TRUE(notes.make_good());
    EXPECT_TRUE(told.empty());
  }
  EXPECT_FALSE(notes.make_good());
  EXPECT_EQ(told, (std::vector<std::uint64_t>{3}));
  EXPECT_EQ(log.count("journal_written_again"), 1U);
  EXPECT_EQ(open().conversation().prompts.size(), 1U);
}

TEST_F(journal_file_test, what_can_not_be_written_is_an_error_at_the_start) {
  EXPECT_THROW(journal_file(dir / "missing/journal", log), runtime::fifo_error);
}

} // namespace container_agent::test
