#include "main/server/control_server.hpp"

#include "test/loop/loop_fixture.hpp"
#include "test/support/actor_ports.hpp"
#include "test/support/recording_log.hpp"
#include "test/support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

namespace container_agent::test {

namespace {

using namespace std::chrono_literals;
using runtime::control_server;
using runtime::request_queue;
using rest = runtime::control_connection::rest;
using testing::HasSubstr;

/// A client on the same loop: non-blocking, so that one thread does for both.
class socket_client {
public:
  explicit socket_client(const std::string& path) {
    runtime::socket_name name{path};
    fd_ = unique_fd{
      ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (::connect(fd_.get(), name.get(), name.length) != 0)
      throw std::runtime_error{"cannot connect"};
  }

  /// Returns how much of it went out.
  std::size_t say(std::string_view text) {
    auto count = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
    return count < 0 ? 0 : static_cast<std::size_t>(count);
  }

  void finish_writing() { ::shutdown(fd_.get(), SHUT_WR); }
  void leave() { fd_.reset(); }

  /// All that has come so far.
  const std::string& heard() {
    char block[4096];
    ssize_t count = 0;
    while ((count = ::recv(fd_.get(), block, sizeof block, 0)) > 0)
      text_.append(block, static_cast<std::size_t>(count));
    closed_ = closed_ || count == 0 || (count < 0 && errno == ECONNRESET);
    return text_;
  }

  bool closed() {
    heard();
    return closed_;
  }

private:
  unique_fd fd_;
  std::string text_;
  bool closed_ = false;
};

class control_servers : public loop_fixture {
public:
  temp_dir dir;
  std::string path = (dir.path() / "control.sock").string();
  recording_log log;
  request_queue queue{loop};

