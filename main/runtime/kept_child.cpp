#include "main/runtime/kept_child.hpp"

#include "main/runtime/fifo_end.hpp"
#include "main/runtime/kept_spawn.hpp"
#include "main/runtime/stream_descriptor.hpp"
#include "messages/codec/line_framer.hpp"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

namespace container_agent::runtime {

namespace {

constexpr auto busy = std::errc::device_or_resource_busy;

unique_fd must_open(const keep_place& place, keep_place::stream which) {
  auto result = place.open(which);
  if (!result)
    throw fifo_error{"a pipe of the kept Claude can't be opened: "
                     + last_error().message()
                     + ". Choose another directory: --keep-dir."};
  return result;
}

} // namespace

// Shared with the wait, which may outlive the object.
struct kept_child::state : std::enable_shared_from_this<state> {
  event_loop& loop;
  peeked_pipe& output;
  pipe_sink& input;
  stream_descriptor pidfd;
  stream_descriptor room; // in Claude's output, while that is waited for
  bool runs = false;
  bool ours = false; // a child of this very process
  bool group_gone = true;
  pid_t pid = 0;
  child_exit status;
  notification on_exit;
  notification on_reaped;
  notification on_room;

  state(event_loop& l, peeked_pipe& o, pipe_sink& i)
    : loop{l}, output{o}, input{i}, pidfd{l.io()}, room{l.io()} {}

  void watch(pid_t number, bool is_ours) {
    pid = number;
    ours = is_ours;
    runs = true;
    group_gone = false;
    status = {};
    output.expect_end(false);
    unique_fd opened{static_cast<int>(::syscall(SYS_pidfd_open, number, 0))};
    boost::system::error_code error;
    if (opened)
      pidfd.assign(opened.get(), error);
    if (!opened || error) { // it has ended before
      loop.post([self = shared_from_this()] { self->end(); });
      return;
    }
    (void)opened.release();
    pidfd.async_wait(
      stream_descriptor::wait_read,
      [self = shared_from_this()](boost::system::error_code failed) {
        if (!failed)
          self->end();
      });
  }

  std::error_code await_room(unique_fd out) {
    boost::system::error_code error;
    room.close(error);
    room.assign(out.get(), error);
    if (error)
      return error;
    (void)out.release();
    room.async_wait(stream_descriptor::wait_write,
                    [self = shared_from_this()](auto failed) {
                      if (failed)
                        return;
                      self->room.close(failed);
                      if (auto call = self->on_room)
                        call();
                    });
    return {};
  }

