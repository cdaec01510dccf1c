#pragma once

#include "main/loop/event_loop.hpp"
#include "main/loop/stream_descriptor.hpp"

#include <cstdint>
#include <memory>
#include <system_error>

namespace container_agent::runtime {

/// A descriptor that is read when it is ready. Whoever reads it derives from
/// this. It waits for readiness and only then reads, so a reader that stops
/// loses nothing. Shared with pending waits and jobs, which may outlive the
/// owner.
class readable : public std::enable_shared_from_this<readable> {
public:
  explicit readable(event_loop& l) : loop{l}, fd{l.io()} {}
  readable(const readable&) = delete;
  readable& operator=(const readable&) = delete;
  virtual ~readable() = default;

  /// Takes ownership of the descriptor and makes it non-blocking. Closes an
  /// earlier one.
  std::error_code open(int descriptor);

  void close();

  /// Calls `attempt` from the loop: when there is something to read, or soon if
  /// there may be already or the descriptor is closed.
  void start();

protected:
  /// Reads once. It may close or destroy the owner.
  virtual void attempt() = 0;

  /// Waiting has failed.
  virtual void fail(std::error_code error) = 0;

  event_loop& loop;
  stream_descriptor fd;
  bool may_hold_data = false; ///< a read would probably not block

private:
  void wait();
  void begin_wait();
  void on_ready(boost::system::error_code error);

  std::uint64_t opened_ = 0; // tells a wait on an earlier descriptor apart
  bool waiting_ = false;     // for readiness
  bool posted_ = false;      // a job is in the queue
};

} // namespace container_agent::runtime
