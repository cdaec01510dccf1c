#include "main/cli/options.hpp"
#include "main/manual/commands.hpp"
#include "main/manual/writers.hpp"
#include "messages/agent_version.hpp"

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>

/// Runs while the project is built, and is not installed:
///
///   manual_writer man|bash|zsh|fish TEMPLATE OUTPUT DATE
///
/// makes the man page, or a shell's completions, of a template and of the
/// tables that the program reads its command line with.

namespace {

using namespace container_agent;
using namespace container_agent::manual;

std::string read_template(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  if (!file || text.empty())
    throw std::runtime_error{path + " can't be read"};
  return text;
}

void write_result(const std::string& path, const std::string& text) {
  std::ofstream file{path, std::ios::binary | std::ios::trunc};
  file << text;
  file.close();
  if (!file)
    throw std::runtime_error{path + " can't be written"};
}

replacements parts(const std::string& kind, const std::string& date) {
  auto all = all_commands();
  if (kind == "bash")
    return bash_parts(all);
  if (kind == "zsh")
    return zsh_parts(all);
  if (kind == "fish")
    return fish_parts(all);
  if (kind != "man")
    throw std::runtime_error{kind + " is not man, bash, zsh or fish"};
  auto result = man_page_parts(all);
  result.emplace("DATE", date);
  result.emplace("VERSION", agent_version());
  return result;
}

} // namespace

int main(int argc, char** argv) {
  constexpr int words = 5;
  if (argc != words) {
    std::cerr << "usage: manual_writer man|bash|zsh|fish TEMPLATE OUTPUT "
                 "DATE\n";
    return EXIT_FAILURE;
  }
  try {
    write_result(argv[3],
                 fill(read_template(argv[2]), parts(argv[1], argv[4])));
  } catch (const std::exception& error) {
    std::cerr << "manual_writer: " << argv[2] << ": " << error.what() << '\n';
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
