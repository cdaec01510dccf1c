#include "main/runtime/trace/traced_ports.hpp"

namespace container_agent::runtime {

void traced_source::read(handler on_result) {
  on_result_ = std::move(on_result);
  real_().read([this](const result& found) {
    if (found.size() > 0)
      events_.bytes_moved(port_, false, found.size());
    // It may ask for the next read from within.
    std::exchange(on_result_, {})(found);
  });
}

void traced_sink::write(bytes data) {
  events_.bytes_moved(port_, true, data.size());
  real_().write(std::move(data));
}

void traced_sink::on_drained(notification notify) {
  real_().on_drained(std::move(notify));
}

void traced_host_sink::write(bytes data) {
  events_.bytes_moved(trace_port::host_output, true, data.size());
  real_.write(std::move(data));
}

void traced_host_sink::on_drained(notification notify) {
  real_.on_drained(std::move(notify));
}

traced_child_process::traced_child_process(child_process& real, tracer& events)
  : real_{real},
    input_{[&real]() -> byte_sink& { return real.input(); }, events,
           trace_port::claude_stdin},
    output_{[&real]() -> byte_source& { return real.output(); }, events,
            trace_port::claude_stdout},
    error_output_{[&real]() -> byte_source& { return real.error_output(); },
                  events, trace_port::claude_stderr} {}

std::optional<control_port::request> traced_control::next() {
  auto result = real_.next();
  if (result)
    events_.bytes_moved(trace_port::control, false, result->line.size());
  return result;
}

void traced_control::answer(std::uint64_t id, std::string_view line) {
  events_.bytes_moved(trace_port::control, true, line.size());
  real_.answer(id, line);
}

} // namespace container_agent::runtime
