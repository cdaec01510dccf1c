#pragma once

#include "main/loop/fd.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace container_agent::test {

/// A pipe as a container's runtime gives it to us: the log's end blocks.
struct log_pipe {
  log_pipe() { EXPECT_EQ(::fcntl(ends.reader.get(), F_SETFL, O_NONBLOCK), 0); }

  int log_end() const { return ends.writer.get(); }

  /// What is in it now.
  std::string read_all() {
    std::string result;
    std::array<char, 65536> buffer;
    for (;;) {
      auto count = ::read(ends.reader.get(), buffer.data(), buffer.size());
      if (count <= 0)
        return result;
      result.append(buffer.data(), static_cast<std::size_t>(count));
    }
  }

  runtime::pipe_ends ends = runtime::make_pipe();
};

} // namespace container_agent::test
