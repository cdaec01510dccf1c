#pragma once

#include "main/cli/options.hpp"
#include "main/trace/record/tracer.hpp"
#include "main/trace/sinks/trace_dumps.hpp"
#include "main/trace/sinks/trace_file.hpp"

#include <memory>
#include <optional>

namespace container_agent {

/// The tracer of an agent, and the sinks of its events.
class tracing {
public:
  tracing(const options& settings, runtime::event_loop& loop, event_log& log,
          message_hook* next);

  runtime::tracer& events() { return events_; }
  trace_dumps& dumps() { return dumps_; }

private:
  runtime::tracer events_;
  trace_dumps dumps_;
  std::optional<trace_file> file_;
};

/// Null if nobody has asked for traces.
std::unique_ptr<tracing> make_tracing(const options& settings,
                                      runtime::event_loop& loop, event_log& log,
                                      message_hook* next);

} // namespace container_agent
