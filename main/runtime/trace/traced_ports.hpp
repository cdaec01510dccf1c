#pragma once

#include "actors/ports.hpp"
#include "main/runtime/trace/tracer.hpp"

#include <functional>
#include <optional>
#include <utility>

/// Ports that tell the tracer of the bytes that pass. Without tracing nobody
/// stands between an actor and its port.
namespace container_agent::runtime {

class traced_source final : public byte_source {
public:
  /// `real` may be another one each time: a child's ends belong to its launch.
  traced_source(std::function<byte_source&()> real, tracer& events,
                trace_port port)
    : real_{std::move(real)}, events_{events}, port_{port} {}

  void read(handler on_result) override;
  void cancel() override { real_().cancel(); }
  std::size_t unread() const override { return real_().unread(); }
  std::string trouble() const override { return real_().trouble(); }
  void report_end(bool on) override { real_().report_end(on); }

private:
  std::function<byte_source&()> real_;
  tracer& events_;
  trace_port port_;
  handler on_result_; // of the one read that may be outstanding
};

class traced_sink final : public byte_sink {
public:
  traced_sink(std::function<byte_sink&()> real, tracer& events, trace_port port)
    : real_{std::move(real)}, events_{events}, port_{port} {}

  void write(bytes data) override;
  std::size_t pending() const override { return real_().pending(); }
  void on_drained(notification notify) override;
  std::error_code error() const override { return real_().error(); }

private:
  std::function<byte_sink&()> real_;
  tracer& events_;
  trace_port port_;
};

class traced_host_sink final : public host_sink {
public:
  traced_host_sink(host_sink& real, tracer& events)
    : real_{real}, events_{events} {}

  void write(bytes data) override;
  std::size_t pending() const override { return real_.pending(); }
  void on_drained(notification notify) override;
  std::error_code error() const override { return real_.error(); }
  void end_reply() override { real_.end_reply(); }
  std::size_t drop_reply() override { return real_.drop_reply(); }
  std::size_t unread() const override { return real_.unread(); }
  void leave_out(const bytes& piece) override { real_.leave_out(piece); }
  std::uint64_t replies_done() const override { return real_.replies_done(); }

private:
  host_sink& real_;
  tracer& events_;
};

class traced_child_process final : public child_process {
public:
  traced_child_process(child_process& real, tracer& events);

  launch_result launch(const child_command& command) override {
    return real_.launch(command);
  }
  bool running() const override { return real_.running(); }
  std::int32_t pid() const override { return real_.pid(); }
  child_exit exit_status() const override { return real_.exit_status(); }
  byte_sink& input() override { return input_; }
  byte_source& output() override { return output_; }
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
  traced_sink input_;
  traced_source output_;
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
  traced_source input;
  traced_child_process process;
  traced_host_sink output;
  std::optional<traced_control> control; ///< once there is a socket

  traced_ports(byte_source& real_input, child_process& real_process,
               host_sink& real_output, tracer& events)
    : input{[&real_input]() -> byte_source& { return real_input; }, events,
            trace_port::host_input},
      process{real_process, events},
      output{real_output, events} {}
};

} // namespace container_agent::runtime
