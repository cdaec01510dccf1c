#include "test/simulation/child_house.hpp"

#include <csignal>

namespace container_agent::simulation {

// -- child_house --------------------------------------------------------------

bool child_house::start(const child_command& command,
                        std::uint64_t input_from) {
  if (running())
    run_.violate("a second Claude is started while one runs");
  if (dice_.one_in(plan_.exec_failure))
    return false;
  drop_pipes();
  held_ = true;
  input_position_ = input_from;
  ports_.push_back(std::make_unique<child_ports>(run_, plan_));
  lives_.push_back(make_(command, plan_, *ports_.back()));
  lives_.back()->on_reaped = [this] {
    if (on_exit)
      on_exit();
  };
  return true;
}

// Its pipes are closed for the next one's.
void child_house::drop_pipes() {
  if (ports_.empty())
    return;
  auto& old = *ports_.back();
  if (on_lost && old.output.available() > 0)
    on_lost(old.output.take(old.output.available()));
  for (auto* end : {&old.input, &old.output, &old.errors}) {
    end->forget_all();
    end->abandon();
  }
}

void child_house::end_all() {
  on_exit = nullptr;
  if (lives_.empty())
    return;
  lives_.back()->vanish();
  drop_pipes();
  held_ = false;
}

void child_house::signal(int number) {
  run_.tell("Claude", [&] { return "gets signal " + std::to_string(number); });
  if (held_)
    lives_.back()->signal(number);
}

// -- simulated_child ----------------------------------------------------------

simulated_child::simulated_child(run_context& run, lifeline& life,
                                 child_house& house, simulated_log& input,
                                 simulated_log& output)
  : run_{run},
    life_{life},
    house_{house},
    input_{run, life, input, "write to Claude"},
    output_{run, life, output, simulated_inlet::kind::pipe},
    errors_{run, life},
    found_{house.holds_one()},
    takes_over_{found_} {
  house_.on_exit = [this] { end(); };
}

child_process::launch_result
simulated_child::launch(const child_command& command,
                        std::uint64_t input_from) {
  run_.faults.at_port("launch");
  if (running())
    run_.violate("a Claude is asked for while one runs");
  auto attached = std::exchange(takes_over_, false);
  if (!attached
      && !life_.call([&] { return house_.start(command, input_from); }, false))
    return {0, std::make_error_code(std::errc::no_such_file_or_directory),
            "cannot run \"claude\": it is not there"};
  auto& ports = house_.ports();
  input_.mover.open(ports.input, house_.input_position());
  output_.open(ports.output);
  errors_.open(ports.errors);
  runs_ = true;
  if (!house_.running()) // it has ended since an agent has left it
    run_.calendar.soon([this] { end(); });
  launch_result result{pid(), {}, {}};
  result.attached = attached;
  result.input_from = input_.position();
  return result;
}

void simulated_child::end() {
  if (life_.alive() && std::exchange(runs_, false) && notify_)
    notify_();
}

std::error_code simulated_child::signal_group(int number) {
  life_.call(
    [&] {
      house_.signal(number);
      return true;
    },
    false);
  return {};
}

} // namespace container_agent::simulation
