#include "main/process/claude_child.hpp"

#include "main/process/child_launch.hpp"
#include "main/process/launch_failure.hpp"
#include "main/shim/descendants.hpp"
#include "main/shim/shim_link.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <utility>
#include <vector>

namespace container_agent::runtime {

namespace {

// The most that a process without privileges may set. It limits what a kept
// child can write while no agent is there.
constexpr int kept_output_capacity = 1024 * 1024;

// Reaps the process above a child that could not be started; it ends by itself.
void reap(pid_t pid) {
  if (pid <= 0)
    return;
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {}
}

unique_fd copy_of(int descriptor) {
  return unique_fd{::fcntl(descriptor, F_DUPFD_CLOEXEC, 0)};
}

constexpr held_file held_for(claude_child::reader who) {
  switch (who) {
    case claude_child::reader::host: return held_file::host;
    case claude_child::reader::replies: return held_file::replies;
    default: break; // no position is held
  }
  return held_file::claude;
}

child_exit exit_of(int status) {
  child_exit result;
  if (WIFSIGNALED(status))
    result.signal = WTERMSIG(status);
  else
    result.exit_code = WEXITSTATUS(status);
  return result;
}

} // namespace

// -- claude_child -------------------------------------------------------------

// What an earlier agent left, kept until the first launch.
struct kept_claude {
  held_files files;
  std::unique_ptr<storage::cursor> input;
  std::uint64_t input_from = 0;
};

// Shared with handlers, which may outlive the object.
struct claude_child::state : shim_link::observer,
                             std::enable_shared_from_this<state> {
  event_loop& loop;
  bool keep;
  std::shared_ptr<shim_link> link;     // the child's
  std::shared_ptr<shim_link> in_place; // the next agent finds it
  std::array<held_cursor, held_count> cursors;
  std::optional<kept_claude> kept;
  bool runs = false;
  pid_t pid = 0;
  std::optional<int> told; // its wait status, from its shim
  bool group_gone = true;
  child_exit status;
  notification on_exit;
  notification on_reaped;

  state(event_loop& l, bool k) : loop{l}, keep{k} {}

  void begin(pid_t number, std::shared_ptr<shim_link> above) {
    if (link != above)
      told.reset();
    pid = number;
    link = std::move(above);
    runs = true;
    group_gone = false;
    status = {};
  }

  // The new shim holds everything that the one before held.
  void replace_in_place(std::shared_ptr<shim_link> next) {
    if (auto before = std::exchange(in_place, std::move(next)))
      before->close();
  }

  void add_cursors_to(shim_plan& plan) const {
    for (auto i = index_of(held_file::host); i < held_count; ++i) {
      plan.files[i] = cursors[i].description.get();
      plan.begins[i] = cursors[i].begins;
    }
  }

  // A shim with `keep` stays, because its descriptors may still be read.
  void claude_ended(int how) override {
    told = how;
    if (keep && runs)
      end();
  }

  void over() override {
    if (auto call = on_reaped)
      call();
    if (runs)
      end();
  }

  // For a child that may have ended before it was taken over.
  void end_if_ended() {
    if (!told && !link->is_over())
      return;
    loop.post([self = shared_from_this()] {
      if (self->runs)
        self->end();
    });
  }

  void end() {
    runs = false;
    // If the shim was killed, the child has died by the same signal.
    status = exit_of(told.value_or(SIGKILL));
    group_gone = ::kill(-pid, 0) != 0 && errno == ESRCH;
    if (auto call = on_exit)
      call();
  }

  void hold(held_file which, int description, std::uint64_t begins) {
    cursors[index_of(which)] = {copy_of(description), begins};
    // A dead child's position is useless; the next child's shim starts with a
    // new one.
    if (in_place && (runs || which != held_file::claude))
      in_place->hold(which, description, begins);
  }
};

claude_child::claude_child(event_loop& loop, child_logs logs, settings s)
  : loop_{loop},
    logs_{std::move(logs)},
    settings_{std::move(s)},
    place_{settings_.directory},
    input_{loop},
    output_{loop, logs_.output},
    error_output_{loop},
    state_{std::make_shared<state>(loop, settings_.keep)} {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (settings_.keep)
    look_for_kept();
}

claude_child::~claude_child() {
  auto& s = *state_;
  s.on_exit = nullptr;
  s.on_reaped = nullptr;
  for (auto* link : {s.link.get(), s.in_place.get()})
    if (link && (s.keep || !s.runs))
      link->close();
    else if (link)
      link->end();
}

void claude_child::look_for_kept() {
  auto socket = place_.connect();
  if (!socket)
    return;
  auto& s = *state_;
  auto link = std::make_shared<shim_link>(loop_, s, std::move(socket));
  kept_claude found;
  auto hello = link->await_hello(found.files);
  if (!hello && errno != EAGAIN)
    return; // it was about to end
  if (!hello)
    throw shim_error{"the shim at " + place_.path()
                     + " does not answer. Look for agent-shim, and end it with "
                       "SIGKILL: Claude's conversation is resumed then."};
  if (hello->version != shim_message::current_version)
    throw shim_error{
      "the shim at " + place_.path()
      + " is another version's. Have that version end it, or end "
        "agent-shim with SIGKILL: Claude's conversation is "
        "resumed then."};
  for (auto which : {held_file::host, held_file::claude, held_file::replies,
                     held_file::fifo})
    s.cursors[index_of(which)] = {std::move(found.files[index_of(which)]),
                                  hello->begins[index_of(which)]};
  if (auto place = held(reader::claude))
    found.input = std::make_unique<storage::cursor>(
      logs_.input, std::move(place->description), place->begins);
  else
    found.input
      = std::make_unique<storage::cursor>(logs_.input, logs_.input.end());
  found.input_from = hello->input_from;
  // Last, because it must not call an object whose constructor has thrown.
  if (auto error = link->watch(hello->reaper))
    throw shim_error{"the end of the Claude that an earlier agent has left "
                     "can't be watched: "
                     + error.message()};
  if (hello->has_ended != 0)
    s.told = hello->status;
  s.pid = hello->claude;
  s.link = s.in_place = std::move(link);
  s.kept = std::move(found);
}

bool claude_child::found() const {
  return state_->kept.has_value();
}

std::optional<held_cursor> claude_child::held(reader who) const {
  const auto& found = state_->cursors[index_of(held_for(who))];
  if (!found.description)
    return std::nullopt;
  return held_cursor{copy_of(found.description.get()), found.begins};
}

storage::cursor::holder claude_child::holder(reader who) {
  if (!settings_.keep)
    return {};
  return [weak = std::weak_ptr{state_},
          which = held_for(who)](int description, std::uint64_t begins) {
    if (auto self = weak.lock())
      self->hold(which, description, begins);
  };
}

void claude_child::hold_fifo(int writer) {
  if (settings_.keep)
    state_->hold(held_file::fifo, writer, 0);
}

bool claude_child::fifo_was_held() const {
  return bool{state_->cursors[index_of(held_file::fifo)].description};
}

void claude_child::conclude(bool leave) {
  auto& s = *state_;
  if (!s.keep || (leave && (s.runs || s.kept)))
    return;
  for (auto* link : {s.link.get(), s.in_place.get()})
    if (link)
      link->end();
  s.runs = false;
  s.group_gone = true;
  place_.remove();
}

child_process::launch_result claude_child::launch(const child_command& command,
                                                  std::uint64_t input_from) {
  if (running())
    return launch_failed(
      command, std::make_error_code(std::errc::device_or_resource_busy),
      "a child runs already");
  if (state_->kept)
    return take_over();
  auto program = find_program(command);
  if (program.error)
    return launch_failed(command, program.error, program.reason);
  if (auto error = check_pidfd())
    return launch_failed(command, error,
                         "its end can't be watched, pidfd_open(2) fails: "
                           + error.message());
  return start(command, program.path, input_from);
}

child_process::launch_result claude_child::start(const child_command& command,
                                                 const std::string& path,
                                                 std::uint64_t input_from) {
  auto& s = *state_;
  child_pipes pipes;
  if (pipes.error)
    return launch_failed(command, pipes.error,
                         "no pipes for it: " + pipes.error.message());
  auto capacity = pipe_capacity(settings_.kind);
  pipes.enlarge(capacity, s.keep ? kept_output_capacity : capacity);

  auto where = new_cursor(input_from);
  shim_plan plan;
  plan.connection = pipes.shims_socket.get();
  plan.keep = s.keep;
  plan.input_from = input_from;
  unique_fd listener;
  if (s.keep) {
    plan.files = pipes.for_next_agent();
    s.add_cursors_to(plan);
    listener = place_.prepare(plan);
  }
  auto not_found = "no later agent would find it by " + place_.path() + ": ";
  if (s.keep && !listener) {
    auto error = last_error();
    return launch_failed(command, error, not_found + error.message());
  }

  auto others = children();
  auto made = fork_child(loop_, command, path, pipes, plan);
  pipes.shims_socket.reset();
  auto link
    = std::make_shared<shim_link>(loop_, s, std::move(pipes.agents_socket));
  auto give_up = [&](std::error_code error, const std::string& reason) {
    link->close(); // everything that was started then ends
    reap(made.pid);
    return launch_failed(command, error, reason);
  };
  if (made.error)
    return give_up(made.error, made.reason);
  held_files none;
  auto hello = link->await_hello(none);
  if (auto error = link->watch_own(made.pid, std::move(others)))
    return give_up(error, "its end can't be watched: " + error.message());
  if (!hello)
    link->kill(); // the shim was killed, so the child ends, too
  else if (auto error = s.keep ? place_.put_in_place() : std::error_code{})
    return give_up(error, not_found + error.message());

  s.begin(hello ? hello->claude : made.pid, link);
  if (s.keep && hello)
    s.replace_in_place(link);
  if (auto note = logs_.note())
    note(input_from);
  input_.open(pipes.input.writer.release(), std::move(where));
  output_.open(pipes.output.reader.release());
  error_output_.open(pipes.error_output.reader.release());
  return {s.pid, {}, {}};
}

child_process::launch_result claude_child::take_over() {
  auto& s = *state_;
  auto kept = std::exchange(s.kept, std::nullopt);
  auto& files = kept->files;
  // If its stdin is closed already, use a pipe without a reader: that looks
  // like a child that has closed its stdin itself.
  auto& in = files[index_of(held_file::input)];
  if (!in)
    in = make_pipe().writer;
  kept->input->on_description(holder(reader::claude));
  kept->input->on_position(logs_.note());
  input_.open(in.release(), std::move(kept->input));
  if (auto note = logs_.note())
    note(input_.position());
  output_.open(files[index_of(held_file::output)].release());
  error_output_.open(files[index_of(held_file::errors)].release());
  s.begin(s.pid, s.link);
  s.end_if_ended();
  launch_result result{s.pid, {}, {}};
  result.attached = true;
  result.input_from = kept->input_from;
  return result;
}

std::unique_ptr<storage::cursor>
claude_child::new_cursor(std::uint64_t offset) {
  auto result = std::make_unique<storage::cursor>(logs_.input, offset);
  result->on_description(holder(reader::claude));
  result->on_position(logs_.note());
  return result;
}

bool claude_child::running() const {
  return state_->runs;
}

std::int32_t claude_child::pid() const {
  return state_->pid;
}

pid_t claude_child::pid_to_spare() const {
  return state_->link ? state_->link->own_reaper() : 0;
}

child_exit claude_child::exit_status() const {
  return state_->status;
}

// The shim of a kept child also has its stdin open.
void claude_child::close_input() {
  input_.close_when_gone([weak = std::weak_ptr{state_}] {
    if (auto self = weak.lock(); self && self->link && self->keep)
      self->link->tell(shim_message::kind::close_input);
  });
}

std::error_code claude_child::signal_group(int signal) {
  auto& s = *state_;
  if (s.group_gone || ::kill(-s.pid, signal) == 0)
    return {};
  if (errno != ESRCH)
    return last_error();
  s.group_gone = !running();
  return {};
}

// The kernel kills Claude when its shim ends. A process that survives that,
// such as one that waits for a disk which has gone, can't be killed at all.
void claude_child::kill_harder() {
  if (running())
    state_->link->kill();
}

void claude_child::on_exit(notification notify) {
  state_->on_exit = std::move(notify);
}

void claude_child::on_reaped(notification notify) {
  state_->on_reaped = std::move(notify);
}

} // namespace container_agent::runtime
