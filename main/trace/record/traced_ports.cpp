#include "main/trace/record/traced_ports.hpp"

namespace container_agent::runtime {

void traced_source::read(handler on_result) {
  on_result_ = std::move(on_result);
  real_().read([this](const result& found) {
    if (!found.data.empty())
      events_.bytes_moved(port_, false, found.data.size());
    // It may ask for the next read from within.
    std::exchange(on_result_, {})(found);
  });
}

void traced_inlet::move(handler on_result) {
  on_result_ = std::move(on_result);
  real_().move([this](const result& found) {
    if (found.moved > 0)
      events_.bytes_moved(port_, false, found.moved);
    // It may ask for the next move from within.
    std::exchange(on_result_, {})(found);
  });
}

void position_watch::moved_to(std::uint64_t position) {
  if (position > known_)
    events_.bytes_moved(port_, true, position - known_);
  known_ = position;
}

void traced_outlet::let_go(std::uint64_t limit) {
  real_().let_go(limit);
  watch_.moved_to(position());
}

void traced_outlet::on_moved(notification notify) {
  real_().on_moved([this, notify = std::move(notify)] {
    watch_.moved_to(position());
    if (notify)
      notify();
  });
}

void traced_host_outlet::let_go(std::uint64_t limit) {
  real_.let_go(limit);
  watch_.moved_to(position());
}

void traced_host_outlet::on_moved(notification notify) {
  real_.on_moved([this, notify = std::move(notify)] {
    watch_.moved_to(position());
    if (notify)
      notify();
  });
}

std::size_t traced_host_outlet::drop_reply() {
  watch_.moved_to(position());
  auto dropped = real_.drop_reply();
  watch_.begin_at(position());
  return dropped;
}

traced_child_process::traced_child_process(child_process& real, tracer& events)
  : real_{real},
    input_{[&real]() -> outlet& { return real.input(); }, events,
           trace_port::claude_stdin},
    output_{[&real]() -> inlet& { return real.output(); }, events,
            trace_port::claude_stdout},
    error_output_{[&real]() -> byte_source& { return real.error_output(); },
                  events, trace_port::claude_stderr} {}

child_process::launch_result
traced_child_process::launch(const child_command& command,
                             std::uint64_t input_from) {
  auto result = real_.launch(command, input_from);
  if (result.pid != 0)
    input_.begin();
  return result;
}

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
