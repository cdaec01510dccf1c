#include "main/shim/orphan_reaper.hpp"
#include "test/process/keeping_agent.hpp"
#include "test/support/process_memory.hpp"
#include "test/support/process_search.hpp"
#include "test/support/recording_log.hpp"
#include "test/support/temp_dir.hpp"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <optional>

namespace container_agent::test {

namespace {

using reader = runtime::claude_child::reader;

class kept_claude_test : public loop_fixture {
public:
  temp_dir dir;
  recording_log log;
  std::optional<keeping_agent> agent;
  std::string mark = new_mark();

  ~kept_claude_test() override {
    if (agent)
      agent->child.conclude(false);
    agent.reset();
    reap_all();
  }

  void begin() {
    agent.reset();
    agent.emplace(loop, dir.path());
  }

  child_process::launch_result launch(std::string script) {
    auto what = shell(std::move(script));
    what.environment.push_back(mark);
    auto result = agent->child.launch(what, agent->input.end());
    EXPECT_FALSE(result.error) << result.what;
    agent->collect();
    return result;
  }

  void wait_said(std::string_view text) {
    ASSERT_TRUE(
      run_until([&] { return agent->said().find(text) != std::string::npos; }))
      << agent->said();
  }

  void wait_end() {
    ASSERT_TRUE(run_until([&] { return agent->ended && agent->output_ended; }));
  }

  pid_t shim() const {
    return std::stoi(status_of(agent->child.pid())["PPid"]);
  }

