#include "test/process/keeping_agent.hpp"
#include "test/support/process_memory.hpp"
#include "test/support/process_search.hpp"
#include "test/support/temp_dir.hpp"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <new>
#include <random>
#include <thread>

/// Agents that are killed by SIGKILL at random instants, alone or with the shim
/// and the child, and the next ones that go on.
/// AGENT_PROCESS_KILLS: how often, 40 unless said; AGENT_PROCESS_SEED: the
/// first number for the random ones, 1 unless said.

namespace container_agent::test {

namespace {

using namespace std::chrono_literals;
using reader = runtime::claude_child::reader;

constexpr std::uint64_t segment = 1024 * 1024;

// How far each stream's output may lag behind its input.
constexpr std::uint64_t window = 128 * 1024;

unsigned number_from(const char* variable, unsigned otherwise) {
  const auto* text = std::getenv(variable);
  return text != nullptr ? static_cast<unsigned>(std::atoi(text)) : otherwise;
}

// Shared by the processes.
struct shared_state {
  std::atomic<bool> stop = false;
  std::atomic<int> claude = 0;     // its number, once it runs
  std::atomic<int> launches = 0;   // of new ones
  std::atomic<int> taken_over = 0; // by another agent
};

class random_kills : public testing::Test {
public:
  temp_dir dir;
  std::string mark = new_mark();
  std::minstd_rand random{number_from("AGENT_PROCESS_SEED", 1)};
  unsigned kills = number_from("AGENT_PROCESS_KILLS", 40);
  shared_state* shared
    = new (::mmap(nullptr, sizeof(shared_state), PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0)) shared_state;
  pid_t agent = 0;

  random_kills() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }

  ~random_kills() override {
    if (agent > 0)
      ::kill(agent, SIGKILL);
    wait_none_marked(mark);
    while (::waitpid(-1, nullptr, 0) > 0) {}
    ::munmap(shared, sizeof(shared_state));
  }

  /// Forks an agent. What it throws is its exit code 3.
  template <class Program>
  void begin(Program program) {
    agent = ::fork();
    if (agent != 0)
      return;
    try {
      program();
    } catch (const std::exception& e) {
      std::cerr << e.what() << '\n';
    }
    ::_exit(3);
  }

  void kill_agent() {
    ::kill(agent, SIGKILL);
    int status = 0;
    ::waitpid(agent, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);
    agent = 0;
  }

  std::chrono::microseconds some_time(std::chrono::microseconds longest) {
    return std::chrono::microseconds{random()
                                     % static_cast<unsigned>(longest.count())};
  }

  // What was killed, and ours all along or by now, is reaped.
  static void reap_ended() {
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {}
  }
};

// -- the streams --------------------------------------------------------------

/// Moves what is in the child's log through the child, and what that says to
/// the host, until it is told to stop; then it lets the child end.
class moving_agent {
public:
  moving_agent(const std::string& directory, int out, shared_state& shared,
               const std::string& mark)
    : agent_{loop_, directory, segment}, host_{loop_}, shared_{shared} {
    auto held = agent_.child.held(reader::host);
    auto& page = agent_.positions;
    if (!held && page.known(reader::host) && page.get(reader::host) > 0)
      throw std::runtime_error{"the host's place is lost"};
    auto place = held ? std::make_unique<storage::cursor>(
                   agent_.events, std::move(held->description), held->begins)
                      : std::make_unique<storage::cursor>(agent_.events, 0);
    place->on_description(agent_.child.holder(reader::host));
    place->on_position(
      [&page](std::uint64_t at) { page.set(reader::host, at); });
    host_.open(::dup(out), std::move(place));
    host_.on_moved([this] { step(); });
    auto what = command("cat");
    what.environment.push_back(mark);
    auto launched = agent_.child.launch(what, 0);
    if (launched.error)
      throw std::runtime_error{launched.what};
    if (!launched.attached && agent_.events.end() > 0)
      throw std::runtime_error{"the child was started again"};
    ++(launched.attached ? shared.taken_over : shared.launches);
    shared.claude = launched.pid;
    agent_.child.on_exit([this] { ended_ = true; });
    agent_.child.input().on_moved([this] { step(); });
  }

