#include "test/process/child_fixture.hpp"
#include "test/support/process_memory.hpp"

#include <sys/wait.h>
#include <unistd.h>

namespace container_agent::test {

namespace {

class launches : public child_fixture {};

TEST_F(launches, five_hundred_leave_nothing_behind) {
  output_of(command("true"));
  loop.run_ready();
  auto descriptors = open_descriptors();
  auto memory = memory_of(::getpid()).rss_kib;
  for (int i = 0; i < 500; ++i) {
    launch(command("true"));
    wait_end();
  }
  EXPECT_EQ(exits, 501);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1); // all were reaped
  // Sources close at their end; stdin and stderr belong to the last launch.
  EXPECT_EQ(open_descriptors(), descriptors);
  EXPECT_LT(memory_of(::getpid()).rss_kib, memory + 512);
}

} // namespace

} // namespace container_agent::test
