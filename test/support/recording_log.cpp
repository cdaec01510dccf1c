#include "test/support/recording_log.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

namespace container_agent::test {

std::size_t recording_log::count(std::string_view event) const {
  return static_cast<std::size_t>(
    std::count_if(records.begin(), records.end(),
                  [&](const record& r) { return r.event == event; }));
}

const recording_log::record* recording_log::last(std::string_view event) const {
  auto i = std::find_if(records.rbegin(), records.rend(),
                        [&](const record& r) { return r.event == event; });
  return i == records.rend() ? nullptr : &*i;
}

std::string recording_log::field(std::string_view event,
                                 const std::string& name) const {
  const auto* r = last(event);
  if (r == nullptr)
    return {};
  auto i = r->fields.find(name);
  return i == r->fields.end() ? std::string{} : i->second;
}

void recording_log::write(log_level level, std::string_view logger,
                          std::string_view event,
                          std::initializer_list<log_field> fields) {
  record r{level, std::string{logger}, std::string{event}, {}};
  for (const auto& field : fields)
    r.fields[std::string{field.name}] = std::visit(
      [](const auto& value) -> std::string {
        using type = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<type, std::string_view>)
          return std::string{value};
        else if constexpr (std::is_same_v<type, bool>)
          return value ? "true" : "false";
        else
          return std::to_string(value);
      },
      field.value);
  records.push_back(std::move(r));
}

} // namespace container_agent::test
