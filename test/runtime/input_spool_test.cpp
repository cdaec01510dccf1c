#include "main/runtime/input_spool.hpp"

#include "test/runtime/loop_fixture.hpp"
#include "test/support/small_disk.hpp"
#include "test/support/temp_dir.hpp"

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

namespace container_agent::test {

namespace {

using runtime::input_spool;

class input_spool_test : public testing::Test {
public:
  temp_dir dir;
  pipe_ends pipe = make_pipe();
  std::array<char, 64 * 1024> buffer{};

  void SetUp() override { ::fcntl(pipe.reader.get(), F_SETFL, O_NONBLOCK); }

  void say(std::string_view text) const {
    ASSERT_EQ(::write(pipe.writer.get(), text.data(), text.size()),
              static_cast<ssize_t>(text.size()));
  }

  std::string read(input_spool& spool) {
    auto count = spool.read(pipe.reader.get(), buffer);
    return count < 0
             ? std::string{std::strerror(errno)}
             : std::string{buffer.data(), static_cast<std::size_t>(count)};
  }
};

} // namespace

TEST_F(input_spool_test, reads_what_the_pipe_holds) {
  input_spool spool;
  ASSERT_FALSE(spool.open(dir / "input", 0));
  say("one\n");
  EXPECT_EQ(spool.position(), 0U);
  EXPECT_EQ(read(spool), "one\n");
  EXPECT_EQ(spool.position(), 4U);
  say("two\n");
  EXPECT_EQ(read(spool), "two\n");
  EXPECT_EQ(read(spool), std::strerror(EAGAIN));
  pipe.writer.reset();
  EXPECT_EQ(read(spool), "");
}

TEST_F(input_spool_test, the_next_agent_reads_what_was_not_dealt_with) {
  {
    input_spool spool;
    ASSERT_FALSE(spool.open(dir / "input", 0));
    say("one\ntwo\nhal");
    read(spool);
  }
  say("f\n");
  input_spool spool;
  ASSERT_FALSE(spool.open(dir / "input", 4));
  EXPECT_TRUE(spool.holds_unread());
  EXPECT_FALSE(spool.begins_anew());
  EXPECT_EQ(spool.position(), 4U);
  EXPECT_EQ(read(spool), "two\nhal");
  EXPECT_EQ(read(spool), "f\n");
  EXPECT_EQ(spool.position(), 13U);
}

TEST_F(input_spool_test, the_next_agent_reads_what_none_has_read) {
  {
    input_spool spool;
    ASSERT_FALSE(spool.open(dir / "input", 0));
    say("one\n");
    read(spool);
    say("two\n");
    EXPECT_FALSE(spool.take_rest(pipe.reader.get()));
    EXPECT_EQ(spool.unread(), 4U);
  }
  say("three\n");
  input_spool spool;
  ASSERT_FALSE(spool.open(dir / "input", 4));
  EXPECT_EQ(read(spool), "two\n");
  EXPECT_EQ(read(spool), "three\n");
}

TEST_F(input_spool_test, begins_anew_when_all_was_dealt_with) {
  {
    input_spool spool;
    ASSERT_FALSE(spool.open(dir / "input", 0));
    say("one\n");
    read(spool);
  }
  // Also where an agent was killed between emptying it and noting that.
  for (auto dealt_with : {4U, 4U, 0U}) {
    input_spool spool;
    ASSERT_FALSE(spool.open(dir / "input", dealt_with));
    EXPECT_TRUE(spool.begins_anew());
    EXPECT_EQ(spool.position(), 0U);
  }
}

TEST_F(input_spool_test, gives_room_back_and_positions_stay) {
  input_spool spool;
  ASSERT_FALSE(spool.open(dir / "input", 0));
  const std::string text(32 * 1024, 'x');
  for (int i = 0; i < 64; ++i) {
    say(text);
    ASSERT_EQ(read(spool), text);
    spool.release(spool.position());
  }
  EXPECT_EQ(spool.position(), 64 * text.size());
  struct stat found {};
  ASSERT_EQ(::stat((dir / "input").c_str(), &found), 0);
  EXPECT_EQ(static_cast<std::size_t>(found.st_size), 64 * text.size());
  EXPECT_LT(static_cast<std::size_t>(found.st_blocks) * 512,
            static_cast<std::size_t>(found.st_size));
  say("more");
  EXPECT_EQ(read(spool), "more");
}

TEST_F(input_spool_test, what_a_full_disk_has_no_room_for_stays_in_the_pipe) {
  small_disk disk{dir / "disk"};
  if (!disk)
    GTEST_SKIP() << "only root can mount a disk";
  input_spool spool;
  ASSERT_FALSE(spool.open(dir / "disk/input", 0));
  disk.fill();
  say("one\n");
  EXPECT_EQ(read(spool), std::strerror(ENOSPC));
  EXPECT_EQ(spool.trouble(),
            (dir / "disk/input").string() + ": " + std::strerror(ENOSPC));
  EXPECT_EQ(read(spool), std::strerror(ENOSPC));
  disk.make_room();
  EXPECT_EQ(read(spool), "one\n");
  EXPECT_EQ(spool.trouble(), "");
}

TEST_F(input_spool_test, reads_nothing_before_what_has_to_be_written_first) {
  input_spool spool;
  ASSERT_FALSE(spool.open(dir / "input", 0));
  std::error_code full{ENOSPC, std::generic_category()};
  spool.before_read([&] { return full; });
  say("one\n");
  EXPECT_NE(spool.trouble(), "") << "known before anything is read";
  EXPECT_EQ(read(spool), std::strerror(ENOSPC));
  full = {};
  EXPECT_EQ(read(spool), "one\n");
}

} // namespace container_agent::test
