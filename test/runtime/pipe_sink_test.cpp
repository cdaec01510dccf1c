#include "main/runtime/pipe_sink.hpp"

#include "test/runtime/loop_fixture.hpp"

#include <sys/ioctl.h>

#include <string>

namespace container_agent::test {

namespace {

using runtime::pipe_sink;

class pipe_sink_test : public loop_fixture {
public:
  pipe_sink sink{loop};
  unique_fd reader;
  int drained = 0;

  void open() {
    auto pipe = make_pipe();
    reader = std::move(pipe.reader);
    ::fcntl(reader.get(), F_SETFL, O_NONBLOCK);
    sink.open(pipe.writer.release());
    sink.on_drained([this] { ++drained; });
  }

  // Bytes that the pipe holds now.
  int waiting() {
    int count = -1;
    ::ioctl(reader.get(), FIONREAD, &count);
    return count;
  }

  std::string read_now(std::size_t most = 1 << 20) {
    std::string text(most, '\0');
    auto count = ::read(reader.get(), text.data(), text.size());
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return text;
  }

  // Until the sink has nothing left, and then the rest.
  std::string read_all() {
    std::string all;
    while (sink.pending() > 0 && !HasFailure()) {
      all += read_now();
      loop.run_ready();
    }
    return all + read_now();
  }

