#include "test/simulation/log_ports.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

// What stands between an agent and what outlives it: the point at which it
// dies, and logs that pipes are moved into and out of.
namespace container_agent::simulation {

namespace {

class log_ends : public testing::Test {
public:
  run_context run{1, {}};
  lifeline life;
  log_bytes bytes;
  pipe end{run, {}};
  std::uint64_t position = 0;

  void settle() {
    while (run.calendar.ready() > 0)
      run.calendar.run(0);
  }

  log_ends() { bytes.disk_full = &run.disk_full; }
};

} // namespace

TEST(lifelines, end_before_or_after_a_call) {
  for (bool after : {false, true}) {
    lifeline life;
    int calls = 0;
    int deaths = 0;
    life.on_death = [&] { ++deaths; };
    auto call = [&] { return life.call([&] { return ++calls; }, -1); };
    life.die_at(2, after);
    EXPECT_EQ(call(), 1);
    EXPECT_EQ(call(), after ? 2 : -1);
    EXPECT_FALSE(life.alive());
    EXPECT_EQ(call(), -1);
    EXPECT_EQ(deaths, 1);
  }
}

TEST_F(log_ends, move_bytes_that_are_in_the_pipe_or_in_the_log) {
  for (bool after : {false, true}) {
    lifeline short_one;
    log_bytes kept;
    kept.disk_full = &run.disk_full;
    pipe from{run, {}};
    simulated_log log{run, short_one, kept};
    simulated_inlet in{run, short_one, log, simulated_inlet::kind::pipe};
    in.open(from);
    from.give("one\n");
    short_one.die_at(1, after);
    in.move([](const auto&) {});
    settle();
    EXPECT_EQ(kept.text + std::string{from.look()}, "one\n");
    EXPECT_EQ(!kept.text.empty(), after);
  }
}

TEST_F(log_ends, write_records_between_lines_only) {
  simulated_log log{run, life, bytes};
  std::string_view rest = "one\n";
  auto take = [&](std::size_t most) {
    auto piece = rest.substr(0, most);
    rest.remove_prefix(piece.size());
    return piece;
  };
  EXPECT_EQ(log.take_from(rest, 2, take), 2);
  log.append("{}\n");
  EXPECT_EQ(log.owed(), 3u);
  EXPECT_EQ(log.take_from(rest, 2, take), 2);
  EXPECT_EQ(log.owed(), 0u);
  EXPECT_EQ(bytes.text, "one\n{}\n");
}

TEST_F(log_ends, owe_records_while_the_disk_is_full) {
  simulated_log log{run, life, bytes};
  run.disk_full = true;
  log.append("{}\n");
  EXPECT_EQ(bytes.text, "");
  EXPECT_NE(log.trouble(), "");
  run.disk_full = false;
  log.retry();
  EXPECT_EQ(bytes.text, "{}\n");
  EXPECT_EQ(log.trouble(), "");
}

TEST_F(log_ends, let_go_up_to_a_limit_and_step_over_what_was_struck) {
  simulated_log log{run, life, bytes};
  log.append("one\ntwo\nthree\n");
  log.strike(4, 8);
  simulated_outlet out{run, life, log, "write"};
  out.mover.open(end, position);
  out.let_go(4);
  settle();
  EXPECT_EQ(end.look(), "one\n");
  out.let_go(14);
  settle();
  EXPECT_EQ(end.look(), "one\nthree\n");
  EXPECT_EQ(position, 14u);
}

TEST_F(log_ends, let_the_next_agent_go_on_where_the_place_is) {
  bytes.text = "one\ntwo\n";
  for (bool after : {false, true}) {
    lifeline short_one;
    pipe to{run, {}};
    std::uint64_t place = 0;
    simulated_log first{run, short_one, bytes};
    simulated_outlet out{run, short_one, first, "write"};
    out.mover.open(to, place);
    short_one.die_at(1, after);
    out.let_go(8);
    settle();
    EXPECT_EQ(place, to.unread());
    simulated_log second{run, life, bytes};
    simulated_outlet next{run, life, second, "write"};
    next.mover.open(to, place);
    next.let_go(8);
    settle();
    EXPECT_EQ(to.look(), "one\ntwo\n");
  }
}

} // namespace container_agent::simulation