  void end() {
    close_quietly(pidfd);
    auto native = 0;
    runs = false;
    if (!ours || ::waitpid(pid, &native, WNOHANG) != pid)
      status.kind = exit_kind::unknown;
    else if (WIFSIGNALED(native))
      status.signal = WTERMSIG(native);
    else
      status.exit_code = WEXITSTATUS(native);
    group_gone = ::kill(-pid, 0) != 0 && errno == ESRCH;
    output.expect_end(true);
    input.close();
    if (auto call = on_reaped)
      call();
    if (auto call = on_exit)
      call();
  }
};

kept_child::kept_child(event_loop& loop, keep_place& place)
  : place_{place},
    writer_{place.note, calls_},
    input_{loop, &writer_},
    output_{loop, place.note},
    errors_{loop} {
  using stream = keep_place::stream;
  // Opened before the look, so that a Claude that is found there leaves us its
  // pipes if it dies.
  if (auto error = output_.open(must_open(place, stream::out)))
    throw fifo_error{"the output of the kept Claude can't be watched: "
                     + error.message() + ". Leave --keep-claude out."};
  errors_.open(must_open(place, stream::errors).release());
  found_ = place.running();
  auto position = place.note.look(
    look_at_all(must_open(place, stream::out).get()), found_.has_value());
  place.note.settle(position);
  standing_ = position.where;
  output_.begin_at(place.note.begin());
  if (!found_)
    read_all(must_open(place, stream::out).get());
  state_ = std::make_shared<state>(loop, output_, input_);
}

kept_child::~kept_child() {
  state_->on_exit = nullptr;
  state_->on_reaped = nullptr;
  state_->on_room = nullptr;
  boost::system::error_code ignored;
  state_->pidfd.close(ignored);
  state_->room.close(ignored);
}

void kept_child::lose_output(std::uint64_t until) {
  place_.note.lose(until);
  output_.begin_at(until);
}

// Writes that do not fit into a page's rest begin a new one, so a pipe is full
// at half its capacity, at worst.
std::size_t kept_child::max_held_line() const {
  return fifo_capacity(place_.open(keep_place::stream::out).get()) / 4;
}

child_process::launch_result kept_child::launch(const child_command& command) {
  if (running())
    return {0, std::make_error_code(busy), "a child runs already"};
  if (std::exchange(first_, false) && found_)
    return take_over(*found_);
  return start(command);
}

child_process::launch_result kept_child::take_over(pid_t pid) {
  auto half = place_.note.half_input();
  input_.open(must_open(place_, keep_place::stream::in).release());
  state_->watch(pid, false);
  output_.skip_line(place_.note.line_cut());
  // It has half a line whose rest nobody knows: it is resumed as after a crash.
  if (half)
    signal_group(SIGKILL);
  launch_result result{pid, {}, {}};
  result.attached = true;
  return result;
}

child_process::launch_result kept_child::start(const child_command& command) {
  auto in = place_.open(keep_place::stream::in);
  if (!in)
    return {0, last_error(), "its stdin can't be opened"};
  read_all(in.get()); // what a dead one has not read
  place_.note.half_input(false);
  output_.forget_line();
  auto error = end_cut_line();
  if (error == std::errc::resource_unavailable_try_again)
    return await_room();
  if (error)
    return {0, error, "its stdout can't be written"};
  if (before_start_)
    before_start_();
  auto result = spawn_kept(command, place_);
  if (result.error)
    return result;
  input_.open(in.release());
  state_->watch(result.pid, true);
  return result;
}

// What a dead one has left of a line is not the beginning of the next one's
// first, for whichever agent reads both. After a whole line it is one to be
// disregarded too.
std::error_code kept_child::end_cut_line() {
  auto out = place_.open(keep_place::stream::out);
  if (!out)
    return last_error();
  auto end = codec::cut_line_end;
  if (unread_bytes(out.get()) == 0
      || ::write(out.get(), end.data(), end.size()) > 0)
    return {};
  return last_error();
}

// The dead one has filled it, and nobody reads what it said: another one could
// say nothing either.
child_process::launch_result kept_child::await_room() {
  auto out = place_.open(keep_place::stream::out);
  auto error = out ? state_->await_room(std::move(out)) : last_error();
  if (error)
    return {0, error, "its stdout can't be waited for"};
  launch_result result;
  result.waiting = true;
  return result;
}

bool kept_child::running() const {
  return state_->runs;
}

std::int32_t kept_child::pid() const {
  return state_->pid;
}

child_exit kept_child::exit_status() const {
  return state_->status;
}

void kept_child::close_input() {
  signal_group(SIGTERM);
}

std::error_code kept_child::signal_group(int signal) {
  if (state_->group_gone || ::kill(-state_->pid, signal) == 0)
    return {};
  if (errno != ESRCH)
    return last_error();
  state_->group_gone = !running();
  return {};
}

void kept_child::on_exit(notification notify) {
  state_->on_exit = std::move(notify);
}

void kept_child::on_appeared(notification notify) {
  state_->on_room = std::move(notify);
}

pid_t kept_child::pid_to_spare() const {
  return state_->runs && state_->ours ? state_->pid : 0;
}

void kept_child::on_reaped(notification notify) {
  state_->on_reaped = std::move(notify);
}

} // namespace container_agent::runtime
