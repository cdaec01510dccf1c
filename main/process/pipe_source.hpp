#pragma once

#include "actors/core/ports.hpp"
#include "main/loop/event_loop.hpp"

#include <memory>

namespace container_agent::runtime {

/// The reading end of a pipe (or of anything that epoll(7) takes) as a
/// `byte_source`. It can be opened again with another descriptor.
///
/// It waits for readiness and only then reads, so `cancel` never loses bytes:
/// they stay in the pipe until somebody asks for them.
class pipe_source final : public byte_source {
public:
  explicit pipe_source(event_loop& loop);
  pipe_source(const pipe_source&) = delete;
  pipe_source& operator=(const pipe_source&) = delete;
  ~pipe_source() override;

  /// Takes ownership of the descriptor and makes it non-blocking. Closes an
  /// earlier one, as `close` does.
  void open(int descriptor);

  /// Cancels an outstanding read and closes the descriptor. A read of a closed
  /// source finds the end.
  void close();

  /// Closes the descriptor; an outstanding read finds the end.
  void end();

  /// False before `open`, after `close`, and after the end or an error was
  /// reported (the descriptor is closed then).
  bool is_open() const;

  /// The end and errors are final: each further read reports them again.
  void read(handler on_result) override;

  void cancel() override;

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace container_agent::runtime
