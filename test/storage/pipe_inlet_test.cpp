#include "main/storage/pipe_inlet.hpp"

#include "test/storage/storage_fixture.hpp"
#include "test/support/small_disk.hpp"

#include <cerrno>
#include <optional>
#include <string>

namespace container_agent::test {

namespace {

using storage::log;
using storage::pipe_inlet;

class pipe_inlet_test : public storage_loop_fixture {
public:
  log events{settings()};
  pipe_inlet inlet{loop, events};
  std::optional<inlet::result> found;

  void SetUp() override { inlet.open(pipe.reader.release()); }

  void move() {
    found.reset();
    inlet.move([this](const inlet::result& result) { found = result; });
    EXPECT_FALSE(found);
  }

  inlet::result moved() {
    move();
    EXPECT_TRUE(run_until([this] { return found.has_value(); }));
    return *found;
  }
};

TEST_F(pipe_inlet_test, moves_what_comes) {
  move();
  loop.run_ready();
  EXPECT_FALSE(found);
  say("one\n");
  EXPECT_TRUE(run_until([this] { return found.has_value(); }));
  EXPECT_EQ(found->moved, 4U);
  EXPECT_FALSE(found->at_end);
  EXPECT_EQ(all_of(events), "one\n");
  say("two\n");
  EXPECT_EQ(inlet.unread(), 4U);
  loop.run_ready();
  EXPECT_EQ(events.end(), 4U); // nobody has asked
  EXPECT_EQ(moved().moved, 4U);
  EXPECT_EQ(inlet.unread(), 0U);
}

TEST_F(pipe_inlet_test, moves_at_most_read_size_at_a_time) {
  ::fcntl(pipe.writer.get(), F_SETPIPE_SZ, 1024 * 1024);
  say(std::string(read_size + 10, 'x'));
  EXPECT_EQ(moved().moved, read_size);
  EXPECT_EQ(moved().moved, 10U);
}

TEST_F(pipe_inlet_test, finds_the_end_again_and_again) {
  say("one");
  pipe.writer.reset();
  EXPECT_EQ(moved().moved, 3U);
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(moved().at_end);
    EXPECT_FALSE(inlet.is_open());
  }
}

TEST_F(pipe_inlet_test, what_was_given_up_stays_in_the_pipe) {
  move();
  loop.run_ready();
  inlet.cancel();
  say("one\n");
  loop.run_ready();
  EXPECT_FALSE(found);
  EXPECT_EQ(events.end(), 0U);
  EXPECT_EQ(moved().moved, 4U);
}

TEST_F(pipe_inlet_test, a_closed_one_finds_its_end) {
  inlet.close();
  EXPECT_TRUE(moved().at_end);
  EXPECT_EQ(inlet.unread(), 0U);
}

TEST_F(pipe_inlet_test, an_outstanding_move_finds_an_end_that_was_told) {
  move();
  loop.run_ready();
  inlet.end();
  EXPECT_TRUE(run_until([this] { return found.has_value(); }));
  EXPECT_TRUE(found->at_end);
}

TEST_F(pipe_inlet_test, another_pipe_follows) {
  move();
  loop.run_ready();
  pipe = runtime::make_pipe(O_NONBLOCK);
  inlet.open(pipe.reader.release());
  say("one\n");
  loop.run_ready();
  EXPECT_FALSE(found); // given up by `open`
  EXPECT_EQ(moved().moved, 4U);
}

TEST_F(pipe_inlet_test, a_handler_may_move_again_or_destroy) {
  std::optional<pipe_inlet> mortal{std::in_place, loop, events};
  pipe = runtime::make_pipe(O_NONBLOCK);
  mortal->open(pipe.reader.release());
  say("one\n");
  mortal->move([&](const inlet::result&) {
    mortal->move([&](const inlet::result&) { mortal.reset(); });
  });
  loop.run_ready();
  EXPECT_TRUE(mortal);
  say("two\n");
  EXPECT_TRUE(run_until([&] { return !mortal; }));
  EXPECT_EQ(all_of(events), "one\ntwo\n");
}

TEST_F(pipe_inlet_test, what_can_not_be_opened_is_an_error_for_good) {
  inlet.open(-1);
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(moved().error, std::errc::bad_file_descriptor);
}

TEST_F(pipe_inlet_test, a_full_disk_passes) {
  small_disk disk{dir / "disk"};
  if (!disk)
    GTEST_SKIP() << "reason: only root can mount a small disk";
  log on_disk{{.directory = dir / "disk"}};
  pipe_inlet into{loop, on_disk};
  auto other = runtime::make_pipe(O_NONBLOCK);
  into.open(other.reader.release());
  disk.fill();
  ASSERT_EQ(::write(other.writer.get(), "one\n", 4), 4);
  auto move_into = [&] {
    found.reset();
    into.move([this](const inlet::result& result) { found = result; });
    EXPECT_TRUE(run_until([this] { return found.has_value(); }));
    return *found;
  };
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(move_into().error, std::errc::no_space_on_device);
  EXPECT_TRUE(into.is_open());
  EXPECT_EQ(into.unread(), 4U);
  disk.make_room();
  EXPECT_EQ(move_into().moved, 4U);
  EXPECT_EQ(on_disk.trouble(), "");
}

} // namespace

} // namespace container_agent::test