  // What agents of this process, or such that were killed, have left.
  static void reap_all() {
    while (::waitpid(-1, nullptr, 0) > 0) {}
  }
};

} // namespace

TEST_F(kept_claude_test, is_taken_over_with_its_exit_code) {
  begin();
  EXPECT_FALSE(agent->child.found());
  auto pid = launch("read line; echo got $line; exit 7").pid;
  begin();
  EXPECT_TRUE(agent->child.found());
  EXPECT_FALSE(agent->child.running());
  auto taken_over = launch("exit 1");
  EXPECT_TRUE(taken_over.attached);
  EXPECT_FALSE(taken_over.midstream);
  EXPECT_EQ(taken_over.pid, pid);
  EXPECT_FALSE(agent->child.found());
  agent->say("it\n");
  wait_end();
  EXPECT_EQ(agent->said(), "got it\n");
  EXPECT_EQ(agent->child.exit_status().exit_code, 7);
  EXPECT_EQ(agent->child.exit_status().kind, exit_kind::known);
}

TEST_F(kept_claude_test, that_ends_while_no_agent_is_there_is_read_to_its_end) {
  begin();
  auto pid = launch("read line; echo last words; exit 3").pid;
  agent->say("go\n");
  agent.reset();
  while (is_alive(pid)) {} // its shim tells nobody
  begin();
  EXPECT_TRUE(launch("exit 1").attached);
  EXPECT_TRUE(agent->child.running()) << "its end is told from the loop";
  wait_end();
  EXPECT_EQ(agent->said(), "last words\n");
  EXPECT_EQ(agent->child.exit_status().exit_code, 3);
  EXPECT_FALSE(launch("exit 4").attached);
  agent->ended = false;
  ASSERT_TRUE(run_until([&] { return agent->ended; }));
  EXPECT_EQ(agent->child.exit_status().exit_code, 4);
}

TEST_F(kept_claude_test, goes_on_where_its_input_and_its_output_stand) {
  begin();
  agent->input.append("of an earlier one\n");
  launch("while read line; do echo \"<$line>\"; done");
  auto from = agent->input.end();
  agent->say("one\ntwo\n");
  wait_said("<two>");
  agent->input.append("three\n"); // not let go
  begin();
  auto taken_over = launch("");
  EXPECT_TRUE(taken_over.attached);
  EXPECT_EQ(taken_over.input_from, from);
  EXPECT_EQ(agent->child.input().position(), from + 8);
  agent->say("four\n");
  wait_said("<four>");
  agent->child.close_input();
  wait_end();
  EXPECT_EQ(agent->said(), "<one>\n<two>\n<three>\n<four>\n");
  EXPECT_EQ(agent->positions.get(reader::claude), agent->input.end());
}

TEST_F(kept_claude_test,
       sees_the_end_of_its_input_though_its_shim_has_it_open) {
  begin();
  launch("cat; exit 5");
  agent->say("last\n");
  agent->child.close_input();
  wait_end();
  EXPECT_EQ(agent->said(), "last\n");
  EXPECT_EQ(agent->child.exit_status().exit_code, 5);
}

TEST_F(kept_claude_test, whose_input_was_closed_is_taken_over_nevertheless) {
  begin();
  launch("cat; echo end; while :; do sleep 600; done");
  agent->child.close_input();
  wait_said("end");
  begin();
  launch("");
  agent->say("more\n");
  EXPECT_EQ(agent->child.input().error(), std::errc::broken_pipe);
  EXPECT_FALSE(agent->child.signal_group(SIGKILL));
  wait_end();
  EXPECT_EQ(agent->child.exit_status().signal, SIGKILL);
}

TEST_F(kept_claude_test,
       leaves_nothing_when_its_shim_is_killed_by_whatever_agent) {
  for (auto taken_over : {false, true}) {
    begin();
    launch(leave_stubborn_processes(8) + "cat");
    auto all_here = agent->events.end() + (taken_over ? 0 : 40);
    ASSERT_TRUE(run_until([&] { return agent->events.end() >= all_here; }));
    if (taken_over) {
      begin();
      launch("");
    }
    ::kill(shim(), SIGKILL);
    wait_end();
    EXPECT_EQ(agent->child.exit_status().signal, SIGKILL);
    EXPECT_TRUE(processes_marked(mark).empty());
    EXPECT_FALSE(launch("exit 0").attached);
    agent->output_ended = agent->ended = false;
    wait_end();
    agent->child.conclude(false);
  }
}

TEST_F(kept_claude_test, is_ended_with_all_it_has_started_unless_it_is_left) {
  begin();
  launch(leave_stubborn_processes(8) + "cat");
  ASSERT_TRUE(run_until([&] { return agent->events.end() >= 40; }));
  agent->child.conclude(true);
  begin();
  EXPECT_TRUE(agent->child.found());
  agent->child.conclude(true); // an agent that ends before it has launched
  begin();
  EXPECT_TRUE(launch("").attached);
  agent->child.conclude(false);
  EXPECT_TRUE(processes_marked(mark).empty());
  EXPECT_FALSE(std::filesystem::exists(dir / "shim.sock"));
  begin();
  EXPECT_FALSE(agent->child.found());
}

TEST_F(kept_claude_test, is_found_by_its_owner_alone) {
  begin();
  launch("cat");
  struct stat found {};
  ASSERT_EQ(::stat((dir / "shim.sock").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
  EXPECT_TRUE(S_ISSOCK(found.st_mode));
}

TEST_F(kept_claude_test, can_be_in_a_directory_of_a_long_name) {
  auto directory = dir / std::string(120, 'd');
  std::filesystem::create_directory(directory);
  agent.emplace(loop, directory);
  auto pid = launch("exec cat").pid;
  agent.reset();
  agent.emplace(loop, directory);
  EXPECT_EQ(launch("").pid, pid);
}

TEST_F(kept_claude_test, of_another_version_is_refused) {
  begin();
  auto stranger = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  (dir.path().string() + "/shim.sock")
    .copy(name.sun_path, sizeof name.sun_path);
  ASSERT_EQ(::bind(stranger, reinterpret_cast<sockaddr*>(&name), sizeof name),
            0);
  ASSERT_EQ(::listen(stranger, 1), 0);
  auto there = ::fork();
  if (there == 0) {
    auto connection = ::accept(stranger, nullptr, nullptr);
    runtime::shim_message message;
    message.version = runtime::shim_message::current_version + 1;
    runtime::send_message(connection, message);
    ::pause();
  }
  EXPECT_THROW(begin(), runtime::shim_error);
  ::kill(there, SIGKILL);
  ::waitpid(there, nullptr, 0);
  ::close(stranger);
  begin();
  EXPECT_FALSE(agent->child.found()) << "what is left of it is passed over";
  launch("exit 0");
}

TEST_F(kept_claude_test, its_end_is_not_the_reapers_to_take) {
  begin();
  launch("exit 7");
  runtime::orphan_reaper reaper{loop, log, agent->child};
  wait_end();
  EXPECT_EQ(agent->child.exit_status().exit_code, 7);
  EXPECT_EQ(log.count("orphan_reaped"), 0U);
}

// -- places of readers --------------------------------------------------------

TEST_F(kept_claude_test, places_of_readers_go_from_agent_to_agent) {
  auto out = runtime::make_pipe(O_NONBLOCK);
  begin();
  EXPECT_FALSE(agent->child.held(reader::host));
  agent->events.append("one\ntwo\n");
  {
    storage::cursor host{agent->events, 0};
    host.on_description(agent->child.holder(reader::host));
    launch("cat"); // its shim begins with it
    EXPECT_EQ(host.move_to(out.writer.get(), 4), 4);
  }
  begin();
  {
    auto held = agent->child.held(reader::host);
    ASSERT_TRUE(held);
    storage::cursor host{agent->events, std::move(held->description),
                         held->begins};
    EXPECT_EQ(host.position(), 4u);
    host.on_description(agent->child.holder(reader::host));
    EXPECT_EQ(host.move_to(out.writer.get(), 6), 2);
  }
  // The next child's shim has it, too.
  launch("");
  agent->child.signal_group(SIGKILL);
  wait_end();
  launch("cat");
  begin();
  EXPECT_TRUE(agent->child.held(reader::host));
  EXPECT_FALSE(agent->child.held(reader::replies));
}

TEST_F(kept_claude_test, places_follow_to_the_next_segment) {
  auto out = runtime::make_pipe(O_NONBLOCK);
  agent.emplace(loop, dir.path(), 16);
  launch("cat");
  auto& events = agent->events;
  for (int i = 0; i < 10; ++i)
    events.append("ten bytes\n");
  {
    storage::cursor host{events, 0};
    host.on_description(agent->child.holder(reader::host));
    EXPECT_EQ(host.move_to(out.writer.get(), 75), 75);
  }
  agent.reset();
  agent.emplace(loop, dir.path(), 16);
  auto held = agent->child.held(reader::host);
  ASSERT_TRUE(held);
  EXPECT_GT(held->begins, 0u);
  storage::cursor host{agent->events, std::move(held->description),
                       held->begins};
  EXPECT_EQ(host.position(), 75u);
}

} // namespace container_agent::test
