#include "actors/memory/host_settings.hpp"

#include "messages/codec/input_message.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace container_agent {

namespace {

constexpr std::string_view initialize = "initialize";
constexpr std::string_view permission_mode = "set_permission_mode";
constexpr std::string_view variables = "update_environment_variables";

// Without the host's hooks, or in another permission mode, a prompt could do
// what the host has forbidden.
bool is_essential(std::string_view subtype) {
  return subtype == initialize || subtype == permission_mode;
}

template <class Entries>
auto find_id(Entries& entries, std::string_view id) {
  return std::find_if(entries.begin(), entries.end(), [id](const auto& e) {
    return e.message.request_id == id;
  });
}

} // namespace

void host_settings::recall(const std::vector<codec::host_setting>& kept) {
  for (const auto& message : kept)
    if (auto name = codec::setting_in(message.line))
      (message.acknowledged ? known_ : open_)
        .push_back({message, std::move(*name)});
}

std::vector<codec::host_setting> host_settings::all() const {
  std::vector<codec::host_setting> result;
  for (const auto* entries : {&known_, &pending_, &open_})
    for (const auto& e : *entries)
      if (!e.name.slot.empty())
        result.push_back(e.message);
  return result;
}

bool host_settings::sent(const std::string& id, const std::string& line) {
  auto name = codec::setting_in(line);
  if (!name)
    return false;
  if (name->subtype == variables) { // not always answered
    remember({{id, line, true}, std::move(*name)});
    return true;
  }
  auto sets_something = !name->slot.empty();
  open_.push_back(
    {{id, sets_something ? line : std::string{}, false}, std::move(*name)});
  if (open_.size() > max_open) {
    auto oldest = std::find_if(open_.begin(), open_.end(), [](const auto& e) {
      return e.name.slot.empty();
    });
    open_.erase(oldest == open_.end() ? open_.begin() : oldest);
  }
  return sets_something;
}

bool host_settings::answered(std::string_view id, bool success) {
  auto restored = std::find_if(awaited_.begin(), awaited_.end(),
                               [id](const auto& a) { return a.id == id; });
  if (restored != awaited_.end()) {
    settle(restored->subtype, success);
    awaited_.erase(restored);
  }
  auto i = find_id(open_, id);
  if (i == open_.end())
    return false;
  auto found = std::move(*i);
  auto behind = open_.erase(i);
  if (found.name.slot.empty())
    return false;
  if (success) {
    // This answer supersedes the host's earlier requests of the same kind.
    // Restored after this one in the next Claude, they would undo it.
    for (auto older = open_.begin(); older != behind; ++older)
      if (older->name.slot == found.name.slot) {
        older->name.slot.clear();
        older->message.line.clear();
      }
    std::erase(outcome_.refused, found.name.subtype);
    found.message.acknowledged = true;
    remember(std::move(found));
  }
  return true;
}

void host_settings::settle(std::string_view subtype, bool success) {
  if (subtype == initialize && success)
    outcome_.initialize = true;
  else if (!subtype.empty())
    (success ? outcome_.settings : outcome_.refused).emplace_back(subtype);
}

bool host_settings::mode_is(std::string_view mode) {
  for (const auto& e : known_)
    if (e.name.subtype == permission_mode && e.name.mode == mode)
      return false;
  auto line = codec::permission_mode_line(mode);
  auto name = codec::setting_in(line);
  remember({{{}, std::move(line), true}, std::move(*name)});
  return true;
}

// Keeps the order in which the host sent them: the newest comes last.
void host_settings::remember(entry setting) {
  std::erase_if(
    known_, [&](const auto& e) { return e.name.slot == setting.name.slot; });
  known_.push_back(std::move(setting));
  if (known_.size() <= max_known)
    return;
  ++forgotten_;
  known_.erase(std::find_if(known_.begin(), known_.end(), [](const auto& e) {
    return !is_essential(e.name.subtype);
  }));
}

void host_settings::cancelled(std::string_view id) {
  if (auto i = find_id(open_, id); i != open_.end() && i->name.slot.empty())
    open_.erase(i);
}

std::vector<host_settings::request> host_settings::end_child(bool for_good) {
  awaited_.clear();
  outcome_ = {};
  std::vector<request> lost;
  auto all = std::exchange(pending_, {});
  std::move(open_.begin(), open_.end(), std::back_inserter(all));
  open_.clear();
  for (auto& e : all) {
    if (!for_good && !e.name.slot.empty())
      pending_.push_back(std::move(e));
    else
      lost.push_back({e.message.request_id, e.name.subtype});
  }
  return lost;
}

std::string host_settings::initialize_line(std::string_view id) {
  initialize_.clear();
  for (const auto& e : known_)
    if (e.name.subtype == initialize)
      initialize_ = e.message.line;
  return initialize_.empty()
           ? initialize_
           : codec::with_member(initialize_, "request_id", id);
}

std::vector<std::string> host_settings::begin_restore(std::string_view id,
                                                      bool initialized) {
  std::vector<std::string> lines;
  awaited_.clear();
  outcome_ = {};
  for (const auto& e : known_) {
    // A Claude that was taken up may have acknowledged a later `initialize`,
    // which the one just sent has undone; that later one is then sent again.
    if (e.name.subtype == initialize && e.message.line == initialize_) {
      settle(initialize, initialized);
      continue;
    }
    auto own = std::string{id} + ':' + std::to_string(lines.size() + 1);
    lines.push_back(codec::with_member(e.message.line, "request_id", own));
    if (e.name.subtype == variables)
      settle(variables, true);
    else
      awaited_.push_back({std::move(own), e.name.subtype});
  }
  for (auto& e : std::exchange(pending_, {})) {
    lines.push_back(e.message.line);
    awaited_.push_back({e.message.request_id, {}});
    open_.push_back(std::move(e));
  }
  return lines;
}

std::vector<std::string> host_settings::unheard() const {
  std::vector<std::string> lines;
  for (const auto& e : open_)
    if (!e.name.slot.empty())
      lines.push_back(e.message.line);
  return lines;
}

void host_settings::stop_waiting() {
  for (const auto& a : std::exchange(awaited_, {}))
    settle(a.subtype, false);
}

std::string host_settings::blocked() const {
  for (const auto& subtype : outcome_.refused)
    if (is_essential(subtype))
      return "Claude did not take " + subtype
             + ", which the host had set: nothing is sent to it until the host "
               "sets it again or Claude is restarted";
  return {};
}

bool host_settings::may_unblock(std::string_view line) {
  auto name = codec::setting_in(line);
  return name && is_essential(name->subtype);
}

} // namespace container_agent
