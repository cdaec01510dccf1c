#include "test/simulation/simulated_control.hpp"

#include "actors/control/control.hpp"

#include <utility>

namespace container_agent::simulation {

namespace {

constexpr std::string_view status_request = R"({"command":"status"})";

} // namespace

void simulated_control::ask(std::string line) {
  run_.tell("client", [&] { return "asks " + line; });
  auto id = ++last_;
  open_[id] = {{id, std::move(line), 0, 4711}, true, supervisor_failures()};
  run_.calendar.soon([this] {
    if (notify_)
      notify_();
  });
  if (!patient_ && dice_.one_in(4))
    run_.calendar.after(dice_.up_to(time_span{1'000'000}), [this, id] {
      if (open_.erase(id) > 0)
        run_.tell("client", [] { return std::string{"leaves"}; });
    });
}

std::optional<control_port::request> simulated_control::next() {
  run_.faults.at_port("next request");
  for (auto& [id, who] : open_)
    if (std::exchange(who.waits, false)) {
      ++who.asks.attempt;
      return who.asks;
    }
  return std::nullopt;
}

void simulated_control::answer(std::uint64_t id, std::string_view line) {
  run_.faults.at_port("answer a client");
  run_.tell("client", [&] { return "reads " + std::string{line}; });
  if (id == 0 || id > last_)
    return run_.violate("a client is answered that has not asked");
  auto i = open_.find(id);
  if (i == open_.end())
    return; // it has left
  judge(i->second, line);
  open_.erase(i);
}

void simulated_control::take_back() {
  for (auto& [id, who] : open_)
    who.waits = true;
}

void simulated_control::watch(time_span interval) {
  run_.calendar.after(interval, [this, interval] {
    if (quiet() && notify_)
      ask(std::string{status_request});
    watch(interval);
  });
}

void simulated_control::judge(const client& who, std::string_view line) {
  const auto& asked = who.asks;
  auto is_command
    = asked.line.find("\"command\":\"restart_claude\"") != std::string::npos
      || asked.line.find("\"command\":\"status\"") != std::string::npos;
  auto says = [line](std::string_view text) {
    return line.find(text) != std::string_view::npos;
  };
  auto ok = line.starts_with(R"({"ok":true)")
            || (stopping() && says("is stopping"))
            || says("once the host has read"); // a kept one's end
  auto attempts = asked.attempt + supervisor_failures() - who.failures_before;
  if (asked.line == status_request && line.starts_with(R"({"ok":true)"))
    on_status(line);
  auto fits = is_command ? ok || attempts > control::max_attempts : !ok;
  if (!fits)
    run_.violate("a client that asks " + asked.line
                 + " is answered: " + std::string{line});
}

} // namespace container_agent::simulation
