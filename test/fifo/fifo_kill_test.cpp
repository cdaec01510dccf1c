// An agent that is killed at any instant, and the next one.

#include "main/fifo/fifo_output.hpp"
#include "test/fifo/fifo_fixture.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <csignal>
#include <random>

namespace container_agent::test {

namespace {

constexpr int lines = 20'000;

std::string line(int number) {
  return "<" + std::to_string(number) + ">"
         + std::string(static_cast<std::size_t>(number % 300), '.') + "\n";
}

/// What outlives the agents: the log, the FIFO, and, as the shim has them, the
/// description that is the cursor, and a writing end.
class fifo_kill_test : public testing::Test {
public:
  temp_dir dir;
  std::filesystem::path path = dir / "claude.fifo";
  storage::log log{{.directory = dir.path().string()}};
  unique_fd description;
  unique_fd writer;
  std::string expected;
  std::mt19937 random{testing::UnitTest::GetInstance()->random_seed() + 1U};
  pid_t agent = 0;
  int kills = 0;

  fifo_kill_test() {
    for (int i = 0; i < lines; ++i)
      expected += line(i);
    log.append(expected);
    make_fifo(path);
    storage::cursor first{log, 0};
    first.on_description(
      [this](int fd, std::uint64_t) { description = unique_fd{::dup(fd)}; });
    auto reader = open_fifo_reader(path);
    writer = std::move(*try_open_fifo_writer(path));
    begin();
  }

  ~fifo_kill_test() override { kill(); }

  void begin() {
    agent = ::fork();
    if (agent == 0)
      run();
  }

  [[noreturn]] void run() const {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    runtime::event_loop loop;
    recording_log records;
    runtime::file_watch watch{loop, records};
    storage::log again{{.directory = dir.path().string()}};
    runtime::fifo_output output{
      loop,
      watch,
      records,
      runtime::fifo_path{path.string()},
      again,
      std::make_unique<storage::cursor>(
        again, runtime::unique_fd{::dup(description.get())}, 0)};
    output.let_go(again.end());
    loop.run_until([] { return false; });
    ::_exit(1);
  }

  void kill() {
    ::kill(agent, SIGKILL);
    ::waitpid(agent, nullptr, 0);
    ++kills;
  }

  // At most `most` bytes, as soon as there are some; nothing after a while. The
  // agent may have taken back what there was.
  static std::string read_next(int fd, std::size_t most) {
    pollfd entry{fd, POLLIN, 0};
    std::string result(most, '\0');
    ssize_t size = -1;
    while (size < 0 && ::poll(&entry, 1, 2000) == 1)
      size = ::read(fd, result.data(), result.size());
    result.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    return result;
  }

  std::size_t up_to(std::size_t most) { return 1 + random() % most; }
};

} // namespace

TEST_F(fifo_kill_test, a_reader_that_stays_gets_each_byte_once) {
  auto reader = open_fifo_reader(path);
  std::string got;
  while (got.size() < expected.size()) {
    auto more = read_next(reader.get(), up_to(10'000));
    ASSERT_FALSE(more.empty()) << got.size() << " bytes";
    got += more;
    if (random() % 4 == 0) {
      kill();
      begin();
    }
  }
  EXPECT_TRUE(got == expected);
  EXPECT_GT(kills, 50);
}

// It may see lines twice: an agent may be killed between going back in the log
// and taking back what lies in the FIFO.
TEST_F(fifo_kill_test, readers_that_come_and_go_miss_no_line) {
  std::string got;
  auto last = line(lines - 1);
  while (!got.ends_with(last)) {
    auto reader = open_fifo_reader(path);
    auto more = read_next(reader.get(), up_to(20'000));
    ASSERT_FALSE(more.empty()) << got.size() << " bytes";
    got += more;
    reader.reset();
    if (random() % 3 == 0) {
      kill();
      begin();
    }
  }
  std::size_t at = 0;
  for (int i = 0; i < lines; ++i) {
    at = got.find(line(i), at);
    ASSERT_NE(at, std::string::npos) << "line " << i << " is missing";
  }
  EXPECT_GT(kills, 50);
}

} // namespace container_agent::test
