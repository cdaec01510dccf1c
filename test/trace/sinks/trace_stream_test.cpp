#include "main/trace/sinks/trace_stream.hpp"

#include "test/loop/loop_fixture.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <sys/socket.h>

#include <set>
#include <sstream>

namespace container_agent::test {

namespace {

using nlohmann::json;
using runtime::connection_limit;
using runtime::trace_port;
using runtime::trace_stream;
using testing::ElementsAre;
using testing::HasSubstr;

/// A stream, and the client at its other end.
class trace_streams : public loop_fixture {
public:
  runtime::tracer events{{.ring = 64, .version = "1"}};
  connection_limit places;
  std::shared_ptr<trace_stream> stream;
  unique_fd client;
  std::string heard;
  bool told_end = false;

  ~trace_streams() override {
    if (stream)
      stream->close();
  }

  void follow(const codec::trace_wish& wish = {},
              trace_stream::framing frame = trace_stream::framing::lines) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                     ends)
        != 0)
      throw std::runtime_error{"no sockets"};
    client.reset(ends[0]);
    stream = std::make_shared<trace_stream>(
      loop, events, runtime::unique_fd{ends[1]}, places.acquire(), wish, frame,
      [this](trace_stream&) { told_end = true; });
    stream->start();
  }

  void happen(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      events.bytes_moved(trace_port::host_input, false, 1);
  }

  /// Reads at most `most` bytes of what has come.
  bool read(std::size_t most) {
    std::string block(most, '\0');
    auto count = ::recv(client.get(), block.data(), block.size(), 0);
    heard.append(block, 0,
                 static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    return count > 0;
  }

  void read_all() {
    do
      loop.run_ready();
    while (read(1 << 20));
  }

  std::vector<json> lines() const {
    std::vector<json> result;
    std::istringstream all{heard};
    for (std::string line; std::getline(all, line);)
      result.push_back(json::parse(line));
    return result;
  }

  /// The numbers of the events that were heard, in order.
  std::vector<std::uint64_t> numbers() const {
    std::vector<std::uint64_t> result;
    for (const auto& line : lines())
      if (line.contains("n"))
        result.push_back(line["n"]);
    return result;
  }

  std::uint64_t told_missing() const {
    std::uint64_t result = 0;
    for (const auto& line : lines())
      if (line["kind"] == "dropped")
        result += line["count"].get<std::uint64_t>();
    return result;
  }
};

} // namespace

TEST_F(trace_streams, begin_with_a_header_and_go_on_with_events) {
  happen(3);
  follow();
  happen(2);
  read_all();
  EXPECT_EQ(lines().front()["source"], "stream");
  EXPECT_THAT(numbers(), ElementsAre(4, 5));
}

TEST_F(trace_streams, tell_of_the_past_if_asked_to) {
  happen(9);
  follow({.past = 2});
  happen(1);
  read_all();
  EXPECT_THAT(numbers(), ElementsAre(8, 9, 10));
}

TEST_F(trace_streams, tell_no_more_of_the_past_than_there_is) {
  happen(2);
  follow({.past = 1'000'000});
  read_all();
  EXPECT_THAT(numbers(), ElementsAre(1, 2));
}

TEST_F(trace_streams, hold_only_what_is_wanted) {
  follow({.types = {"host_line"}});
  happen(5);
  read_all();
  EXPECT_THAT(numbers(), ElementsAre());
  EXPECT_EQ(lines().size(), 1u) << "the header";
}

TEST_F(trace_streams, are_framed_for_browsers) {
  follow({}, trace_stream::framing::server_sent_events);
  happen(1);
  read_all();
  EXPECT_THAT(heard, testing::StartsWith("data: {\"kind\":\"header\""));
  EXPECT_THAT(heard, HasSubstr("}\n\ndata: {\"kind\":\"bytes\""));
  EXPECT_THAT(heard, testing::EndsWith("}\n\n"));
}

TEST_F(trace_streams, count_what_a_client_does_not_take_and_tell_it) {
  follow();
  constexpr std::size_t made = 40'000;
  happen(made);
  EXPECT_GT(stream->dropped(), 0u);
  EXPECT_EQ(events.counts().dropped, stream->dropped());
  read_all();
  EXPECT_EQ(told_missing(), stream->dropped());
  EXPECT_EQ(numbers().size() + stream->dropped(), made);
  happen(1);
  read_all();
  EXPECT_EQ(numbers().back(), made + 1) << "it goes on";
}

