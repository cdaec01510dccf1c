#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Style that a machine can check, checked as a test. Each rule is a function
/// from a file to what is wrong with it, so that its test can also show it a
/// bad file that it must refuse.
namespace container_agent::test {

/// What a rule has found, each a sentence that begins with the place. Empty:
/// all is well.
using complaints = std::vector<std::string>;

/// A file of the project. `path` is relative to the project's root.
struct source_file {
  std::string path;
  std::string text;
};

/// All files under `folders` (or the files themselves) with one of the
/// `endings`, by path. What npm has installed is left out.
std::vector<source_file>
project_files(std::initializer_list<std::string_view> folders,
              std::initializer_list<std::string_view> endings);

/// All our C++.
std::vector<source_file> cpp_files();

/// The documents at the top level, and docs/.
std::vector<source_file> documents();

/// Whether there is such a file or folder in the project.
bool exists_in_project(const std::string& path);

/// All that `rule` says of `files`.
template <class Rule>
complaints complaints_about(const std::vector<source_file>& files, Rule rule) {
  complaints result;
  for (const auto& file : files)
    for (auto& complaint : rule(file))
      result.push_back(std::move(complaint));
  return result;
}

/// The lines of a text, without their ends.
std::vector<std::string> lines_of(std::string_view text);

/// C++ with comments and the contents of literals blanked out, line by line as
/// it was. Includes keep their file names.
std::string code_of(std::string_view text);

} // namespace container_agent::test
