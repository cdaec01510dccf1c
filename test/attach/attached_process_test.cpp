#include "main/attach/attached_process.hpp"

#include "test/loop/loop_fixture.hpp"
#include "test/support/fifo.hpp"
#include "test/support/loose_process.hpp"
#include "test/support/temp_dir.hpp"

#include <sys/inotify.h>

#include <csignal>

namespace container_agent::test {

namespace {

/// `cat` on FIFOs; the parent is this test, so its end can be learnt.
class attached_processes : public loop_fixture {
public:
  temp_dir dir;
  runtime::process_table table;
  storage::log input{{.directory = {}, .name = "claude_input"}};
  storage::log events{{.directory = {}, .name = "events"}};
  runtime::attached_process attached{loop, table, {input, events}};
  bool output_ended = false;
  int exits = 0;

  attached_processes() {
    make_fifo(in());
    make_fifo(out());
    attached.on_exit([this] { ++exits; });
  }

  std::filesystem::path in() const { return dir / "in"; }
  std::filesystem::path out() const { return dir / "out"; }

  loose_process::options cat() const {
    loose_process::options o;
    o.argv = {"/bin/cat"};
    // A stderr of its own: the test's may be a pipe, and whether somebody reads
    // that can't be seen from inside a PID namespace.
    o.arrange = [fifos = on_fifos(in(), out())] {
      fifos();
      make_descriptor(::open("/dev/null", O_WRONLY), 2);
    };
    return o;
  }

  std::uint64_t start_time(pid_t pid) const {
    auto info = table.info(pid);
    return info ? info->start_time : 0;
  }

  void attach(pid_t pid) {
    auto result = attached.attach(pid, start_time(pid), input.end());
    ASSERT_FALSE(result.error) << result.what;
    ASSERT_TRUE(result.attached);
    EXPECT_TRUE(result.midstream) << "where its output stands is not known";
    collect();
  }

  void say(std::string_view lines) {
    input.append(lines);
    attached.input().let_go(input.end());
  }

  std::string output() const { return text_in(events, 0, events.end()); }

  void collect() {
    attached.output().move([this](const inlet::result& moved) {
      output_ended = moved.at_end;
      if (!moved.at_end && !moved.error)
        collect();
    });
  }
};

} // namespace

TEST_F(attached_processes, read_and_write_through_its_own_descriptors) {
  loose_process process{cat()};
  attach(process.pid());
  EXPECT_TRUE(attached.running());
  EXPECT_EQ(attached.pid(), process.pid());
  say("hello\n");
  EXPECT_TRUE(run_until([&] { return output() == "hello\n"; }));
}

TEST_F(attached_processes, are_noticed_to_end) {
  loose_process process{cat()};
  attach(process.pid());
  process.kill();
  ASSERT_TRUE(run_until([&] { return !attached.running() && output_ended; }));
  EXPECT_EQ(exits, 1);
  EXPECT_EQ(attached.exit_status().signal, SIGKILL);
  EXPECT_EQ(attached.exit_status().kind, exit_kind::known);
  EXPECT_FALSE(attached.signal_group(SIGTERM)) << "no error: nobody is there";
}

TEST_F(attached_processes, that_are_somebody_elses_children_end_unknown) {
  // A shell between this test and cat. It gives what runs in the background
  // /dev/null as stdin, unless it is told another one.
  auto pid_file = dir / "pid";
  loose_process::options o;
  o.argv = {"/bin/sh", "-c", "cat <&3 & echo $! >&4; wait"};
  o.arrange = [in = in(), out = out(), pid_file] {
    make_descriptor(::open(in.c_str(), O_RDWR), 3);
    make_descriptor(::open(out.c_str(), O_RDWR), 1);
    make_descriptor(::open(pid_file.c_str(), O_WRONLY | O_CREAT, 0600), 4);
  };
  directory_watch watch{dir.path(), IN_MODIFY};
  loose_process shell{o};
  watch.wait_until([&] { return read_file(pid_file).ends_with('\n'); },
                   "the number of cat");
  auto pid = std::stoi(read_file(pid_file));
  attach(pid);
  ::kill(pid, SIGKILL);
  ASSERT_TRUE(run_until([&] { return !attached.running(); }));
  EXPECT_EQ(attached.exit_status().kind, exit_kind::unknown);
}

TEST_F(attached_processes, are_let_go_once_all_is_written) {
  loose_process process{cat()};
  attach(process.pid());
  say("last\n");
  attached.close_input();
  ASSERT_TRUE(run_until([&] { return exits == 1 && output_ended; }));
  EXPECT_EQ(attached.exit_status().kind, exit_kind::detached);
  EXPECT_FALSE(attached.signal_group(SIGKILL));
  EXPECT_TRUE(process.lives());
  EXPECT_EQ(attached.input().position(), input.end());
}

TEST_F(attached_processes, are_let_go_at_once_whatever_they_have_not_got) {
  loose_process::options sleeper = cat();
  sleeper.argv = {"/bin/sleep", "600"};
  loose_process process{sleeper};
  attach(process.pid());
  say(std::string(1'000'000, 'x') + '\n');
  EXPECT_LT(attached.input().position(), input.end());
  attached.let_go();
  ASSERT_TRUE(run_until([&] { return exits == 1 && output_ended; }));
  EXPECT_EQ(attached.exit_status().kind, exit_kind::detached);
  EXPECT_TRUE(process.lives());
}

TEST_F(attached_processes, get_what_comes_after_the_place_that_was_named) {
  input.append("for another one\n");
  loose_process process{cat()};
  attach(process.pid());
  say("for this one\n");
  EXPECT_TRUE(run_until([&] { return output() == "for this one\n"; }));
}

TEST_F(attached_processes, are_let_go_by_the_end_of_the_object) {
  loose_process process{cat()};
  auto before = open_descriptors();
  {
    runtime::attached_process other{loop, table, {input, events}};
    ASSERT_FALSE(
      other.attach(process.pid(), start_time(process.pid()), 0).error);
    EXPECT_EQ(open_descriptors(), before + 4) << open_descriptor_names();
  }
  loop.run_ready();
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_TRUE(process.lives());
}

TEST_F(attached_processes, get_signals) {
  loose_process process{cat()};
  attach(process.pid());
  EXPECT_FALSE(attached.signal_group(SIGTERM));
  ASSERT_TRUE(run_until([&] { return !attached.running(); }));
  EXPECT_EQ(attached.exit_status().signal, SIGTERM);
}

TEST_F(attached_processes, are_refused_once_another_has_begun_in_their_place) {
  loose_process process{cat()};
  auto result
    = attached.attach(process.pid(), start_time(process.pid()) + 1, 0);
  EXPECT_TRUE(result.error);
  EXPECT_NE(result.what.find("ended meanwhile"), std::string::npos);
  process.kill();
  auto pid = process.pid();
  process.wait_gone();
  EXPECT_TRUE(attached.attach(pid, 1, 0).error);
}

TEST_F(attached_processes, have_one_agent_at_a_time) {
  loose_process process{cat()};
  attach(process.pid());
  runtime::attached_process other{loop, table, {input, events}};
  auto result = other.attach(process.pid(), start_time(process.pid()), 0);
  ASSERT_TRUE(result.error);
  EXPECT_NE(result.what.find("another agent"), std::string::npos)
    << result.what;
  EXPECT_FALSE(other.running());
  EXPECT_TRUE(attached.attach(process.pid(), 1, 0).error) << "twice by one";
}

TEST_F(attached_processes, start_nothing) {
  EXPECT_TRUE(attached.launch({"true", {}, {}, {}}, 0).error);
}

} // namespace container_agent::test
