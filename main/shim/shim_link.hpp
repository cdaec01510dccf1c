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
  /// Who is told. From the loop, never from within a call.
  class observer {
  public:
    virtual ~observer() = default;

    /// Claude has ended, and all that it had started is gone. `status` is as
    /// wait(2) has it.
    virtual void claude_ended(int status) = 0;

    /// Neither shim nor reaper are there any more, nor anything below them. A
    /// reaper of our own was reaped.
    virtual void over() = 0;
  };

  shim_link(event_loop& loop, observer& told, unique_fd socket);
  ~shim_link();

  /// Waits for the shim's first message, which is sent as soon as the shim
  /// runs. Nothing if it was killed before, or does not answer (`errno` is not
  /// 0).
  std::optional<shim_message> await_hello(held_files& files);

  /// Begins to watch both. `others`: a reaper of our own, and what other
  /// children there were before it.
  std::error_code watch(pid_t reaper);
  std::error_code watch_own(pid_t reaper, std::vector<pid_t> others);

  bool is_over() const { return reaper_ended_ && !socket_.is_open(); }

  /// The number of a reaper that is our child and was not reaped; or 0.
  pid_t own_reaper() const { return own_ && !reaper_ended_ ? reaper_ : 0; }

  /// A shim that does not take it is ended: it might hold on to what is no
  /// longer true.
  void tell(shim_message::kind what);
  void hold(held_file which, int description, std::uint64_t begins);

  /// Lets go: a shim without `keep`, or that another one has replaced, ends
  /// all. The observer hears no more.
  void close();

  /// Has everything end, waits for that, for a second at most, and kills then.
  /// The observer hears no more.
  void end();

  /// Kills both, whatever they wait for.
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
