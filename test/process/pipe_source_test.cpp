#include "main/process/pipe_source.hpp"

#include "test/loop/loop_fixture.hpp"

#include <optional>
#include <string>
#include <vector>

namespace container_agent::test {

namespace {

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

} // namespace

} // namespace container_agent::test
