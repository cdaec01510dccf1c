#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace container_agent::simulation {

/// The host's control requests: what became of each, and what Claude must have
/// been told before it is sent a prompt. Worked out from the pipes alone: what
/// the host has written and read, and what Claude has read.
class request_ledger {
public:
  // -- the host ---------------------------------------------------------------

  /// It writes a request that sets this value of a thing.
  void wrote_setting(const std::string& id, const std::string& thing,
                     const std::string& value);

  /// The agent has read a request of its, perhaps once more.
  void delivered(const std::string& id);

  /// It has read Claude's answer.
  void answered(const std::string& id, bool success);

  /// It was told that there will be none. False if it does not wait for one.
  bool lost(const std::string& id);

  // -- Claude -----------------------------------------------------------------

  /// Another one begins, and knows nothing.
  void launched();

  /// It has taken this value, whoever wanted it, or refuses any.
  void took(const std::string& thing, const std::string& value) {
    values_[thing] = value;
  }
  void refused(const std::string& thing) { refused_.insert(thing); }

  /// It will not answer this one, and lives on; or none at all.
  void ignores(const std::string& id) { ignored_.insert(id); }
  void hears_nothing() { deaf_ = true; }

  void ended();

  // -- the agent --------------------------------------------------------------

  /// It gives a request to Claude, or has told that it is lost.
  void dealt_with(const std::string& id) { dealt_with_.insert(id); }

  /// It has died, and what it knew of requests, too; the next one deals with
  /// these once more. Returns one that is lost; empty if none is.
  std::string forget(const std::set<std::string>& again);

  // -- what is wrong ----------------------------------------------------------

  /// What the Claude that runs lacks of what the host has set, in words; empty
  /// if nothing.
  std::string lacking() const;

  /// A request that was neither answered nor told as lost; empty if none.
  std::string owed() const;

private:
  void may_be_set(const std::string& id);

  struct setting {
    std::string id;
    std::optional<std::string> value; // nothing: as Claude was launched
  };

  // For each thing: the setting that Claude has acknowledged to the host, and
  // what the host has written since.
  std::map<std::string, std::deque<setting>> settings_;
  std::map<std::string, std::string> things_;         // of requests, by id
  std::map<std::string, std::string> values_written_; // likewise
  std::set<std::string> open_;
  std::set<std::string> dealt_with_;
  std::set<std::string> twice_; // and may have been answered both ways

  // of the Claude that runs
  std::map<std::string, std::string> values_;
  std::set<std::string> refused_;
  std::set<std::string> ignored_;
  bool deaf_ = false;
};

/// What a request says, whoever sends it: all members up to the first `}`.
std::string request_text(std::string_view line);

} // namespace container_agent::simulation
