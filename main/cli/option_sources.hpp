#pragma once

#include "main/cli/command_line.hpp"
#include "main/cli/option_table.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace container_agent {

/// A mistake in what the user wrote. Leaves `parse_options` as an `early_exit`.
struct option_error {
  std::string where; ///< "--max-queue", "CONTAINER_AGENT_MAX_QUEUE", "a.toml:3"
  std::string what;
  std::string advice; ///< what to do
};

/// What the three sources say about each option, the one that counts only, and
/// its reading into a type. Everything here throws `option_error`.
class option_sources {
public:
  /// Takes what is on the command line, then, where that says nothing, what is
  /// in the environment, then what is in the file that these two name. An empty
  /// variable counts as none, as is usual in Compose files.
  option_sources(command_line line,
                 const std::vector<std::string>& environment);

  /// Whether the user said anything about it.
  bool has(std::string_view name) const { return given_.contains(name); }

  /// The source of the user's value; "--name" if there is none.
  std::string where(std::string_view name) const;

  // These leave the target as it is if the user said nothing.

  void read(std::string_view name, std::string& target) const;
  void read(std::string_view name, std::vector<std::string>& target) const;
  void read(std::string_view name, bool& target) const;

  void read_permissions(std::string_view name, std::uint32_t& target) const;

  void read_count(std::string_view name, std::uint64_t least,
                  std::uint64_t most, std::uint64_t& target) const;

  void read_size(std::string_view name, std::uint64_t least, std::uint64_t most,
                 std::uint64_t& target) const;

  void read_duration(std::string_view name, std::chrono::milliseconds least,
                     std::chrono::milliseconds most,
                     std::chrono::milliseconds& target) const;

  /// A part of a whole, from 0 to 1.
  void read_part(std::string_view name, double& target) const;

  template <class T>
  void read_choice(std::string_view name,
                   const std::vector<std::pair<std::string_view, T>>& choices,
                   T& target) const {
    std::vector<std::string_view> words;
    for (const auto& choice : choices)
      words.push_back(choice.first);
    auto index = choose(name, words);
    if (index < choices.size())
      target = choices[index].second;
  }

  const std::vector<std::string>& warnings() const { return warnings_; }

private:
  struct given {
    std::vector<std::string> values;
    std::string where;
  };

  void take_environment(const std::vector<std::string>& environment);
  void take_file(const std::string& path);
  const std::string* value(std::string_view name) const;
  std::size_t choose(std::string_view name,
                     const std::vector<std::string_view>& words) const;

  std::map<std::string_view, given> given_;
  std::vector<std::string> warnings_;
};

} // namespace container_agent
