#include "main/runtime/pipe_end.hpp"

#include "test/runtime/loop_fixture.hpp"

#include <sys/ioctl.h>

#include <array>
#include <optional>
#include <string>

namespace container_agent::test {

namespace {

using runtime::pipe_sink;
using runtime::pipe_source;

// A result that outlives the handler's call.
struct found {
  std::string data;
  bool at_end = false;
  std::error_code error;
};

class pipe_source_test : public loop_fixture {
public:
  pipe_source source{loop};
  unique_fd writer;

  void open() {
    auto pipe = make_pipe();
    writer = std::move(pipe.writer);
    source.open(pipe.reader.release());
  }

  void write(std::string_view text) {
    ASSERT_EQ(::write(writer.get(), text.data(), text.size()),
              static_cast<ssize_t>(text.size()));
  }

  static pipe_source::handler store(std::optional<found>& into) {
    return [&into](const pipe_source::result& result) {
      into = found{std::string{result.data}, result.at_end, result.error};
    };
  }

  found read() {
    std::optional<found> result;
    source.read(store(result));
    EXPECT_TRUE(run_until([&] { return result.has_value(); }));
    return result.value_or(found{});
  }
};

TEST_F(pipe_source_test, bytes_that_are_there_are_found) {
  open();
  write("hello");
  EXPECT_EQ(read().data, "hello");
}

TEST_F(pipe_source_test, nothing_is_handed_over_from_within_read) {
  open();
  write("hello");
  std::optional<found> result;
  source.read(store(result));
  EXPECT_FALSE(result);
  EXPECT_TRUE(run_until([&] { return result.has_value(); }));
}

TEST_F(pipe_source_test, bytes_that_come_later_are_found) {
  open();
  std::optional<found> result;
  source.read(store(result));
  loop.run_ready();
  EXPECT_FALSE(result);
  write("later");
  EXPECT_TRUE(run_until([&] { return result.has_value(); }));
  EXPECT_EQ(result->data, "later");
}

TEST_F(pipe_source_test, a_handler_may_ask_for_more) {
  open();
  std::string all;
  pipe_source::handler collect = [&](const pipe_source::result& result) {
    all += result.data;
    if (!result.at_end)
      source.read(collect);
  };
  source.read(collect);
  for (const auto* text : {"a", "b", "c"}) {
    write(text);
    loop.run_ready();
  }
  EXPECT_EQ(all, "abc");
  writer.reset();
  loop.run_ready();
}

TEST_F(pipe_source_test, more_than_a_read_takes_comes_in_pieces) {
  open();
  ::fcntl(writer.get(), F_SETPIPE_SZ, static_cast<int>(4 * read_size));
  write(std::string(read_size + 1, 'x'));
  EXPECT_EQ(read().data.size(), read_size);
  EXPECT_EQ(read().data, "x");
}

TEST_F(pipe_source_test, exactly_what_a_read_takes_is_no_end) {
  open();
  write(std::string(read_size, 'x'));
  EXPECT_EQ(read().data.size(), read_size);
  std::optional<found> result;
  source.read(store(result));
  loop.run_ready();
  EXPECT_FALSE(result);
  write("y");
  EXPECT_TRUE(run_until([&] { return result.has_value(); }));
  EXPECT_EQ(result->data, "y");
}

TEST_F(pipe_source_test, the_end_comes_after_the_bytes_and_stays) {
  open();
  write("last");
  writer.reset();
  auto bytes_found = read();
  EXPECT_EQ(bytes_found.data, "last");
  EXPECT_FALSE(bytes_found.at_end);
  for (int i = 0; i < 2; ++i) {
    auto end = read();
    EXPECT_TRUE(end.at_end);
    EXPECT_TRUE(end.data.empty());
    EXPECT_FALSE(end.error);
  }
  EXPECT_FALSE(source.is_open());
}

TEST_F(pipe_source_test, the_end_wakes_a_read_that_waits) {
  open();
  std::optional<found> result;
  source.read(store(result));
  loop.run_ready();
  writer.reset();
  EXPECT_TRUE(run_until([&] { return result.has_value(); }));
  EXPECT_TRUE(result->at_end);
}

TEST_F(pipe_source_test, a_cancelled_read_calls_nobody_and_loses_nothing) {
  open();
  std::optional<found> given_up;
  source.read(store(given_up));
  loop.run_ready();
  write("kept");
  source.cancel();
  loop.run_ready();
  EXPECT_FALSE(given_up);
  EXPECT_EQ(read().data, "kept");
}

TEST_F(pipe_source_test, a_read_may_follow_a_cancelled_one_at_once) {
  open();
  std::optional<found> given_up;
  source.read(store(given_up));
  source.cancel();
  std::optional<found> result;
  source.read(store(result));
  write("x");
  EXPECT_TRUE(run_until([&] { return result.has_value(); }));
  EXPECT_FALSE(given_up);
}

TEST_F(pipe_source_test, a_source_that_was_never_opened_is_at_its_end) {
  EXPECT_FALSE(source.is_open());
  EXPECT_TRUE(read().at_end);
}

TEST_F(pipe_source_test, closing_gives_the_read_up_and_the_descriptor_back) {
  auto before = open_descriptors();
  open();
  std::optional<found> result;
  source.read(store(result));
  source.close();
  writer.reset();
  loop.run_ready();
  EXPECT_FALSE(result);
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(pipe_source_test, it_opens_again_while_a_read_of_the_old_one_waits) {
  open();
  std::optional<found> old;
  source.read(store(old));
  auto old_writer = std::move(writer);
  open();
  write("new");
  EXPECT_EQ(read().data, "new");
  EXPECT_FALSE(old);
  // The old reader is closed.
  EXPECT_EQ(::write(old_writer.get(), "x", 1), -1);
}

TEST_F(pipe_source_test, what_can_not_be_waited_for_is_an_error) {
  source.open(::open("/proc/self/status", O_RDONLY | O_CLOEXEC));
  auto result = read();
  EXPECT_EQ(result.error, std::errc::operation_not_supported);
  EXPECT_FALSE(result.at_end);
  EXPECT_EQ(read().error, std::errc::operation_not_supported);
}

TEST_F(pipe_source_test, a_failing_read_is_an_error_that_stays) {
  auto pipe = make_pipe();
  source.open(pipe.writer.release()); // can't be read
  pipe.reader.reset();                // which makes it ready
  EXPECT_EQ(read().error, std::errc::bad_file_descriptor);
  EXPECT_EQ(read().error, std::errc::bad_file_descriptor);
  EXPECT_FALSE(source.is_open());
}

TEST_F(pipe_source_test, a_source_may_go_while_its_read_is_under_way) {
  std::optional<found> result;
  auto pipe = make_pipe();
  {
    pipe_source short_lived{loop};
    short_lived.open(pipe.reader.release());
    short_lived.read(store(result));
    loop.run_ready();
  }
  loop.run_ready();
  EXPECT_FALSE(result);
}

TEST_F(pipe_source_test, what_a_handler_throws_comes_out_of_the_loop) {
  open();
  write("x");
  source.read([](const auto&) { throw std::runtime_error{"boom"}; });
  EXPECT_THROW(loop.run_until([] { return false; }), std::runtime_error);
  write("y");
  EXPECT_EQ(read().data, "y");
}

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
  EXPECT_EQ(::read(reader.get(), &drained, 1), 0); // its end
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
