#include "main/process/exec_watch.hpp"

#include "main/loop/fd.hpp"
#include "main/loop/stream_descriptor.hpp"
#include "main/process/launch_failure.hpp"
#include "main/process/process_discovery.hpp"

#include <boost/asio/steady_timer.hpp>

#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace container_agent::runtime {

namespace {

namespace asio = boost::asio;

using timer
  = asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>,
                               asio::io_context::executor_type>;

} // namespace

struct exec_watch::state : std::enable_shared_from_this<state> {
  event_loop& loop;
  file_watch& files;
  event_log& log;
  timer clock;
  notification look;
  child_command command;
  std::vector<file_watch::subscription> places; // of the program's file
  file_watch::subscription program;             // the file itself
  std::map<std::int32_t, stream_descriptor> processes;
  std::size_t next_delay = delays.size();
  bool blind = false; // nothing can be watched

  state(event_loop& l, file_watch& f, event_log& g)
    : loop{l}, files{f}, log{g}, clock{l.io()} {}

  // -- the file ---------------------------------------------------------------

  void watch_file() {
    auto changed = [weak = weak_from_this()] {
      if (auto self = weak.lock(); self && self->look)
        self->file_changed();
    };
    places.clear();
    for (const auto& place : candidates_for(command))
      places.push_back(files.watch_path(place, changed));
    watch_program();
  }

  void watch_program() {
    program.reset();
    if (files.error())
      return go_blind(files.error());
    auto found = names_of(command);
    if (found.paths.empty())
      return;
    program = files.watch_fifo(
      found.paths.front(), IN_OPEN, [weak = weak_from_this()](const auto&) {
        if (auto self = weak.lock(); self && self->look)
          self->begin_looks();
      });
    if (!program)
      go_blind(last_error());
  }

  void go_blind(std::error_code why) {
    if (!std::exchange(blind, true))
      log.write(log_level::warn, "claude_process", "attach_watch_failed",
                {{"command", command.program},
                 {"error", why.message()},
                 {"effect", "looks for it every 2 s"}});
  }

  void file_changed() {
    watch_program();
    begin_looks();
  }

  // -- looks ------------------------------------------------------------------

  void begin_looks() {
    next_delay = 0;
    wait();
  }

  void wait() {
    auto more = next_delay < delays.size();
    if (!more && !blind)
      return;
    clock.expires_after(more ? delays[next_delay]
                             : std::chrono::milliseconds{slow_look});
    clock.async_wait([self = shared_from_this()](auto error) {
      if (error || !self->look)
        return;
      ++self->next_delay;
      self->wait();
      self->look_now();
    });
  }

  // Must come last on every path: the call may start or stop the watch.
  void look_now() {
    if (auto call = look)
      call();
  }

  // -- the processes in the way -----------------------------------------------

  void watch_processes(std::span<const std::int32_t> pids) {
    std::erase_if(processes, [&](auto& entry) {
      return std::find(pids.begin(), pids.end(), entry.first) == pids.end();
    });
    for (auto pid : pids)
      if (!processes.contains(pid))
        watch_process(pid);
  }

  void watch_process(std::int32_t pid) {
    unique_fd number{static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))};
    if (!number) { // it has ended meanwhile
      begin_looks();
      return;
    }
    auto& watched
      = processes.emplace(pid, stream_descriptor{loop.io()}).first->second;
    boost::system::error_code error;
    watched.assign(number.get(), error);
    if (error) {
      processes.erase(pid);
      return;
    }
    (void)number.release(); // the descriptor owns it now
    watched.async_wait(stream_descriptor::wait_read,
                       [self = shared_from_this(), pid](auto failure) {
                         if (failure || !self->look)
                           return;
                         self->processes.erase(pid);
                         self->look_now();
                       });
  }

  void stop() {
    look = nullptr;
    places.clear();
    program.reset();
    processes.clear();
    clock.cancel();
    next_delay = delays.size();
  }

  // A name may appear in any folder of PATH later.
  static std::vector<std::string> candidates_for(const child_command& command) {
    auto result = names_of(command).paths;
    if (command.program.find('/') == std::string::npos)
      for (auto& folder : folders_in_path(command))
        result.push_back(folder + '/' + command.program);
    else if (result.empty())
      result.push_back(command.program);
    return result;
  }
};

exec_watch::exec_watch(event_loop& loop, file_watch& files, event_log& log)
  : state_{std::make_shared<state>(loop, files, log)} {}

exec_watch::~exec_watch() {
  state_->stop();
}

void exec_watch::start(const child_command& command,
                       std::span<const std::int32_t> in_the_way,
                       notification look) {
  auto& s = *state_;
  auto first = !s.look;
  s.look = std::move(look);
  if (first) {
    s.command = command;
    s.watch_file();
    // Programs started before the watch began have gone unnoticed.
    s.begin_looks();
  }
  s.watch_processes(in_the_way);
}

void exec_watch::stop() {
  state_->stop();
}

} // namespace container_agent::runtime