// Something is always unsent, so nothing but a limit keeps it from growing.
TEST_F(trace_streams, a_client_that_is_never_quite_through_loses_nothing) {
  follow();
  happen(5'000);
  std::size_t made = 5'000;
  for (int i = 0; i < 300; ++i) {
    loop.run_ready();
    read(16 * 1024);
    happen(50);
    made += 50;
  }
  read_all();
  EXPECT_EQ(stream->dropped(), 0u);
  auto all = numbers();
  ASSERT_EQ(all.size(), made);
  for (std::size_t i = 0; i < all.size(); ++i)
    ASSERT_EQ(all[i], i + 1);
}

TEST_F(trace_streams, a_loop_that_is_never_idle_still_writes) {
  follow();
  bool busy = true;
  std::function<void()> work = [&] {
    happen(1);
    if (busy)
      loop.post(work);
  };
  loop.post(work);
  EXPECT_TRUE(run_until([&] {
    read(1 << 20);
    return !heard.empty();
  }));
  busy = false;
  read_all();
  EXPECT_EQ(stream->dropped(), 0u);
}

TEST_F(trace_streams, end_when_the_client_leaves) {
  follow();
  loop.run_ready();
  client.reset();
  EXPECT_TRUE(run_until([&] { return told_end; }));
  EXPECT_EQ(places.taken(), 0u);
}

TEST_F(trace_streams, go_on_for_one_who_only_says_no_more) {
  follow();
  ::shutdown(client.get(), SHUT_WR);
  loop.run_ready();
  happen(1);
  read_all();
  EXPECT_THAT(numbers(), ElementsAre(1));
  EXPECT_FALSE(told_end);
  client.reset();
  EXPECT_TRUE(run_until([&] { return told_end; }));
}

TEST_F(trace_streams, cost_no_wake_up_while_nothing_happens) {
  follow();
  loop.run_ready();
  auto before = times_slept();
  EXPECT_FALSE(
    loop.run_until([] { return false; }, std::chrono::milliseconds{50}));
  // Once, for this test's own limit.
  EXPECT_LE(times_slept() - before, 1);
}

TEST(trace_filters, let_pass_what_fits_in_all_that_is_named) {
  runtime::trace_event event{};
  event.type = "host_line";
  event.from = "pipe_input";
  event.to = "conversation";
  event.prompt = trace_id_of("d0c4a1b2-0123-4567-89ab-cdef01234567");
  auto passes = [&](codec::trace_wish wish) {
    return runtime::trace_filter{wish}.passes(event);
  };
  EXPECT_TRUE(passes({}));
  EXPECT_TRUE(passes({.prompt = "d0c4a1b2-0123-4567-89ab-cdef01234567"}));
  EXPECT_TRUE(passes({.prompt = "d0c4a1b20123456789abcdef01234567",
                      .types = {"child_input", "host_line"},
                      .actors = {"conversation"}}));
  EXPECT_TRUE(passes({.actors = {"pipe_input"}})) << "the sender";
  EXPECT_FALSE(passes({.prompt = "another"}));
  EXPECT_FALSE(passes({.types = {"child_input"}}));
  EXPECT_FALSE(passes({.types = {"host_line"}, .actors = {"control"}}));
  event.from = event.to = nullptr;
  event.type = "";
  EXPECT_TRUE(passes({}));
  EXPECT_FALSE(passes({.actors = {""}}));
}

TEST(slots_of_a_way_in, are_sixteen_and_come_back) {
  connection_limit places;
  std::vector<connection_limit::slot> taken;
  for (std::size_t i = 0; i < connection_limit::max; ++i)
    taken.push_back(places.acquire());
  EXPECT_EQ(places.taken(), 16u);
  EXPECT_FALSE(places.acquire());
  auto moved_on = taken.back();
  taken.pop_back();
  EXPECT_FALSE(places.acquire()) << "somebody else has it";
  moved_on = nullptr;
  EXPECT_TRUE(places.acquire());
}

} // namespace container_agent::test
