#pragma once

#include <set>
#include <string>
#include <vector>

namespace container_agent::test {

/// A file that the build has made: "container-agent.1".
std::string manual_file(const std::string& name);

/// What a program writes to stdout. It must end with 0 within the usual
/// patience and complain of nothing: else the test fails, and says what to
/// install if the program is not there.
std::string output_of(const std::vector<std::string>& argv);

/// What a shell offers for the last of these words, which may be empty.
using words = std::vector<std::string>;
std::set<std::string> bash_offers(const words& line);
std::set<std::string> zsh_offers(const words& line);
std::set<std::string> fish_offers(const words& line);

} // namespace container_agent::test