  [[noreturn]] void run() {
    step();
    loop_.run_until([this] {
      return ended_ && output_ended_ && host_.position() == agent_.events.end();
    });
    agent_.child.conclude(false);
    auto end = agent_.child.exit_status();
    ::_exit(end.signal == 0 && end.exit_code == 0
                && agent_.child.input().position() == agent_.events.end()
              ? 0
              : 4);
  }

private:
  void step() {
    auto& child = agent_.child;
    if (shared_.stop)
      child.close_input();
    else
      child.input().let_go(host_.position() + window);
    host_.let_go(agent_.events.end());
    if (moving_ || output_ended_
        || agent_.events.end() > host_.position() + window)
      return;
    moving_ = true;
    child.output().move([this](const inlet::result& moved) {
      moving_ = false;
      output_ended_ = moved.at_end;
      if (moved.error)
        throw std::system_error{moved.error};
      step();
    });
  }

  runtime::event_loop loop_;
  keeping_agent agent_;
  storage::pipe_outlet host_;
  shared_state& shared_;
  bool moving_ = false;
  bool ended_ = false;
  bool output_ended_ = false;
};

/// Numbered lines, as many as were taken.
class numbers {
public:
  void accept(std::string_view bytes) {
    while (text_.size() < bytes.size())
      text_ += std::to_string(next_++) + '\n';
    ASSERT_EQ(bytes, std::string_view{text_}.substr(0, bytes.size()))
      << "after " << count << " bytes";
    text_.erase(0, bytes.size());
    count += bytes.size();
  }

