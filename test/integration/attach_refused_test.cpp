#include "test/integration/attach_fixture.hpp"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>

/// Every reason for which --attach PID is refused, by real processes.
namespace container_agent::test {

namespace {

constexpr uid_t another_user = 65534; // nobody

} // namespace

TEST_F(attaching, is_refused_where_stdin_is_a_terminal) {
  unique_fd master{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
  ASSERT_TRUE(master && ::unlockpt(master.get()) == 0);
  std::string path = ::ptsname(master.get());
  loose_process claude{this->claude([path] {
    make_descriptor(::open(path.c_str(), O_RDWR | O_NOCTTY), 0);
    ::dup2(0, 1);
  })};
  EXPECT_THAT(refusal_of(claude.pid()),
              HasSubstr("its stdin is a terminal, " + path));
}

TEST_F(attaching, is_refused_where_stdin_is_a_socket) {
  loose_process claude{this->claude([] {
    int ends[2];
    ::socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
    ::dup2(ends[0], 0);
    ::dup2(ends[0], 1);
  })};
  EXPECT_THAT(refusal_of(claude.pid()), HasSubstr("its stdin is a socket"));
}

TEST_F(attaching, is_refused_where_stdout_is_nowhere) {
  auto out = this->out();
  auto in = this->in();
  loose_process claude{this->claude([in] {
    make_descriptor(::open(in.c_str(), O_RDWR), 0);
    make_descriptor(::open("/dev/null", O_RDWR), 1);
  })};
  EXPECT_THAT(refusal_of(claude.pid()), HasSubstr("its stdout is /dev/null"));
}

TEST_F(attaching, is_refused_where_stdout_is_a_file) {
  auto file = (state() / "log").string();
  auto in = this->in();
  loose_process claude{this->claude([in, file] {
    make_descriptor(::open(in.c_str(), O_RDWR), 0);
    make_descriptor(::open(file.c_str(), O_WRONLY | O_CREAT, 0600), 1);
  })};
  EXPECT_THAT(refusal_of(claude.pid()),
              HasSubstr("its stdout is a file, " + file));
}

TEST_F(attaching, is_refused_while_somebody_reads_its_output) {
  loose_process claude{this->claude()};
  auto reader = open_fifo_reader(out());
  EXPECT_THAT(refusal_of(claude.pid()),
              HasSubstr("process " + std::to_string(::getpid())));
}

TEST_F(attaching, is_refused_while_somebody_else_may_write_its_input) {
  loose_process claude{this->claude()};
  unique_fd writer{::open(in().c_str(), O_WRONLY | O_CLOEXEC)};
  EXPECT_THAT(refusal_of(claude.pid()),
              HasSubstr("has its stdin open for writing"));
}

TEST_F(attaching, is_refused_where_it_does_not_speak_stream_json) {
  auto o = claude();
  o.argv = {program()};
  loose_process claude{o};
  EXPECT_THAT(refusal_of(claude.pid()),
              HasSubstr("does not speak stream-json"));
}

TEST_F(attaching, is_refused_where_it_is_another_users) {
  // Reason for the skip: it takes a process of another user, and only root can
  // start one. CI is root, so it always runs there.
  if (::geteuid() != 0)
    GTEST_SKIP() // reason: takes root to be two users; CI is root
      << "only root can start another user's process";
  auto o = claude();
  o.user = another_user;
  loose_process claude{o};
  ASSERT_TRUE(claude.lives());
  EXPECT_THAT(refusal_of(claude.pid()),
              HasSubstr("it belongs to user 65534, the agent is user 0"));
}

TEST_F(attaching, is_refused_where_there_is_no_process) {
  pid_t pid = 0;
  {
    loose_process claude{this->claude()};
    pid = claude.pid();
  }
  EXPECT_THAT(refusal_of(pid), HasSubstr("there is no such process"));
}

TEST_F(attaching, is_refused_where_an_agent_runs_it) {
  agent_process other{agent()};
  auto pid = other.wait_for_record("ready")["pid"].get<pid_t>();
  EXPECT_THAT(refusal_of(pid),
              HasSubstr("the container-agent with pid "
                        + std::to_string(other.pid()) + " runs it"));
}

TEST_F(attaching, is_refused_to_what_has_started_the_agent) {
  EXPECT_THAT(refusal_of(::getpid()), HasSubstr("has started it"));
}

TEST_F(attaching, a_refusal_is_logged_and_one_is_started_instead) {
  auto o = claude();
  o.argv = {program()};
  loose_process claude{o};
  agent_process agent{this->agent()};
  EXPECT_EQ(agent.wait_for_record("ready")["attached"], false);
  auto refused = agent.wait_for_log("attach_refused");
  EXPECT_EQ(refused["level"], "warn") << refused;
  EXPECT_EQ(refused["pid"], claude.pid()) << refused;
  EXPECT_EQ(refused["reason"], "no_stream_json") << refused;
  EXPECT_FALSE(refused["advice"].get<std::string>().empty()) << refused;
}

TEST_F(attaching, a_check_says_whether_it_would_work) {
  loose_process claude{this->claude()};
  auto o = agent({"--check", "--attach", std::to_string(claude.pid())});
  o.open_input = o.open_output = false;
  agent_process check{o};
  EXPECT_EQ(check.wait_exit(), (exit_status{0, 0}));
  EXPECT_THAT(check.stdout_text(), HasSubstr("attach to"));
  EXPECT_TRUE(claude.lives());
}

} // namespace container_agent::test
