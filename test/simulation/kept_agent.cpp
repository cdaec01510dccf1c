#include "test/simulation/kept_agent.hpp"

#include "main/runtime/lost_results.hpp"
#include "messages/codec/line_framer.hpp"

#include <csignal>
#include <stdexcept>
#include <utility>

namespace container_agent::simulation {

namespace {

// Numbers of the FIFOs, as descriptors.
enum : int { claude_in, claude_out, host_out };

using standing = runtime::move_note::standing;

} // namespace

// -- simulated_journal --------------------------------------------------------

simulated_journal::simulated_journal(run_context& run, lifeline& life,
                                     std::string& text)
  : dice_{run.dice.branch()}, life_{life}, text_{text} {
  if (now_.take_all(text_) > 0)
    run.violate("the journal is damaged");
  life_.call(
    [this] {
      text_ = now_.text();
      return true;
    },
    false);
}

void simulated_journal::accepted(const std::string& uuid, const bytes& line,
                                 std::uint64_t input) {
  now_.accept(uuid, line);
  now_.input = input > 0 ? input : now_.input;
  append(codec::accepted_entry(uuid, line.view(), now_.input));
}

void simulated_journal::sent(const std::string& uuid, std::uint32_t times,
                             bool again) {
  append(codec::sent_entry(uuid, times, again));
}

void simulated_journal::continued(const std::string& uuid,
                                  const std::string& as) {
  append(codec::continued_entry(uuid, as));
}

void simulated_journal::begun(const std::string& uuid) {
  append(codec::begun_entry(uuid));
}

void simulated_journal::answering(const std::string& uuid) {
  append(codec::answering_entry(uuid));
}

void simulated_journal::lifecycle() {
  append(codec::lifecycle_entry(true));
}

void simulated_journal::launched() {
  append(codec::launched_entry());
}

void simulated_journal::ready() {
  append(codec::ready_entry());
}

void simulated_journal::settings(const std::vector<codec::host_setting>& all,
                                 std::uint64_t input) {
  now_.input = input > 0 ? input : now_.input;
  append(codec::settings_entry(all, now_.input));
}

void simulated_journal::asks(const std::string& request) {
  append(codec::asks_entry(request));
}

void simulated_journal::asked(const std::string& request,
                              std::string_view answer, std::uint64_t input) {
  now_.input = input > 0 ? input : now_.input;
  append(codec::asked_entry(request, answer, now_.input));
}

void simulated_journal::closed(const std::string& uuid,
                               std::uint64_t result_end) {
  append(codec::closed_entry(uuid, result_end));
}

void simulated_journal::failed(const std::string& uuid, std::string_view why) {
  append(codec::closed_entry(uuid, 0, {}, why));
}

void simulated_journal::forgotten(const std::string& uuid) {
  append(codec::forgotten_entry(uuid));
}

void simulated_journal::session(const std::string& id, bool anew,
                                std::uint32_t failed) {
  append(codec::session_entry(id, anew, failed));
}

void simulated_journal::input_taken(std::uint64_t input) {
  now_.input = input;
  append(codec::input_entry(input));
}

void simulated_journal::append(const std::string& entry) {
  if (!life_.alive())
    return;
  auto done = life_.call(
    [&] {
      text_ += entry;
      return true;
    },
    false);
  if (!done)
    text_ += entry.substr(0, dice_.below(entry.size()));
}

// -- kept_claude --------------------------------------------------------------

kept_claude::kept_claude(run_context& run, lifeline& life, kept_house& house,
                         runtime::move_note& note, runtime::pipe_calls& calls)
  : run_{run},
    life_{life},
    house_{house},
    note_{note},
    calls_{calls},
    mover_{note, calls},
    writer_{note, calls},
    input_{run, life, house.input, claude_in, writer_, "write to Claude"},
    output_{run, life, house.output, mover_},
    errors_{run, life, house.errors},
    found_{house.running()} {
  house_.on_exit = [this] { end(); };
  house_.output.on_drained = [this] { look_for_room(); };
  mover_.from(claude_out);
  auto position = note_.look(house_.output.content(), found_);
  note_.settle(position);
  standing_ = position.where;
  mover_.begin_at(note_.begin());
  output_.begin_at(note_.begin());
  if (found_ || house_.output.available() == 0)
    return;
  std::string lost(house_.output.available(), '\0');
  calls_.read(claude_out, lost);
}

void kept_claude::lose_output(std::uint64_t until) {
  note_.lose(until);
  mover_.begin_at(until);
  output_.begin_at(until);
}

child_process::launch_result kept_claude::launch(const child_command& command) {
  run_.faults.at_port("launch");
  if (running())
    run_.violate("a Claude is asked for while one runs");
  return std::exchange(first_, false) && found_ ? take_over() : start(command);
}

child_process::launch_result kept_claude::take_over() {
  auto half = note_.half_input();
  input_.pipe.open();
  watch(false);
  output_.skip_line(note_.line_cut());
  if (half)
    signal_group(SIGKILL);
  launch_result result{pid_, {}, {}};
  result.attached = true;
  return result;
}

child_process::launch_result kept_claude::start(const child_command& command) {
  std::string unread(house_.input.available(), '\0');
  if (!unread.empty())
    calls_.read(claude_in, unread);
  note_.half_input(false);
  output_.skip_line(false);
  mover_.forget_line();
  if (house_.output.available() > 0
      && calls_.write(claude_out, codec::cut_line_end) < 0) {
    waits_for_room_ = true;
    launch_result result;
    result.waiting = true;
    return result;
  }
  before_start_();
  if (!life_.call([&] { return house_.start(command); }, false))
    return {0, std::make_error_code(std::errc::no_such_file_or_directory),
            "cannot run \"claude\": it is not there"};
  input_.pipe.open();
  watch(true);
  return {pid_, {}, {}};
}

void kept_claude::watch(bool is_ours) {
  pid_ = house_.pid();
  runs_ = true;
  ours_ = is_ours;
  output_.expect_end(false);
  if (!house_.running()) // it has ended since it was found
    run_.calendar.soon([this] { end(); });
}

void kept_claude::end() {
  if (!life_.alive() || !std::exchange(runs_, false))
    return;
  status_ = house_.status();
  if (!ours_)
    status_ = {0, 0, exit_kind::unknown};
  output_.expect_end(true);
  input_.pipe.close();
  if (notify_)
    notify_();
}

void kept_claude::look_for_room() {
  if (life_.alive() && std::exchange(waits_for_room_, false))
    on_room_();
}

void kept_claude::close_input() {
  signal_group(SIGTERM);
}

std::error_code kept_claude::signal_group(int signal) {
  life_.call(
    [&] {
      house_.signal(signal);
      return true;
    },
    false);
  return {};
}

// -- kept_agent ---------------------------------------------------------------

kept_agent::kept_agent(run_context& run, const newcomer& agent,
                       kept_house& house, kernel_fifo& host_input,
                       kernel_fifo& host_output, const dialogue_config& config)
  : calls_{agent.life, {&house.input, &house.output, &host_output}},
    notes_{run, agent.life, house.journal},
    claude{run, agent.life, house,
           [&]() -> runtime::move_note& {
             house.restore_note();
             if (auto error = note_.open(house.note_path()))
               throw std::runtime_error{error.message()};
             return note_;
           }(),
           calls_},
    input{run, agent.life, host_input, house.spool},
    output_{run,      agent.life,     host_output,
            host_out, claude.mover(), "write to the host"},
    protocol_{config, agent.context, &notes_} {
  auto taken = notes_.conversation().input;
  if (agent.life.call([&] { return house.spool.open(taken); }, false))
    notes_.input_taken(0);
  claude.before_start([this] { notes_.launched(); });
  if (!claude.found())
    claude.lose_output(
      runtime::end_of_lost_output(notes_.conversation(), note_));
  protocol_.restore(notes_.conversation(), note_.begin(), claude.found());
  output_.pipe.open();
  if (claude.output_standing() == standing::in_line)
    protocol_.begin_in_line(note_.line_begun());
}

void kept_agent::speak_first(const newcomer& agent) {
  output_.pipe.write(bytes{runtime::words_of_loss(
    notes_.conversation(), note_, claude.output_standing(), agent.context)});
}

} // namespace container_agent::simulation
