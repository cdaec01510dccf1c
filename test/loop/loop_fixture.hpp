#pragma once

#include "main/loop/event_loop.hpp"
#include "main/loop/scheduler.hpp"
#include "test/support/deadline.hpp"
#include "test/support/unique_fd.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <system_error>

namespace container_agent::test {

/// A loop; `run_until` fails the test instead of waiting for ever.
class loop_fixture : public testing::Test {
public:
  runtime::event_loop loop;

  [[nodiscard]] testing::AssertionResult
  run_until(const std::function<bool()>& done) {
    if (loop.run_until(done, default_patience))
      return testing::AssertionSuccess();
    return testing::AssertionFailure() << "it did not happen";
  }
};

/// A loop with actors on it. The end of a test waits for all of them.
class actors_fixture : public loop_fixture {
public:
  caf::actor_system_config config;
  caf::actor_system system{prepare(config, loop)};

  ~actors_fixture() override {
    if (runtime::run_until_all_ended(system, loop, default_patience))
      return;
    ADD_FAILURE() << "actors still live: " << system.registry().running();
    system.await_actors_before_shutdown(false);
  }

private:
  static caf::actor_system_config& prepare(caf::actor_system_config& config,
                                           runtime::event_loop& loop) {
    runtime::install_scheduler(config, loop);
    return config;
  }
};

struct pipe_ends {
  unique_fd reader;
  unique_fd writer;
};

/// A pipe, both ends blocking.
inline pipe_ends make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    throw std::runtime_error{"no pipe"};
  return {unique_fd{ends[0]}, unique_fd{ends[1]}};
}

/// How often this thread has gone to sleep so far.
inline long times_slept() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nvcsw;
}

inline std::size_t open_descriptors() {
  using iterator = std::filesystem::directory_iterator;
  return static_cast<std::size_t>(
    std::distance(iterator{"/proc/self/fd"}, iterator{}));
}

/// What they are, a line each, for a test whose count is wrong.
inline std::string open_descriptor_names() {
  std::string result;
  std::error_code gone; // the iterator's own is listed, and closed by then
  for (const auto& entry : std::filesystem::directory_iterator{"/proc/self/fd"})
    result += entry.path().filename().string() + ' '
              + std::filesystem::read_symlink(entry.path(), gone).string()
              + '\n';
  return result;
}

} // namespace container_agent::test
