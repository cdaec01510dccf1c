#pragma once

#include "main/cli/config_file.hpp"
#include "main/cli/option_table.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace container_agent {

/// Has CLI11 read what the three sources say into the table. CLI11 itself would
/// let the file win over the environment, so what the file says is appended to
/// the command line, for options that nobody has given before it.
class option_reader {
public:
  option_reader(option_table& table, int argc, const char* const* argv);

  /// Reads all of them. Throws `option_error`, and what CLI11 throws.
  void read();

  /// Has CLI11 look at all once more, after rules were added.
  void parse();

  /// What CLI11 says, with the source in place of the option.
  option_error explain(const CLI::ParseError& error) const;

  /// Everything after `--`.
  const std::vector<std::string>& passed_on() const { return passed_on_; }

  /// Variables CONTAINER_AGENT_… that are no option.
  std::vector<std::string> warnings() const;

private:
  void read_file();
  void add(const CLI::Option& option);
  CLI::Option* find(const std::string& name) const;
  std::vector<CLI::App*> apps() const;
  std::string where(const std::string& name) const;
  std::string named(const std::string& option) const;

  option_table& table_;
  std::vector<std::string> words_;
  std::vector<std::string> passed_on_;
  std::size_t on_line_ = 0; ///< so many of the words are the user's
  config_entries added_;    ///< what the file says, and lists in variables
};

} // namespace container_agent
