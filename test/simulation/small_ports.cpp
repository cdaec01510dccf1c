#include "test/simulation/small_ports.hpp"

#include <algorithm>
#include <type_traits>
#include <variant>

namespace container_agent::simulation {

namespace {

std::string text_of(const log_field& field) {
  return std::string{field.name} + '='
         + std::visit(
           [](const auto& value) -> std::string {
             if constexpr (std::is_same_v<std::decay_t<decltype(value)>,
                                          std::string_view>)
               return std::string{value};
             else
               return std::to_string(value);
           },
           field.value);
}

bool waits(std::initializer_list<log_field> fields) {
  return std::any_of(fields.begin(), fields.end(), [](const log_field& f) {
    return f.name == "waits" && std::get<bool>(f.value);
  });
}

} // namespace

std::uint64_t agent_log::count(const std::string& event) const {
  auto i = counts_.find(event);
  return i == counts_.end() ? 0 : i->second;
}

bool agent_log::gave_up(std::string_view actor) const {
  return actor.empty() ? !given_up_.empty() : given_up_.contains(actor);
}

void agent_log::write(log_level, std::string_view logger,
                      std::string_view event,
                      std::initializer_list<log_field> fields) {
  auto i = counts_.find(event);
  if (i == counts_.end())
    i = counts_.emplace(event, 0).first;
  ++i->second;
  auto actor = [&fields] {
    return std::string{std::get<std::string_view>(fields.begin()->value)};
  };
  if (event == "gave_up" && !waits(fields))
    given_up_.insert(actor());
  if (event == "gave_up" && waits(fields))
    awaited_.insert(actor());
  if (event == "actor_started")
    awaited_.erase(actor());
  if (event == "supervisor_gave_up") {
    given_up_.insert("supervisor");
    run_.faults.spare_supervisor(); // the last one has no successor
  }
  auto gives_up = event == "gave_up" || event == "supervisor_gave_up";
  run_.hurried = run_.hurried || gives_up;
  run_.closing = run_.closing || gives_up || event == "shutdown_requested";
  run_.tell("log", [&] {
    auto text = std::string{logger} + ' ' + std::string{event};
    for (const auto& field : fields)
      text += ' ' + text_of(field);
    return text;
  });
}

} // namespace container_agent::simulation
