#include "test/simulation/request_ledger.hpp"

#include <algorithm>
#include <utility>

namespace container_agent::simulation {

namespace {

// Without any other thing that was refused the agent goes on, and says so.
bool is_essential(std::string_view thing) {
  return thing == "set_permission_mode" || thing == "initialize";
}

} // namespace

void request_ledger::wrote_setting(const std::string& id,
                                   const std::string& thing,
                                   const std::string& value) {
  auto& all = settings_[thing];
  if (all.empty())
    all.push_back({{}, std::nullopt});
  all.push_back({id, value});
  things_[id] = thing;
  values_written_[id] = value;
}

void request_ledger::delivered(const std::string& id) {
  open_.insert(id);
  may_be_set(id);
}

// Whatever was said of it before.
void request_ledger::may_be_set(const std::string& id) {
  auto thing = things_.find(id);
  if (thing == things_.end())
    return;
  auto& all = settings_[thing->second];
  if (std::none_of(all.begin(), all.end(),
                   [&](const setting& s) { return s.id == id; }))
    all.push_back({id, values_written_[id]});
}

// Claude answers in the order in which it was asked: what was written before is
// no longer in force.
void request_ledger::answered(const std::string& id, bool success) {
  open_.erase(id);
  auto thing = things_.find(id);
  if (thing == things_.end())
    return;
  auto& all = settings_[thing->second];
  auto i = std::find_if(all.begin(), all.end(),
                        [&](const setting& s) { return s.id == id; });
  if (i == all.end())
    return;
  if (twice_.contains(id))
    return;
  if (success)
    all.erase(all.begin(), i);
  else if (i != all.begin())
    all.erase(i);
}

bool request_ledger::lost(const std::string& id) {
  auto was_open = open_.contains(id);
  answered(id, false); // also if an agent has died since
  return was_open;
}

std::string request_ledger::forget(const std::set<std::string>& again) {
  std::string lost;
  for (const auto& id : again) {
    may_be_set(id);
    if (dealt_with_.contains(id))
      twice_.insert(id);
  }
  std::erase_if(open_, [&](const auto& id) {
    if (!again.contains(id) && !dealt_with_.contains(id))
      lost = id;
    return !again.contains(id) || dealt_with_.contains(id);
  });
  return lost;
}

void request_ledger::launched() {
  values_.clear();
  refused_.clear();
  ended();
}

void request_ledger::ended() {
  ignored_.clear();
  deaf_ = false;
}

std::string request_ledger::lacking() const {
  for (const auto& [thing, all] : settings_) {
    auto twice = std::any_of(all.begin(), all.end(), [this](const auto& s) {
      return twice_.contains(s.id);
    });
    if (twice || (!is_essential(thing) && refused_.contains(thing)))
      continue;
    auto i = values_.find(thing);
    auto has = i == values_.end() ? std::nullopt : std::optional{i->second};
    if (std::none_of(all.begin(), all.end(),
                     [&](const setting& s) { return s.value == has; }))
      return thing + " is " + has.value_or("as it was launched")
             + ", and the host has set "
             + all.front().value.value_or(all.back().value.value_or(""));
  }
  return {};
}

std::string request_ledger::owed() const {
  if (!deaf_)
    for (const auto& id : open_)
      if (!ignored_.contains(id))
        return id;
  return {};
}

std::string request_text(std::string_view line) {
  constexpr std::string_view begin = R"("request":{)";
  auto at = line.find(begin);
  if (at == std::string_view::npos)
    return {};
  at += begin.size();
  return std::string{line.substr(at, line.find('}', at) - at)};
}

} // namespace container_agent::simulation
