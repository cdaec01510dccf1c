#pragma once

#include "actors/core/ports.hpp"
#include "main/trace/record/tracer.hpp"

#include <functional>
#include <optional>
#include <utility>

/// Ports that tell the tracer of the bytes that pass. Without tracing nobody
/// stands between an actor and its port.
namespace container_agent::runtime {

/// A child's ends belong to its launch: behind `real` may be another port each
/// time.
template <class Port>
using real_port = std::function<Port&()>;

class traced_source final : public byte_source {
public:
  traced_source(real_port<byte_source> real, tracer& events, trace_port port)
    : real_{std::move(real)}, events_{events}, port_{port} {}

  void read(handler on_result) override;
  void cancel() override { real_().cancel(); }

private:
  real_port<byte_source> real_;
  tracer& events_;
  trace_port port_;
  handler on_result_; // of the one read that may be outstanding
};

class traced_inlet final : public inlet {
public:
  traced_inlet(real_port<inlet> real, tracer& events, trace_port port)
    : real_{std::move(real)}, events_{events}, port_{port} {}

  void move(handler on_result) override;
  void cancel() override { real_().cancel(); }
  std::size_t unread() const override { return real_().unread(); }
  void report_end(bool on) override { real_().report_end(on); }

private:
  real_port<inlet> real_;
  tracer& events_;
  trace_port port_;
  handler on_result_; // of the one move that may be outstanding
};

/// Tells how far an outlet's position has come since it was looked at last.
class position_watch {
public:
  position_watch(tracer& events, trace_port port, std::uint64_t position)
    : events_{events}, port_{port}, known_{position} {}

  void moved_to(std::uint64_t position);

  /// Bytes were passed over, or another outlet begins here: nothing has moved.
  void begin_at(std::uint64_t position) { known_ = position; }

private:
  tracer& events_;
  trace_port port_;
  std::uint64_t known_;
};

class traced_outlet final : public outlet {
public:
  traced_outlet(real_port<outlet> real, tracer& events, trace_port port)
    : real_{std::move(real)}, watch_{events, port, 0} {}

  /// The real outlet is another one now.
  void begin() { watch_.begin_at(real_().position()); }

  void let_go(std::uint64_t limit) override;
  std::uint64_t position() const override { return real_().position(); }
  void on_moved(notification notify) override;
  std::error_code error() const override { return real_().error(); }

private:
  real_port<outlet> real_;
  position_watch watch_;
};

class traced_host_outlet final : public host_outlet {
public:
  traced_host_outlet(host_outlet& real, tracer& events)
    : real_{real}, watch_{events, trace_port::host_output, real.position()} {}

  void let_go(std::uint64_t limit) override;
  std::uint64_t position() const override { return real_.position(); }
  void on_moved(notification notify) override;
  std::error_code error() const override { return real_.error(); }
  std::size_t unread() const override { return real_.unread(); }
  std::uint64_t replies_known() const override { return real_.replies_known(); }
  std::uint64_t replies_done() const override { return real_.replies_done(); }
  std::size_t drop_reply() override;

private:
  host_outlet& real_;
  position_watch watch_;
};

class traced_child_process final : public child_process {
public:
  traced_child_process(child_process& real, tracer& events);

  launch_result launch(const child_command& command,
                       std::uint64_t input_from) override;
  bool running() const override { return real_.running(); }
  std::int32_t pid() const override { return real_.pid(); }
  child_exit exit_status() const override { return real_.exit_status(); }
  outlet& input() override { return input_; }
  inlet& output() override { return output_; }
  byte_source& error_output() override { return error_output_; }
  void close_input() override { real_.close_input(); }
  std::error_code signal_group(int signal) override {
    return real_.signal_group(signal);
  }
  void kill_harder() override { real_.kill_harder(); }
  bool is_guest() const override { return real_.is_guest(); }
  void let_go() override { real_.let_go(); }
  void on_exit(notification notify) override {
    real_.on_exit(std::move(notify));
  }
  bool only_attaches() const override { return real_.only_attaches(); }
  void on_appeared(notification notify) override {
    real_.on_appeared(std::move(notify));
  }

private:
  child_process& real_;
  traced_outlet input_;
  traced_inlet output_;
  traced_source error_output_;
};

class traced_control final : public control_port {
public:
  traced_control(control_port& real, tracer& events)
    : real_{real}, events_{events} {}

  std::optional<request> next() override;
  void answer(std::uint64_t id, std::string_view line) override;
  void take_back() override { real_.take_back(); }
  std::size_t connections() const override { return real_.connections(); }
  void on_request(notification notify) override {
    real_.on_request(std::move(notify));
  }

private:
  control_port& real_;
  tracer& events_;
};

/// What stands between an agent's actors and its real ports.
struct traced_ports {
  traced_inlet input;
  traced_child_process process;
  traced_host_outlet output;
  std::optional<traced_control> control; ///< once there is a socket

  traced_ports(inlet& real_input, child_process& real_process,
               host_outlet& real_output, tracer& events)
    : input{[&real_input]() -> inlet& { return real_input; }, events,
            trace_port::host_input},
      process{real_process, events},
      output{real_output, events} {}
};

} // namespace container_agent::runtime
