#include "test/simulation/child_life.hpp"

#include <csignal>
#include <utility>

namespace container_agent::simulation {

child_life::child_life(run_context& run, const claude_plan& plan,
                       child_pipes pipes)
  : pipes_{pipes},
    run_{run},
    dice_{run.dice.branch()},
    plan_{plan},
    fate_{claude_fate::draw(plan, dice_)} {
  if (fate_.dies_after)
    run_.calendar.after(*fate_.dies_after, [this] { die(fate_.end); });
  if (fate_.closes_input_after)
    run_.calendar.after(*fate_.closes_input_after, [this] {
      if (dead_)
        return;
      closing_input();
      input_closed_ = true;
      pipes_.input.abandon();
    });
}

void child_life::signal(int number) {
  if (number == SIGKILL) {
    die({0, SIGKILL});
    if (fate_.grandchild == claude_fate::left_behind::in_group)
      pipes_.output.end();
  } else if (number == SIGTERM && !fate_.stubborn) {
    if (!dead_)
      told_to_terminate();
    later(time_span{60'000}, [this] { die({143, 0}); });
  } else if (number == SIGINT && !dead_) {
    asked_to_stop();
  }
}

void child_life::vanish() {
  on_reaped = nullptr;
  fate_.grandchild = claude_fate::left_behind::nobody;
  die({0, SIGKILL});
  reaped_ = true;
}

void child_life::die(child_exit end) {
  if (std::exchange(dead_, true))
    return;
  run_.tell("Claude", [&] {
    return "dies, exit code " + std::to_string(end.exit_code) + ", signal "
           + std::to_string(end.signal);
  });
  status_ = end;
  dying();
  pipes_.input.abandon();
  pipes_.errors.end();
  if (fate_.grandchild == claude_fate::left_behind::nobody)
    pipes_.output.end();
  else // sooner or later they go, too
    run_.calendar.after(dice_.up_to(time_span{20'000'000}),
                        [this] { pipes_.output.end(); });
  run_.calendar.soon([this] {
    reaped_ = true;
    if (on_reaped)
      on_reaped();
  });
}

void child_life::later(time_span longest, agenda::event what) {
  run_.calendar.after(dice_.up_to(longest), [this, what = std::move(what)] {
    if (!dead_)
      what();
  });
}

} // namespace container_agent::simulation
