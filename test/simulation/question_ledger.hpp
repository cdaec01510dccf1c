#pragma once

#include "test/simulation/chance.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace container_agent::simulation {

/// What Claude asks of the host (permissions, hooks), and which of it an agent
/// has to list as open. The agent hears of everything at some time between the
/// one that writes it and the one that reads it, so there are two bounds: what
/// must be listed, and what may be.
class question_ledger {
public:
  /// The agent may deny what is older than this; 0: nothing.
  /// `rereads`: agents may die, and the next one reads once more what the host
  /// has not.
  question_ledger(time_span patience, bool rereads)
    : patience_{patience}, rereads_{rereads} {}

  // -- Claude -----------------------------------------------------------------

  void launched();
  void ended() { alive_ = false; }

  /// It has written a question.
  void asked(const std::string& id, time_span now);

  /// It does not wait for the answer any more, and says so.
  void withdrawn(const std::string& id) { answers(id); }

  /// It has read something, so the agent knows that the one before is gone; and
  /// that was the answer to this question.
  void reads();
  void got_answer(const std::string& id);

  // -- the host ---------------------------------------------------------------

  /// It has read the question, writes an answer, reads that none is wanted
  /// (Claude says that, or the agent), or that Claude has got one.
  void shown(const std::string& id, time_span now);
  void answers(const std::string& id);
  void taken_back_by_claude(const std::string& id) { open_.erase(id); }
  void echoed(const std::string& id) { open_.erase(id); }
  void taken_back_by_agent(const std::string& id);

  // -- what is wrong ----------------------------------------------------------

  /// Questions that were shown by then and wait for the host still.
  std::set<std::string> waiting(time_span shown_by, time_span now) const;

  /// What is wrong with this list, in words; empty if nothing.
  std::string fault_of(const std::vector<std::string>& listed,
                       time_span now) const;

  bool empty() const { return open_.empty(); }

private:
  struct question {
    unsigned asker = 0;
    time_span since{0};
    time_span shown{-1};
    bool answered = false;
  };

  bool is_running_ones(const question& q) const {
    return alive_ && q.asker == claudes_;
  }

  bool is_known_to_all(const question& q) const {
    return !rereads_ || q.shown.count() >= 0;
  }

  time_span patience_;
  bool rereads_;
  unsigned claudes_ = 0;
  bool alive_ = false;
  std::map<std::string, question> open_;
};

} // namespace container_agent::simulation
