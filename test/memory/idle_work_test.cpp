#include "test/loop/loop_fixture.hpp"

#include <malloc.h>

#include <functional>

namespace container_agent::test {

namespace {

class idle_work : public loop_fixture {};

// Two kinds that ask for themselves again must not keep what they have left.
TEST_F(idle_work, that_is_always_there_takes_no_memory) {
  int left = 200'000;
  std::function<void()> again = [&] {
    if (--left > 0)
      loop.when_idle(again);
  };
  auto before = ::mallinfo2().uordblks;
  loop.when_idle(again);
  loop.when_idle(again);
  loop.run_ready();
  EXPECT_LE(left, 0);
  EXPECT_LT(::mallinfo2().uordblks, before + 64 * 1024);
}

} // namespace

} // namespace container_agent::test
