#include "test/simulation/question_ledger.hpp"

#include <algorithm>

namespace container_agent::simulation {

void question_ledger::launched() {
  ++claudes_;
  alive_ = true;
}

void question_ledger::asked(const std::string& id, time_span now) {
  open_[id] = {claudes_, now};
}

void question_ledger::reads() {
  std::erase_if(open_, [this](const auto& q) {
    return q.second.asker < claudes_ && is_known_to_all(q.second);
  });
}

// One that an agent has denied before the host has read it, the next one reads
// once more, and then Claude's echo.
void question_ledger::got_answer(const std::string& id) {
  if (auto i = open_.find(id); i != open_.end() && is_known_to_all(i->second))
    open_.erase(i);
}

void question_ledger::shown(const std::string& id, time_span now) {
  if (auto i = open_.find(id); i != open_.end())
    i->second.shown = now;
}

void question_ledger::answers(const std::string& id) {
  if (auto i = open_.find(id); i != open_.end())
    i->second.answered = true;
}

// If Claude is dead, the next agent may know only what was asked.
void question_ledger::taken_back_by_agent(const std::string& id) {
  auto i = open_.find(id);
  if (i != open_.end() && is_running_ones(i->second)
      && is_known_to_all(i->second))
    open_.erase(i);
}

std::set<std::string> question_ledger::waiting(time_span shown_by,
                                               time_span now) const {
  std::set<std::string> result;
  for (const auto& [id, q] : open_)
    if (is_running_ones(q) && q.shown.count() >= 0 && q.shown <= shown_by
        && !q.answered && (patience_.count() == 0 || now - q.since < patience_))
      result.insert(id);
  return result;
}

std::string question_ledger::fault_of(const std::vector<std::string>& listed,
                                      time_span now) const {
  for (const auto& id : listed)
    if (!open_.contains(id))
      return id + " is listed, and Claude does not wait for it";
  for (const auto& id : waiting(now, now))
    if (std::find(listed.begin(), listed.end(), id) == listed.end())
      return id + " is not listed, and Claude waits for it";
  return {};
}

} // namespace container_agent::simulation