  std::uint64_t count = 0;

private:
  std::uint64_t next_ = 0;
  std::string text_;
};

TEST_F(random_kills, of_agents_lose_no_byte_double_none_and_end_no_child) {
  std::uint64_t next = 0;
  std::uint64_t input_end = 0;
  // While no agent is there.
  auto write_more = [&] {
    storage::log input{{dir.path(), "claude_input", true, segment}};
    for (auto end = input.end() + 64 * window; input.end() < end;) {
      std::string lines;
      while (lines.size() < window)
        lines += std::to_string(next++) + '\n';
      input.append(lines);
    }
    input_end = input.end();
  };
  auto out = runtime::make_pipe();
  ::fcntl(out.reader.get(), F_SETFL, O_NONBLOCK);
  numbers got;
  auto read_for = [&](std::chrono::microseconds time) {
    auto until = clock::now() + time;
    std::string buffer(16 * 1024, '\0');
    do {
      auto count = ::read(out.reader.get(), buffer.data(), buffer.size());
      if (count > 0)
        got.accept({buffer.data(), static_cast<std::size_t>(count)});
      else
        std::this_thread::yield();
    } while (clock::now() < until && !HasFatalFailure());
  };
  auto agent_program = [&] {
    moving_agent{dir.path(), out.writer.get(), *shared, mark}.run();
  };
  for (unsigned i = 0; i < kills && !HasFatalFailure(); ++i) {
    if (input_end < got.count + 32 * window)
      write_more();
    begin(agent_program);
    // Some while they start, most while they move.
    deadline moves;
    for (auto before = got.count;
         i % 4 != 0 && got.count == before && !moves.passed();)
      read_for(0ms);
    read_for(some_time(10ms));
    kill_agent();
    reap_ended();
  }
  ASSERT_FALSE(HasFatalFailure());
  shared->stop = true;
  begin(agent_program);
  int status = 0;
  deadline until;
  while (::waitpid(agent, &status, WNOHANG) == 0 && !until.passed())
    read_for(1ms);
  ASSERT_FALSE(until.passed()) << "the last agent has not ended";
  for (auto before = got.count + 1; got.count != before;) {
    before = got.count; // what is left in the pipe
    read_for(0ms);
  }
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  agent = 0;
  EXPECT_TRUE(processes_marked(mark).empty());
  storage::log events{{dir.path(), "events", true, segment}};
  EXPECT_EQ(got.count, events.end());
  std::cout << kills << " kills, " << shared->taken_over
            << " times taken over, " << shared->launches << " starts, "
            << got.count << " bytes\n";
}

// -- the processes ------------------------------------------------------------

class kills_of_all : public random_kills,
                     public testing::WithParamInterface<bool> {
public:
  std::string mark_of(int launch) const {
    return mark + '.' + std::to_string(launch);
  }

  bool one_runs() const {
    deadline until;
    while ((shared->claude == 0 || !is_alive(shared->claude))
           && !until.passed())
      std::this_thread::yield();
    return !until.passed();
  }

  /// Starts a child again whenever it has ended.
  [[noreturn]] void run_agent() {
    runtime::event_loop loop;
    keeping_agent agent{loop, dir.path(), segment, GetParam()};
    auto launch = [&] {
      auto what = shell(leave_stubborn_processes(4) + "cat");
      what.environment.push_back(mark);
      what.environment.push_back("LAUNCH_" + mark_of(shared->launches + 1));
      agent.output_ended = false;
      auto launched = agent.child.launch(what, agent.input.end());
      if (launched.error)
        throw std::runtime_error{launched.what};
      ++(launched.attached ? shared->taken_over : shared->launches);
      shared->claude = launched.pid;
      agent.collect();
    };
    agent.child.on_exit([&] { loop.post(launch); });
    launch();
    loop.run_until([] { return false; });
    ::_exit(5);
  }
};

TEST_P(kills_of_all, leave_nothing_behind) {
  auto shim = [this]() -> pid_t {
    auto status = status_of(shared->claude);
    auto parent = status.empty() ? 0 : std::stoi(status["PPid"]);
    auto name = read_file("/proc/" + std::to_string(parent) + "/comm");
    return name == "agent-shim\n" ? parent : 0;
  };
  for (unsigned i = 0; i < kills; ++i) {
    if (agent == 0)
      begin([this] { run_agent(); });
    // Some while they start, most while they run.
    if (i % 4 != 0) {
      ASSERT_TRUE(one_runs());
    }
    std::this_thread::sleep_for(some_time(20ms)); // reason: a random instant
    std::vector<pid_t> targets{shim(), shared->claude, agent};
    std::shuffle(targets.begin(), targets.end(), random);
    targets.resize(1 + random() % 3);
    for (auto target : targets) {
      if (target <= 0)
        continue;
      if (target == agent)
        kill_agent();
      else
        ::kill(target, SIGKILL);
      if (random() % 2 == 0)
        std::this_thread::sleep_for(some_time(300us)); // reason: likewise
    }
    if (agent == 0)
      reap_ended();
  }
  // One runs, and nothing of all that did before.
  if (agent == 0)
    begin([this] { run_agent(); });
  ASSERT_TRUE(one_runs());
  auto before = shared->claude.load();
  ::kill(before, SIGKILL);
  deadline until;
  while (shared->claude == before && !until.passed())
    std::this_thread::yield();
  ASSERT_TRUE(one_runs());
  for (int launch = 1; launch < shared->launches; ++launch)
    wait_none_marked("LAUNCH_" + mark_of(launch));
  EXPECT_FALSE(processes_marked(mark).empty());
  std::cout << kills << " times, " << shared->taken_over
            << " times taken over, " << shared->launches << " starts\n";
  kill_agent();
  if (GetParam()) { // one more agent ends it
    runtime::event_loop loop;
    keeping_agent last{loop, dir.path(), segment};
    EXPECT_TRUE(last.child.found());
    last.child.conclude(false);
    EXPECT_TRUE(processes_marked(mark).empty());
  }
  wait_none_marked(mark);
}

INSTANTIATE_TEST_SUITE_P(kept_or_not, kills_of_all, testing::Bool());

} // namespace

} // namespace container_agent::test
