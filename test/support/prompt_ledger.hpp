#pragma once

#include <nlohmann/json.hpp>

#include <csignal>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace container_agent::test {

/// What became of each prompt, from the lines that a host reads.
class prompt_ledger {
public:
  struct entry {
    int accepted = 0;
    int results = 0; ///< a `result` that names it, or what it goes on with
    int failed = 0;
    int rejected = 0;

    int ends() const { return results + failed + rejected; }
  };

  /// `child`: the Claude that is ready already, if one is.
  explicit prompt_ledger(pid_t child = 0) : child_pid_{child} {}

  /// Takes the next line of the output; lines that are no JSON count as torn.
  void take(const std::string& line) {
    auto record = nlohmann::json::parse(line, nullptr, false);
    if (!record.is_object()) {
      torn_.push_back(line);
      return;
    }
    auto type = record.value("type", "");
    if (type == "result") {
      for (const auto& uuid :
           record.value("user_message_uuids", nlohmann::json::array()))
        end(host_uuid(uuid.get<std::string>()), &entry::results);
      return;
    }
    if (type != "container_agent")
      return;
    auto uuid = record.value("uuid", "");
    auto subtype = record.value("subtype", "");
    if (subtype == "continued")
      continued_[record.value("continue_uuid", "")] = uuid;
    else if (subtype == "ready")
      child_pid_ = record.value("pid", 0);
    else if (subtype == "accepted")
      ++entries_[uuid].accepted;
    else if (subtype == "failed")
      end(uuid, &entry::failed);
    else if (subtype == "rejected")
      end(uuid, &entry::rejected);
  }

  const entry& of(const std::string& uuid) { return entries_[uuid]; }

  /// How many prompts have come to an end.
  std::size_t ends() const { return ends_; }

  /// How many prompts of the agent's own there were.
  std::size_t continued() const { return continued_.size(); }

  /// SIGKILL to the Claude that was ready last. False if it is gone, or none
  /// was ready yet: a signal to a number below 1 would go to many processes.
  bool kill_child() const {
    return child_pid_ > 1 && ::kill(child_pid_, SIGKILL) == 0;
  }

  const std::vector<std::string>& torn() const { return torn_; }

private:
  std::string host_uuid(const std::string& uuid) const {
    auto i = continued_.find(uuid);
    return i == continued_.end() ? uuid : i->second;
  }

  void end(const std::string& uuid, int entry::*how) {
    auto& e = entries_[uuid];
    ends_ += e.ends() == 0 ? 1 : 0;
    ++(e.*how);
  }

  pid_t child_pid_ = 0;
  std::size_t ends_ = 0;
  std::map<std::string, entry> entries_;
  std::map<std::string, std::string> continued_; // the agent's uuids: whose
  std::vector<std::string> torn_;
};

} // namespace container_agent::test
