#include "main/cli/restart_rule.hpp"

#include "main/cli/value_text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace container_agent {

namespace {

using types = std::vector<std::string_view>;

/// An actor, and the types that leave an agent which still does its work: one
/// that is not started again must be one that can be done without, or whose end
/// ends the agent.
struct actor_types {
  std::string_view actor;
  bool may_be_missing;
};

constexpr std::array known{
  actor_types{"claude_process", true},
  actor_types{"control", true},
  actor_types{"conversation", false},
  actor_types{"health_monitor", false}, // `health` and `status` ask it
  actor_types{"pipe_input", false},
  actor_types{"pipe_output", false},
  actor_types{"shutdown_coordinator", false},
};

const actor_types* find_actor(std::string_view name) {
  auto found = std::find_if(known.begin(), known.end(),
                            [&](const auto& a) { return a.actor == name; });
  return found == known.end() ? nullptr : &*found;
}

restart_rule_error unknown_actor(std::string_view name) {
  std::string all;
  for (const auto& a : known)
    all += (all.empty() ? "" : ", ") + std::string{a.actor};
  return {in_quotes(name) + " is none of the agent's actors",
          "They are " + all + '.'};
}

std::optional<restart_type> type_of(std::string_view word) {
  if (word == "permanent")
    return restart_type::permanent;
  if (word == "transient")
    return restart_type::transient;
  if (word == "temporary")
    return restart_type::temporary;
  return std::nullopt;
}

template <class T>
bool take(std::optional<T>& into, std::optional<T> value) {
  into = value;
  return value.has_value();
}

bool set(restart_rule& rule, std::string_view key, std::string_view value) {
  if (key == "max")
    return take(rule.max_restarts, parse_count(value));
  if (key == "window")
    return take(rule.window, parse_duration(value)) && rule.window->count() > 0;
  if (key == "delay")
    return take(rule.delay, parse_duration(value));
  if (key == "delay-max")
    return take(rule.delay_max, parse_duration(value));
  if (key == "jitter")
    return take(rule.jitter, parse_part(value));
  return false;
}

/// The text up to the next `separator`, which is taken away with it.
std::string_view cut(std::string_view& text, char separator) {
  auto end = std::min(text.find(separator), text.size());
  auto result = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return result;
}

} // namespace

std::variant<restart_rule, restart_rule_error>
parse_restart_rule(std::string_view text) {
  restart_rule rule;
  auto name = cut(text, '=');
  const auto* actor = find_actor(name);
  if (actor == nullptr)
    return unknown_actor(name);
  rule.actor = name;
  auto word = cut(text, ',');
  auto type = type_of(word);
  if (!type)
    return restart_rule_error{in_quotes(word) + " is no type of restart",
                              "Write permanent, transient or temporary."};
  if (*type == restart_type::temporary && !actor->may_be_missing)
    return restart_rule_error{
      std::string{name} + " can't be temporary: nothing works without it",
      "Only claude_process (then the agent ends with it) and control can."};
  rule.type = *type;
  while (!text.empty()) {
    auto pair = cut(text, ',');
    auto value = pair;
    auto key = cut(value, '=');
    if (!set(rule, key, value))
      return restart_rule_error{
        in_quotes(pair) + " says nothing about restarts",
        "Write max=N, window=TIME, delay=TIME, delay-max=TIME, jitter=PART "
        "(0 to 1)."};
  }
  return rule;
}

restart_policy_config apply(const restart_rule& rule,
                            restart_policy_config policy) {
  if (rule.max_restarts)
    policy.max_restarts = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(*rule.max_restarts, UINT32_MAX));
  policy.window = rule.window.value_or(policy.window);
  policy.first_delay = rule.delay.value_or(policy.first_delay);
  policy.max_delay
    = rule.delay_max.value_or(std::max(policy.max_delay, policy.first_delay));
  policy.jitter = rule.jitter.value_or(policy.jitter);
  return policy;
}

} // namespace container_agent
