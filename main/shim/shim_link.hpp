#pragma once

#include "actors/core/ports.hpp"
#include "main/loop/event_loop.hpp"
#include "main/loop/stream_descriptor.hpp"
#include "main/shim/shim_message.hpp"

#include <sys/types.h>

#include <memory>
#include <optional>
#include <system_error>
#include <vector>

namespace container_agent::runtime {

/// The agent's side of a shim and of the reaper above it.
class shim_link : public std::enable_shared_from_this<shim_link> {
public:
  /// Called from the loop, never from within a call.
  class observer {
  public:
    virtual ~observer() = default;

    /// Claude and everything that it had started have ended. `status` is a wait
    /// status, see wait(2).
    virtual void claude_ended(int status) = 0;

    /// The shim, the reaper and everything below them have ended. A reaper that
    /// was our child was reaped.
    virtual void over() = 0;
  };

  shim_link(event_loop& loop, observer& told, unique_fd socket);
  ~shim_link();

  /// Waits for the first message, which the shim sends as soon as it runs.
  /// Returns nothing if the shim was killed before that, or does not answer
  /// (`errno` is not 0).
  std::optional<shim_message> await_hello(held_files& files);

  /// Begins to watch both. `watch_own`: the reaper is our child; `others` are
  /// the children that existed before it.
  std::error_code watch(pid_t reaper);
  std::error_code watch_own(pid_t reaper, std::vector<pid_t> others);

  bool is_over() const { return reaper_ended_ && !socket_.is_open(); }

  /// The pid of the reaper if it is our child and was not reaped; else 0.
  pid_t own_reaper() const { return own_ && !reaper_ended_ ? reaper_ : 0; }

  /// Sends a message. A shim that does not take it is ended; otherwise it might
  /// hold on to what is no longer true.
  void tell(shim_message::kind what);
  void hold(held_file which, int description, std::uint64_t begins);

  /// Lets go. A shim without `keep`, or one that was replaced, then ends
  /// everything. The observer is not called any more.
  void close();

  /// Ends everything: waits for at most a second, then kills. The observer is
  /// not called any more.
  void end();

  /// Kills the shim and the reaper at once.
  void kill();

private:
  void send(const shim_message& message,
            const std::array<int, held_count>& files);
  bool shim_lives();
  void await_message();
  void await_end_of_reaper();
  void take_message();
  void take_end_of_reaper();
  void tell_if_over();

  observer* told_;
  stream_descriptor socket_;
  stream_descriptor reaper_end_; // a pidfd
  pid_t shim_ = 0;
  pid_t reaper_ = 0;
  bool own_ = false;
  bool reaper_ended_ = false;
  bool let_go_ = false;
  std::vector<pid_t> others_;
};

} // namespace container_agent::runtime
