#pragma once

#include "test/support/actor_ports.hpp"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <utility>

/// Fakes of the ports for health and control, as those in actor_ports.hpp.
namespace container_agent::test {

/// Clients ask when a test says so; requests wait until they are taken, answers
/// are kept.
class fake_control_port : public control_port {
public:
  explicit fake_control_port(port_events& events) : events_{events} {}

  std::map<std::uint64_t, std::string> answers;

  std::uint64_t give(std::string line) {
    auto id = ++last_;
    open_[id] = {id, std::move(line), 0, 4711};
    waiting_[id] = true;
    events_.post([this] {
      if (notify_)
        notify_();
    });
    return id;
  }

  std::optional<request> next() override {
    for (auto& [id, waits] : waiting_)
      if (std::exchange(waits, false)) {
        ++open_[id].attempt;
        return open_[id];
      }
    return std::nullopt;
  }

  void answer(std::uint64_t id, std::string_view line) override {
    EXPECT_FALSE(answers.contains(id)) << "answered twice";
    answers[id] = line;
    open_.erase(id);
    waiting_.erase(id);
  }

  void take_back() override {
    for (auto& [id, waits] : waiting_)
      waits = true;
  }

  std::size_t connections() const override { return open_.size(); }

  void on_request(notification notify) override { notify_ = std::move(notify); }

private:
  port_events& events_;
  notification notify_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, request> open_;
  std::map<std::uint64_t, bool> waiting_;
};

/// Knows of the processes that a test has put into `others`, and of itself.
class fake_probe : public process_probe {
public:
  std::map<std::int32_t, process_usage> others;

  process_usage own() override {
    return {1, 8'000'000, std::chrono::milliseconds{5}};
  }

  std::optional<process_usage> of(std::int32_t pid) override {
    auto found = others.find(pid);
    return found == others.end() ? std::nullopt : std::optional{found->second};
  }
};

} // namespace container_agent::test
