#pragma once

#include "main/loop/event_loop.hpp"
#include "main/storage/log.hpp"
#include "test/support/deadline.hpp"
#include "test/support/temp_dir.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <string>
#include <string_view>

namespace container_agent::test {

/// A folder for logs, and a pipe whose ends never block.
class storage_fixture : public testing::Test {
public:
  temp_dir dir;
  runtime::pipe_ends pipe = runtime::make_pipe(O_NONBLOCK);

  storage::log::settings settings(std::uint64_t segment = 1024) const {
    return {.directory = dir.path(), .segment = segment};
  }

  void say(std::string_view text) const {
    ASSERT_EQ(::write(pipe.writer.get(), text.data(), text.size()),
              static_cast<ssize_t>(text.size()));
  }

  /// What lies in the pipe.
  std::string heard() const {
    std::string text(1024 * 1024, '\0');
    auto count = ::read(pipe.reader.get(), text.data(), text.size());
    text.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
    return text;
  }

  ssize_t take(storage::log& into, std::size_t most = read_size) const {
    return into.take_from(pipe.reader.get(), most);
  }

  static std::string all_of(const storage::log& from) {
    return text_in(from, from.begin(), from.end());
  }

  static std::string whole_lines_of(const storage::log& from) {
    return text_in(from, from.begin(), from.line_start());
  }
};

/// The same with a loop; `run_until` fails the test instead of waiting for
/// ever.
class storage_loop_fixture : public storage_fixture {
public:
  runtime::event_loop loop;

  [[nodiscard]] bool run_until(const std::function<bool()>& done) {
    return loop.run_until(done, default_patience);
  }
};

/// 100 bytes.
inline std::string line_of(char c) {
  return std::string(99, c) + '\n';
}

} // namespace container_agent::test
