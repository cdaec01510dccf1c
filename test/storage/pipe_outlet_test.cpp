#include "main/storage/pipe_outlet.hpp"

#include "test/storage/storage_fixture.hpp"

#include <sys/resource.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace container_agent::test {

namespace {

using storage::cursor;
using storage::log;
using storage::pipe_outlet;

class pipe_outlet_test : public storage_loop_fixture {
public:
  log events{settings()};
  pipe_outlet outlet{loop};
  int notified = 0;
  int closed = 0;
  // More than a pipe takes.
  std::string large = std::string(200000, 'x') + '\n';

  void SetUp() override {
    outlet.on_moved([this] { ++notified; });
    open();
  }

  void open(std::uint64_t from = 0) {
    outlet.open(pipe.writer.release(), std::make_unique<cursor>(events, from));
  }

  void open_another(std::uint64_t from) {
    pipe = runtime::make_pipe(O_NONBLOCK);
    open(from);
  }

  // All that comes until it is `size` bytes.
  std::string hear(std::size_t size) {
    std::string got;
    EXPECT_TRUE(run_until([&] {
      got += heard();
      return got.size() >= size;
    }));
    return got;
  }

  bool reader_sees_end() const {
    char one = 0;
    return ::read(pipe.reader.get(), &one, 1) == 0;
  }
};

TEST_F(pipe_outlet_test, lets_go_at_once_what_fits) {
  events.append("one\ntwo\n");
  outlet.let_go(4);
  EXPECT_EQ(outlet.position(), 4U);
  EXPECT_EQ(heard(), "one\n");
  outlet.let_go(2);
  outlet.let_go(8);
  EXPECT_EQ(heard(), "two\n");
  loop.run_ready();
  EXPECT_EQ(notified, 0);
}

TEST_F(pipe_outlet_test, goes_on_when_there_is_room) {
  events.append(large);
  outlet.let_go(events.end());
  auto before = outlet.position();
  EXPECT_LT(before, large.size());
  loop.run_ready();
  EXPECT_EQ(notified, 0);
  EXPECT_EQ(hear(large.size()), large);
  EXPECT_EQ(outlet.position(), large.size());
  loop.run_ready();
  EXPECT_GT(notified, 0);
}

TEST_F(pipe_outlet_test, a_limit_beyond_the_log_is_not_waited_for) {
  events.append("one\n");
  outlet.let_go(1000);
  loop.run_ready();
  EXPECT_EQ(outlet.position(), 4U);
  EXPECT_EQ(heard(), "one\n");
}

TEST_F(pipe_outlet_test, a_reader_that_leaves_is_an_error) {
  pipe.reader.reset();
  events.append("one\n");
  outlet.let_go(4);
  EXPECT_EQ(outlet.error(), std::errc::broken_pipe);
  EXPECT_FALSE(outlet.is_open());
  EXPECT_EQ(outlet.position(), 0U);
  EXPECT_EQ(notified, 0);
  loop.run_ready();
  EXPECT_EQ(notified, 1);
  outlet.let_go(4);
  open_another(0);
  EXPECT_FALSE(outlet.error());
  EXPECT_EQ(heard(), ""); // the limit is forgotten, too
  outlet.let_go(4);
  EXPECT_EQ(heard(), "one\n");
}

TEST_F(pipe_outlet_test, a_reader_that_leaves_while_it_waits_is_an_error) {
  events.append(large);
  outlet.let_go(events.end());
  pipe.reader.reset();
  EXPECT_TRUE(run_until([this] { return notified > 0; }));
  EXPECT_EQ(outlet.error(), std::errc::broken_pipe);
}

TEST_F(pipe_outlet_test, closes_at_once_if_all_has_gone) {
  outlet.close_when_gone([this] { ++closed; });
  EXPECT_FALSE(outlet.is_open());
  EXPECT_EQ(closed, 0);
  loop.run_ready();
  EXPECT_EQ(closed, 1);
  EXPECT_TRUE(reader_sees_end());
}

TEST_F(pipe_outlet_test, closes_once_all_has_gone) {
  events.append(large + "two\n");
  outlet.let_go(large.size());
  outlet.close_when_gone([this] { ++closed; });
  outlet.let_go(events.end()); // too late
  EXPECT_TRUE(outlet.is_open());
  EXPECT_EQ(hear(large.size()), large);
  EXPECT_TRUE(run_until([this] { return closed == 1; }));
  EXPECT_EQ(outlet.position(), large.size());
  EXPECT_TRUE(reader_sees_end());
}

TEST_F(pipe_outlet_test, closing_ends_with_an_error_too) {
  events.append(large);
  outlet.let_go(events.end());
  outlet.close_when_gone([this] { ++closed; });
  pipe.reader.reset();
  EXPECT_TRUE(run_until([this] { return closed == 1; }));
  EXPECT_TRUE(outlet.error());
}

TEST_F(pipe_outlet_test, closes_at_once_without_a_word) {
  events.append(large);
  outlet.let_go(events.end());
  auto at = outlet.position();
  outlet.close();
  loop.run_ready();
  EXPECT_EQ(notified, 0);
  EXPECT_EQ(outlet.position(), at);
  EXPECT_EQ(heard(), large.substr(0, at));
  EXPECT_TRUE(reader_sees_end());
  outlet.let_go(events.end());
  open_another(at);
  outlet.let_go(events.end());
  EXPECT_EQ(hear(large.size() - at), large.substr(at));
}

TEST_F(pipe_outlet_test, a_log_that_is_gone_is_an_error) {
  log several{settings(100)};
  several.append(line_of('a'));
  several.append(line_of('b'));
  several.append(line_of('c'));
  pipe = runtime::make_pipe(O_NONBLOCK);
  outlet.open(pipe.writer.release(), std::make_unique<cursor>(several, 50));
  several.release(200);
  outlet.let_go(300);
  EXPECT_EQ(outlet.error(), std::error_code(ESTALE, std::generic_category()));
}

TEST_F(pipe_outlet_test, what_can_not_be_opened_is_an_error) {
  outlet.open(-1, std::make_unique<cursor>(events, 0));
  EXPECT_EQ(outlet.error(), std::errc::bad_file_descriptor);
  loop.run_ready();
  EXPECT_EQ(notified, 1);
}

TEST_F(pipe_outlet_test, waits_without_waking_up) {
  events.append(large);
  outlet.let_go(events.end());
  loop.run_ready();
  EXPECT_EQ(loop.run_ready(), 0U);
}

} // namespace

} // namespace container_agent::test
