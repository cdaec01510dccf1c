#pragma once

#include "main/fifo/fifo_path.hpp"
#include "main/loop/fd.hpp"
#include "main/loop/file_watch.hpp"
#include "main/storage/cursor.hpp"
#include "main/storage/log.hpp"
#include "test/loop/loop_fixture.hpp"
#include "test/support/fifo.hpp"
#include "test/support/recording_log.hpp"
#include "test/support/temp_dir.hpp"

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <sys/eventfd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace container_agent::test {

/// A host's side: a thread that does what hosts do, with blocking calls. Its
/// end wakes the loop up.
class host_thread {
public:
  template <class Function>
  host_thread(runtime::event_loop& loop, Function work)
    : ended_{loop.io(), ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)},
      thread_{[this, work] {
        id_ = ::gettid();
        work();
        done_ = true;
        std::uint64_t one = 1;
        (void)!::write(ended_.native_handle(), &one, sizeof(one));
      }} {
    ended_.async_wait(descriptor::wait_read, [](auto) {});
  }

  ~host_thread() { thread_.join(); }

  bool done() const { return done_; }

  /// Waits until the kernel has it wait, as in an open(2) that waits for the
  /// other side. There is no event to wait for.
  void await_blocked() const {
    deadline until;
    while (!is_blocked() && !until.passed())
      std::this_thread::yield();
  }

private:
  using descriptor = boost::asio::posix::basic_stream_descriptor<
    boost::asio::io_context::executor_type>;

  // "number (name) state …"
  bool is_blocked() const {
    auto task = "/proc/self/task/" + std::to_string(id_);
    return id_ != 0
           && read_file(task + "/stat").find(") S ") != std::string::npos;
  }

  std::atomic<bool> done_{false};
  std::atomic<pid_t> id_{0};
  descriptor ended_;
  std::thread thread_;
};

/// Opens, waiting for the other side, as shells and most programs do.
inline unique_fd open_blocking(const std::filesystem::path& path, int access) {
  return unique_fd{::open(path.c_str(), access | O_CLOEXEC)};
}

/// At most `count` bytes; less at the end.
inline std::string read_some(int fd, std::size_t count) {
  std::string result(count, '\0');
  std::size_t size = 0;
  while (size < count) {
    auto n = ::read(fd, result.data() + size, count - size);
    if (n == 0 || (n < 0 && errno != EINTR))
      break;
    size += static_cast<std::size_t>(std::max<ssize_t>(n, 0));
  }
  result.resize(size);
  return result;
}

/// As a host that reads a reply: opens, reads to the end, closes.
inline std::string read_to_end(const std::filesystem::path& path) {
  auto fd = open_blocking(path, O_RDONLY);
  std::string result;
  for (;;) {
    auto more = read_some(fd.get(), 65536);
    result += more;
    if (more.size() < 65536)
      return result;
  }
}

/// What is in the FIFO now; for a reader opened by `open_fifo_reader`.
inline std::string read_now(int fd) {
  std::string result;
  char buffer[65536];
  for (;;) {
    auto n = ::read(fd, buffer, sizeof(buffer));
    if (n <= 0)
      return result;
    result.append(buffer, static_cast<std::size_t>(n));
  }
}

class fifo_fixture : public loop_fixture {
public:
  temp_dir dir;
  recording_log log;
  runtime::file_watch watch{loop, log};
  std::filesystem::path path = dir / "claude.fifo";

  /// What the FIFO's end fills, or empties.
  storage::log stream{storage::log::settings{}};

  runtime::fifo_path place() const { return runtime::fifo_path{path.string()}; }

  /// Brings bytes into the log, whole lines or not, as out of Claude's stdout.
  void give(std::string_view text) {
    if (stream.line_start() == stream.end() && text.ends_with('\n'))
      return stream.append(text);
    auto pipe = runtime::make_pipe(O_NONBLOCK);
    while (!text.empty()) {
      auto part = text.substr(0, read_size);
      ASSERT_EQ(::write(pipe.writer.get(), part.data(), part.size()),
                static_cast<ssize_t>(part.size()));
      for (std::size_t size = 0; size < part.size();) {
        auto count = stream.take_from(pipe.reader.get(), part.size());
        ASSERT_GT(count, 0);
        size += static_cast<std::size_t>(count);
      }
      text.remove_prefix(part.size());
    }
  }

  /// What the log holds from there on.
  std::string text_from(std::uint64_t offset) const {
    std::string result(stream.end() - offset, '\0');
    for (std::size_t size = 0; size < result.size();)
      size += stream.read(offset + size, std::span{result}.subspan(size));
    return result;
  }

  /// A reader of it.
  std::unique_ptr<storage::cursor> cursor_at(std::uint64_t offset) {
    return std::make_unique<storage::cursor>(stream, offset);
  }

  /// Whether the thread came to its end.
  [[nodiscard]] testing::AssertionResult finished(const host_thread& host) {
    return run_until([&] { return host.done(); });
  }
};

/// What is appended to a log of replies to end one.
inline constexpr std::string_view end_of_reply{&reply_end, 1};

/// For a log of replies, in memory.
inline storage::log::settings of_replies() {
  return {.directory = {}, .name = "replies", .lines = false};
}

/// A FIFO in a directory of its own, and what may happen to both.
class fifo_replaced : public fifo_fixture {
public:
  std::filesystem::path home = dir / "home";

  fifo_replaced() { path = home / "claude.fifo"; }

  // What may happen to a FIFO; each leaves another one at the path.
  std::vector<std::function<void()>> replacements() {
    return {
      [this] { ::unlink(path.c_str()); },
      [this] {
        ::unlink(path.c_str());
        make_fifo(path);
      },
      [this] {
        make_fifo(home / "new");
        std::filesystem::rename(home / "new", path);
      },
      [this] { std::filesystem::rename(path, home / "old"); },
      [this] { std::filesystem::remove_all(home); },
      [this] { std::filesystem::rename(home, dir / "away"); },
      [this] {
        std::filesystem::remove_all(dir / "away");
        std::filesystem::rename(home, dir / "away");
        std::filesystem::create_directory(home);
      },
    };
  }

  unique_fd writer() const {
    unique_fd fd{::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC)};
    EXPECT_TRUE(fd);
    return fd;
  }

  static void put(const unique_fd& fd, std::string_view text) {
    EXPECT_EQ(::write(fd.get(), text.data(), text.size()),
              static_cast<ssize_t>(text.size()));
  }
};

} // namespace container_agent::test