  // Fills the pipe, with one byte over.
  std::string overfill() {
    auto capacity = ::fcntl(reader.get(), F_GETPIPE_SZ);
    std::string text(static_cast<std::size_t>(capacity) + 1, 'x');
    sink.write(bytes{text});
    EXPECT_EQ(sink.pending(), 1u);
    return text;
  }
};

TEST_F(pipe_sink_test, a_write_reaches_the_pipe_at_once) {
  open();
  sink.write(bytes{"hello"});
  EXPECT_EQ(waiting(), 5);
  EXPECT_EQ(sink.pending(), 0u);
  EXPECT_EQ(read_now(), "hello");
}

TEST_F(pipe_sink_test, nobody_is_told_of_a_write_that_went_out_whole) {
  open();
  sink.write(bytes{"hello"});
  loop.run_ready();
  EXPECT_EQ(drained, 0);
}

TEST_F(pipe_sink_test, an_empty_write_does_nothing) {
  open();
  sink.write(bytes{});
  EXPECT_EQ(sink.pending(), 0u);
  EXPECT_EQ(waiting(), 0);
}

TEST_F(pipe_sink_test, what_a_full_pipe_does_not_take_is_pending) {
  open();
  auto text = overfill();
  loop.run_ready();
  EXPECT_EQ(sink.pending(), 1u);
  EXPECT_EQ(drained, 0);
  EXPECT_EQ(read_all(), text);
  loop.run_ready();
  EXPECT_EQ(drained, 1);
}

TEST_F(pipe_sink_test, order_is_kept_over_a_full_pipe) {
  open();
  auto expected = overfill();
  for (int i = 0; i < 1000; ++i) {
    auto piece = std::to_string(i) + '\n';
    expected += piece;
    sink.write(bytes{piece});
  }
  EXPECT_EQ(sink.pending(), expected.size() - (expected.find('0') - 1));
  EXPECT_EQ(read_all(), expected);
}

TEST_F(pipe_sink_test, a_megabyte_goes_through_a_page) {
  open();
  ::fcntl(reader.get(), F_SETPIPE_SZ, 4096);
  std::string text;
  for (int i = 0; text.size() < (1 << 20); ++i)
    text += std::to_string(i) + ' ';
  sink.write(bytes{text});
  EXPECT_EQ(read_all(), text);
}

TEST_F(pipe_sink_test, parts_of_a_block_are_written_as_parts) {
  open();
  bytes block{"0123456789"};
  sink.write(block.part(2, 3));
  EXPECT_EQ(read_now(), "234");
  auto expected = overfill() + "789";
  sink.write(block.part(7));
  EXPECT_EQ(read_all(), expected);
}

TEST_F(pipe_sink_test, being_drained_is_told_from_the_loop_each_time) {
  open();
  for (int i = 1; i <= 3; ++i) {
    overfill();
    read_all();
    loop.run_ready();
    EXPECT_EQ(drained, i);
  }
}

TEST_F(pipe_sink_test, a_new_notification_takes_the_old_ones_place) {
  open();
  overfill();
  int other = 0;
  sink.on_drained([&other] { ++other; });
  read_all();
  loop.run_ready();
  EXPECT_EQ(drained, 0);
  EXPECT_EQ(other, 1);
}

TEST_F(pipe_sink_test, a_notification_may_be_taken_back) {
  open();
  overfill();
  sink.on_drained(nullptr);
  read_all();
  loop.run_ready();
  EXPECT_EQ(drained, 0);
}

TEST_F(pipe_sink_test, a_notification_may_write_and_replace_itself) {
  open();
  overfill();
  sink.on_drained([this] {
    sink.on_drained(nullptr);
    sink.write(bytes{"more"});
  });
  auto text = read_all();
  loop.run_ready();
  EXPECT_TRUE((text + read_now()).ends_with("xmore"));
}

TEST_F(pipe_sink_test, a_reader_that_left_is_an_error_and_told_from_the_loop) {
  open();
  reader.reset();
  sink.write(bytes{"x"});
  EXPECT_EQ(sink.error(), std::errc::broken_pipe);
  EXPECT_EQ(sink.pending(), 0u);
  EXPECT_EQ(drained, 0);
  loop.run_ready();
  EXPECT_EQ(drained, 1);
  EXPECT_FALSE(sink.is_open());
}

TEST_F(pipe_sink_test, a_reader_that_leaves_meanwhile_is_an_error) {
  open();
  overfill();
  reader.reset();
  EXPECT_TRUE(run_until([this] { return drained == 1; }));
  EXPECT_EQ(sink.error(), std::errc::broken_pipe);
  EXPECT_EQ(sink.pending(), 0u);
  sink.write(bytes{"no more"});
  loop.run_ready();
  EXPECT_EQ(drained, 1);
}

TEST_F(pipe_sink_test, closing_when_drained_is_closing_now_if_it_is) {
  open();
  sink.write(bytes{"x"});
  sink.close_when_drained();
  EXPECT_FALSE(sink.is_open());
  EXPECT_EQ(read_now(), "x");
  char more = 0;
  EXPECT_EQ(::read(reader.get(), &more, 1), 0); // its end
}

TEST_F(pipe_sink_test, closing_when_drained_waits_for_what_is_pending) {
  open();
  auto text = overfill();
  sink.close_when_drained();
  EXPECT_TRUE(sink.is_open());
  EXPECT_EQ(read_all(), text);
  loop.run_ready();
  EXPECT_FALSE(sink.is_open());
  EXPECT_FALSE(sink.error());
  EXPECT_EQ(drained, 1);
}

TEST_F(pipe_sink_test, a_write_after_the_close_is_an_error) {
  open();
  sink.close_when_drained();
  sink.write(bytes{"x"});
  EXPECT_EQ(sink.error(), std::errc::broken_pipe);
}

TEST_F(pipe_sink_test, closing_drops_what_is_pending_and_tells_nobody) {
  open();
  overfill();
  sink.close();
  loop.run_ready();
  EXPECT_EQ(sink.pending(), 0u);
  EXPECT_EQ(drained, 0);
}

TEST_F(pipe_sink_test, it_opens_again_after_an_error) {
  open();
  reader.reset();
  sink.write(bytes{"x"});
  open();
  EXPECT_FALSE(sink.error());
  sink.write(bytes{"y"});
  EXPECT_EQ(read_now(), "y");
}

TEST_F(pipe_sink_test, what_is_pending_can_be_taken_away) {
  open();
  overfill();
  sink.write(bytes{"second"});
  auto rest = sink.take_pending();
  ASSERT_EQ(rest.size(), 2u);
  EXPECT_EQ(rest[0].view(), "x");
  EXPECT_EQ(rest[1].view(), "second");
  EXPECT_EQ(sink.pending(), 0u);
  read_now();
  loop.run_ready();
  EXPECT_EQ(drained, 0);
  sink.write(bytes{"third"});
  EXPECT_EQ(read_now(), "third");
}

TEST_F(pipe_sink_test, a_descriptor_that_is_none_is_an_error) {
  sink.on_drained([this] { ++drained; });
  sink.open(-1);
  loop.run_ready();
  EXPECT_EQ(sink.error(), std::errc::bad_file_descriptor);
  EXPECT_EQ(drained, 1);
}

TEST_F(pipe_sink_test, a_sink_may_go_while_something_is_pending) {
  auto pipe = make_pipe();
  {
    pipe_sink short_lived{loop};
    short_lived.on_drained([this] { ++drained; });
    short_lived.open(pipe.writer.release());
    short_lived.write(bytes{std::string(1 << 20, 'x')});
  }
  pipe.reader.reset();
  loop.run_ready();
  EXPECT_EQ(drained, 0);
}

} // namespace

} // namespace container_agent::test