  /// Answers every request by itself, in brackets.
  static void echo(request_queue& queue) {
    queue.on_request([&queue] {
      while (auto request = queue.next())
        queue.answer(request->id, '[' + request->line + ']');
    });
  }
};

} // namespace

TEST_F(control_servers, a_request_is_answered_and_the_next_one_too) {
  control_server server{loop, log, queue, path};
  echo(queue);
  socket_client client{path};
  client.say("{1}\n");
  ASSERT_TRUE(run_until([&] { return client.heard() == "[{1}]\n"; }));
  client.say("{2}\r\n{3}\n");
  ASSERT_TRUE(
    run_until([&] { return client.heard() == "[{1}]\n[{2}\r]\n[{3}]\n"; }));
  EXPECT_EQ(queue.connections(), 1u);
}

TEST_F(control_servers, half_a_line_waits_for_its_other_half) {
  control_server server{loop, log, queue, path};
  echo(queue);
  socket_client client{path};
  client.say("{ha");
  ASSERT_TRUE(run_until([&] { return queue.connections() == 1; }));
  loop.run_ready();
  EXPECT_EQ(client.heard(), "");
  client.say("lf}\n");
  ASSERT_TRUE(run_until([&] { return client.heard() == "[{half}]\n"; }));
}

TEST_F(control_servers, a_client_that_has_said_all_is_answered_and_closed) {
  control_server server{loop, log, queue, path};
  echo(queue);
  socket_client client{path};
  client.say("{1}"); // without LF
  client.finish_writing();
  ASSERT_TRUE(run_until([&] { return client.closed(); }));
  EXPECT_EQ(client.heard(), "[{1}]\n");
  EXPECT_EQ(queue.connections(), 0u);
}

TEST_F(control_servers, garbage_is_told_why_and_closed) {
  control_server server{loop, log, queue, path};
  echo(queue);
  socket_client client{path};
  client.say("hello\n");
  ASSERT_TRUE(run_until([&] { return client.closed(); }));
  EXPECT_THAT(client.heard(), HasSubstr(R"("error":"not a JSON object)"));
}

TEST_F(control_servers, where_nobody_speaks_http_it_is_refused) {
  control_server server{loop, log, queue, path};
  socket_client client{path};
  client.say("GET / HTTP/1.1\r\n");
  ASSERT_TRUE(run_until([&] { return client.closed(); }));
  EXPECT_THAT(client.heard(), HasSubstr("there is no HTTP here"));
}

TEST_F(control_servers,
       a_client_that_speaks_http_is_given_away_with_its_words) {
  rest given;
  control_server server{loop,
                        log,
                        queue,
                        path,
                        {[&](rest client) { given = std::move(client); }, {}}};
  socket_client client{path};
  client.say("GET / HTTP/1.1\r\n");
  ASSERT_TRUE(run_until([&] { return bool{given.socket}; }));
  EXPECT_EQ(given.received, "GET / HTTP/1.1\r\n");
  EXPECT_EQ(queue.connections(), 1u) << "it has its slot with it";
  EXPECT_FALSE(client.closed());
  ASSERT_EQ(::send(given.socket.get(), "x", 1, 0), 1);
  EXPECT_TRUE(run_until([&] { return client.heard() == "x"; }));
  given.slot = nullptr;
  EXPECT_EQ(queue.connections(), 0u);
}

TEST_F(control_servers, one_that_wants_the_trace_is_given_away) {
  rest given;
  codec::trace_wish wanted;
  auto take = [&](rest client, const codec::trace_wish& wish) {
    given = std::move(client);
    wanted = wish;
  };
  control_server server{loop, log, queue, path, {{}, take}};
  socket_client client{path};
  client.say("{\"command\":\"trace\",\"past\":7}\n");
  ASSERT_TRUE(run_until([&] { return bool{given.socket}; }));
  EXPECT_EQ(wanted.past, 7u);
  EXPECT_FALSE(client.closed());
}

TEST_F(control_servers, a_line_of_4096_bytes_passes_one_more_does_not) {
  control_server server{loop, log, queue, path};
  echo(queue);
  std::string longest = '{' + std::string(max_request - 1, 'x');
  socket_client good{path};
  good.say(longest + '\n');
  ASSERT_TRUE(run_until([&] { return !good.heard().empty(); }));
  EXPECT_EQ(good.heard(), '[' + longest + "]\n");
  socket_client bad{path};
  bad.say(longest + "x");
  ASSERT_TRUE(run_until([&] { return bad.closed(); }));
  EXPECT_THAT(bad.heard(), HasSubstr("longer than 4096 bytes"));
}

TEST_F(control_servers,
       the_17th_client_gets_the_seat_of_one_that_asks_nothing) {
  control_server server{loop, log, queue, path};
  echo(queue);
  std::vector<socket_client> clients;
  for (std::size_t i = 0; i < runtime::connection_limit::max; ++i)
    clients.emplace_back(path);
  socket_client one_more{path};
  one_more.say("{}\n");
  ASSERT_TRUE(run_until([&] { return !one_more.heard().empty(); }));
  EXPECT_EQ(one_more.heard(), "[{}]\n");
  EXPECT_TRUE(clients[0].closed());
  EXPECT_THAT(clients[0].heard(), HasSubstr("make room"));
  EXPECT_FALSE(clients[1].closed());
}

TEST_F(control_servers, the_17th_client_is_told_so_if_all_slots_are_in_use) {
  control_server server{loop, log, queue, path};
  std::vector<socket_client> clients;
  for (std::size_t i = 0; i < runtime::connection_limit::max; ++i)
    clients.emplace_back(path).say("{}\n");
  std::size_t taken = 0;
  ASSERT_TRUE(run_until([&] {
    while (queue.next())
      ++taken;
    return taken == runtime::connection_limit::max;
  }));
  socket_client one_more{path};
  ASSERT_TRUE(run_until([&] { return one_more.closed(); }));
  EXPECT_THAT(one_more.heard(), HasSubstr("too many connections"));
  EXPECT_EQ(log.count("control_refused"), 1u);
  EXPECT_FALSE(clients[0].closed());
}

TEST_F(control_servers, who_says_nothing_is_closed_in_time) {
  control_server server{loop, log, queue, path, {}, 20ms};
  socket_client client{path};
  ASSERT_TRUE(run_until([&] { return client.closed(); }));
  EXPECT_THAT(client.heard(), HasSubstr("nothing was asked in time"));
}

TEST_F(control_servers, who_does_not_read_is_closed_in_time) {
  control_server server{loop, log, queue, path, {}, 20ms};
  queue.on_request([&] {
    while (auto request = queue.next())
      queue.answer(request->id, std::string(4 << 20, 'x'));
  });
  socket_client client{path};
  client.say("{}\n");
  ASSERT_TRUE(run_until([&] { return queue.connections() == 1; }));
  EXPECT_TRUE(run_until([&] { return queue.connections() == 0; }));
}

TEST_F(control_servers, who_waits_for_an_answer_is_not_closed) {
  control_server server{loop, log, queue, path, {}, 1ms};
  socket_client client{path};
  client.say("{}\n");
  std::optional<control_port::request> request;
  queue.on_request([&] { request = queue.next(); });
  ASSERT_TRUE(run_until([&] { return request.has_value(); }));
  EXPECT_FALSE(loop.run_until([&] { return client.closed(); }, 50ms));
  queue.answer(request->id, "late");
  EXPECT_TRUE(run_until([&] { return !client.heard().empty(); }));
}

TEST_F(control_servers, a_client_that_has_gone_disturbs_nobody) {
  control_server server{loop, log, queue, path};
  std::optional<control_port::request> request;
  queue.on_request([&] { request = queue.next(); });
  socket_client client{path};
  client.say("{}\n");
  ASSERT_TRUE(run_until([&] { return request.has_value(); }));
  client.leave();
  queue.answer(request->id, "too late");
  queue.answer(request->id, "much too late");
  queue.answer(4711, "never asked");
  EXPECT_EQ(queue.connections(), 0u);
}

TEST_F(control_servers, what_was_taken_and_not_answered_comes_again) {
  control_server server{loop, log, queue, path};
  socket_client client{path};
  client.say("{}\n");
  std::optional<control_port::request> request;
  queue.on_request([&] { request = queue.next(); });
  ASSERT_TRUE(run_until([&] { return request.has_value(); }));
  EXPECT_EQ(request->attempt, 1u);
  EXPECT_EQ(request->pid, ::getpid());
  EXPECT_FALSE(queue.next());
  queue.take_back();
  auto again = queue.next();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->id, request->id);
  EXPECT_EQ(again->attempt, 2u);
}

TEST_F(control_servers, requests_come_in_the_order_they_were_made) {
  control_server server{loop, log, queue, path};
  socket_client second{path};
  socket_client first{path};
  std::size_t count = 0;
  queue.on_request([&] { ++count; });
  first.say("{1}\n");
  ASSERT_TRUE(run_until([&] { return count == 1; }));
  second.say("{2}\n");
  ASSERT_TRUE(run_until([&] { return count == 2; }));
  EXPECT_EQ(queue.next()->line, "{1}");
  EXPECT_EQ(queue.next()->line, "{2}");
  EXPECT_FALSE(queue.next());
}

TEST_F(control_servers, another_user_is_turned_away) {
  if (::geteuid() != 0)
    GTEST_SKIP() << "needs root, to become somebody else";
  control_server server{loop, log, queue, path};
  echo(queue);
  // The mode of the file would keep them out before.
  ASSERT_EQ(::chmod(path.c_str(), 0666), 0);
  ASSERT_EQ(::chmod(dir.path().c_str(), 0755), 0);
  auto [reader, writer] = make_pipe();
  auto child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    constexpr uid_t nobody = 65534;
    if (::setuid(nobody) != 0)
      ::_exit(1);
    runtime::socket_name name{path};
    auto fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    if (::connect(fd, name.get(), name.length) != 0)
      ::_exit(2);
    char block[1024];
    ssize_t count = 0;
    while ((count = ::read(fd, block, sizeof block)) > 0)
      if (::write(writer.get(), block, static_cast<std::size_t>(count)) < 0)
        ::_exit(3);
    ::_exit(0);
  }
  writer.reset();
  ASSERT_TRUE(run_until([&] { return log.count("control_refused") == 1; }));
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  char block[1024];
  auto count = ::read(reader.get(), block, sizeof block);
  ASSERT_GT(count, 0);
  EXPECT_THAT((std::string{block, static_cast<std::size_t>(count)}),
              HasSubstr("this socket is for user 0 and root, not for 65534"));
  EXPECT_EQ(log.field("control_refused", "uid"), "65534");
}

TEST_F(control_servers, it_is_removed_at_the_end_and_clients_see_it) {
  control_server server{loop, log, queue, path};
  socket_client client{path};
  ASSERT_TRUE(run_until([&] { return queue.connections() == 1; }));
  server.finish();
  EXPECT_TRUE(client.closed());
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(control_servers, somebody_elses_file_is_left_there_at_the_end) {
  control_server server{loop, log, queue, path};
  std::filesystem::remove(path);
  control_server other{loop, log, queue, path};
  server.finish();
  EXPECT_TRUE(std::filesystem::exists(path));
  echo(queue);
  socket_client client{path};
  client.say("{}\n");
  EXPECT_TRUE(run_until([&] { return client.heard() == "[{}]\n"; }));
}

TEST_F(control_servers, an_idle_connection_costs_no_wake_up) {
  control_server server{loop, log, queue, path};
  std::optional<control_port::request> request;
  queue.on_request([&] { request = queue.next(); });
  socket_client client{path};
  client.say("{}\n");
  ASSERT_TRUE(run_until([&] { return request.has_value(); }));
  loop.run_ready();
  auto before = times_slept();
  EXPECT_FALSE(loop.run_until([] { return false; }, 50ms));
  // Once, for this test's own limit.
  EXPECT_LE(times_slept() - before, 1);
}

} // namespace container_agent::test
