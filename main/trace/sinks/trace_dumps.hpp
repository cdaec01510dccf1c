#pragma once

#include "actors/core/ports.hpp"
#include "main/loop/event_loop.hpp"
#include "main/trace/record/tracer.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

namespace container_agent {

/// Writes the ring into files: DIR/<instance>-<pid>-<number>.jsonl, with each
/// failure that the supervisor handles, on a signal, and at a crash. The last
/// `kept` of an instance stay, those of its earlier agents counted.
class trace_dumps {
public:
  /// Each a megabyte at most, with a ring of the usual size.
  static constexpr std::size_t kept = 8;

  trace_dumps(std::string directory, std::string instance,
              runtime::tracer& events, runtime::event_loop& loop,
              event_log& log);
  trace_dumps(const trace_dumps&) = delete;
  trace_dumps& operator=(const trace_dumps&) = delete;
  ~trace_dumps();

  /// Writes one now. What goes wrong is logged.
  void write(std::string_view reason);

private:
  void write_soon(std::string reason);
  std::string next_path();
  void find_old();
  void forget_old();

  std::string directory_;
  std::string instance_;
  runtime::tracer& events_;
  runtime::event_loop& loop_;
  event_log& log_;
  std::uint64_t number_ = 0;
  std::deque<std::string> written_;
  std::shared_ptr<bool> planned_ = std::make_shared<bool>(false);
};

} // namespace container_agent
