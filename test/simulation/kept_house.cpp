#include "test/simulation/kept_house.hpp"

#include "test/simulation/simulated_claude.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

namespace container_agent::simulation {

namespace {

constexpr std::int32_t first_kept_pid = 2000;

std::string temporary_file() {
  auto path
    = (std::filesystem::temp_directory_path() / "simulation-XXXXXX").string();
  auto descriptor = ::mkstemp(path.data());
  if (descriptor < 0)
    throw std::system_error{errno, std::generic_category(), path};
  ::close(descriptor);
  return path;
}

} // namespace

kept_house::kept_house(run_context& run, judge& bench, const claude_plan& plan)
  : input{run, plan.input},
    output{run, plan.output},
    errors{run, plan.output},
    run_{run},
    dice_{run.dice.branch()},
    judge_{bench},
    plan_{plan},
    note_path_{temporary_file()} {}

kept_house::~kept_house() {
  ::unlink(note_path_.c_str());
}

void kept_house::keep_note() {
  std::ifstream file{note_path_, std::ios::binary};
  note_.assign(std::istreambuf_iterator<char>{file}, {});
}

void kept_house::restore_note() const {
  if (note_.empty())
    return; // the first agent's
  std::fstream file{note_path_,
                    std::ios::binary | std::ios::in | std::ios::out};
  file.write(note_.data(), static_cast<std::streamsize>(note_.size()));
}

bool kept_house::start(const child_command& command) {
  if (running())
    run_.violate("a second Claude is started while one runs");
  if (dice_.one_in(plan_.exec_failure))
    return false;
  auto session = resumed_by(command.arguments);
  run_.tell("Claude", [&] { return "is started, resumes \"" + session + '"'; });
  judge_.launched(session);
  lives_.push_back(
    std::make_unique<claude_life>(run_, judge_, sessions_, plan_, session,
                                  child_pipes{input, output, errors}));
  life()->on_reaped = [this] {
    if (on_exit)
      on_exit();
  };
  return true;
}

void kept_house::signal(int number) {
  run_.tell("Claude", [&] { return "gets signal " + std::to_string(number); });
  if (life() != nullptr)
    life()->signal(number);
}

std::int32_t kept_house::pid() const {
  return lives_.empty()
           ? 0
           : first_kept_pid + static_cast<std::int32_t>(lives_.size());
}

void kept_house::behave() {
  plan_ = plan_.harmless();
  if (life() != nullptr)
    life()->behave();
}

} // namespace container_agent::simulation
