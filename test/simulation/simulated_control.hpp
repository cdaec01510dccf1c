#pragma once

#include "actors/core/ports.hpp"
#include "test/simulation/run_context.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace container_agent::simulation {

/// The control socket. Clients ask one line each and wait for the answer; some
/// leave before it has come.
class simulated_control final : public control_port {
public:
  explicit simulated_control(run_context& run)
    : run_{run}, dice_{run.dice.branch()} {}

  // -- the clients' side ------------------------------------------------------

  /// A client connects and asks this.
  void ask(std::string line);

  /// A client asks for the status again and again.
  void watch(time_span interval);

  /// How often the supervisor has failed so far: a request may be the cause.
  std::function<std::uint64_t()> supervisor_failures;

  /// Whether a shutdown has begun: then Claude is not started again.
  std::function<bool()> stopping;

  /// Called with a status document that a client has read.
  std::function<void(std::string_view document)> on_status;

  /// Their connections end with it, and there are none until the next one.
  void agent_died() { open_.clear(); }

  /// From now on clients wait for their answers.
  void behave() { patient_ = true; }

  /// Nobody waits for an answer.
  bool quiet() const { return open_.empty(); }

  // -- the agent's side -------------------------------------------------------

  std::optional<request> next() override;
  void answer(std::uint64_t id, std::string_view line) override;
  void take_back() override;
  std::size_t connections() const override { return open_.size(); }
  void on_request(notification notify) override { notify_ = std::move(notify); }

private:
  struct client {
    request asks;
    bool waits = true; // for somebody to take it
    std::uint64_t failures_before = 0;
  };

  void judge(const client& who, std::string_view line);

  run_context& run_;
  chance dice_;
  notification notify_;
  bool patient_ = false;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, client> open_;
};

} // namespace container_agent::simulation
