#include "test/manual/shells.hpp"

#include "test/support/subprocess.hpp"
#include "test/support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace container_agent::test {

namespace {

const std::string scripts = PROJECT_SOURCE_ROOT "/test/manual/";

/// The lines, each up to its TAB: fish has an explanation behind it.
std::set<std::string> offers_in(const std::string& text) {
  std::set<std::string> result;
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);)
    result.insert(line.substr(0, line.find('\t')));
  return result;
}

std::string as_line(const words& line) {
  std::string result;
  for (const auto& word : line)
    result += (result.empty() ? "" : " ") + word;
  return result;
}

} // namespace

std::string manual_file(const std::string& name) {
  return MANUAL_FOLDER "/" + name;
}

std::string output_of(const std::vector<std::string>& argv) {
  temp_dir home;
  subprocess program{{.argv = argv,
                      .env = {{"HOME", home.path().string()},
                              {"LC_ALL", "C.UTF-8"},
                              {"TERM", "dumb"}},
                      .cwd = PROJECT_SOURCE_ROOT}};
  auto end = program.wait_exit();
  constexpr int no_such_program = 127;
  EXPECT_NE(end.code, no_such_program)
    << argv.front() << " is missing: run 'make deps'";
  EXPECT_EQ(end, (exit_status{0, 0})) << argv.front();
  EXPECT_EQ(program.stderr_text(), "");
  return program.stdout_text();
}

std::set<std::string> bash_offers(const words& line) {
  words argv{"bash", scripts + "candidates.bash",
             manual_file("container-agent")};
  argv.insert(argv.end(), line.begin(), line.end());
  return offers_in(output_of(argv));
}

std::set<std::string> zsh_offers(const words& line) {
  temp_dir scratch;
  return offers_in(
    output_of({"zsh", "-f", scripts + "candidates.zsh", MANUAL_FOLDER,
               scratch.path().string(), as_line(line)}));
}

std::set<std::string> fish_offers(const words& line) {
  return offers_in(output_of(
    {"fish", "--no-config", "-c", "source $argv[1]; complete -C $argv[2]",
     manual_file("container-agent.fish"), as_line(line)}));
}

} // namespace container_agent::test
