#pragma once

#include <nlohmann/json.hpp>

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
    int results = 0; ///< a `result` that names it
    int failed = 0;
    int rejected = 0;

    int ends() const { return results + failed + rejected; }
  };

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
        ++entries_[uuid.get<std::string>()].results;
      return;
    }
    if (type != "container_agent")
      return;
    auto& e = entries_[record.value("uuid", "")];
    auto subtype = record.value("subtype", "");
    e.accepted += subtype == "accepted" ? 1 : 0;
    e.failed += subtype == "failed" ? 1 : 0;
    e.rejected += subtype == "rejected" ? 1 : 0;
  }

  const entry& of(const std::string& uuid) { return entries_[uuid]; }

  /// How many of these have come to an end.
  std::size_t ended(const std::vector<std::string>& uuids) {
    std::size_t count = 0;
    for (const auto& uuid : uuids)
      count += entries_[uuid].ends() > 0 ? 1 : 0;
    return count;
  }

  const std::vector<std::string>& torn() const { return torn_; }

private:
  std::map<std::string, entry> entries_;
  std::vector<std::string> torn_;
};

} // namespace container_agent::test
