#include "main/process/launch_failure.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <string_view>

namespace container_agent::runtime {

namespace {

// What a shell uses without a PATH.
constexpr std::string_view default_path = "/usr/local/bin:/usr/bin:/bin";

std::string path_of(const child_command& command) {
  constexpr std::string_view name = "PATH=";
  for (const auto& variable : command.environment)
    if (variable.starts_with(name))
      return variable.substr(name.size());
  return std::string{default_path};
}

std::string seen_from(const std::string& directory, const std::string& path) {
  if (path.starts_with('/') || directory.empty())
    return path;
  return directory + '/' + path;
}

// 0, or why the file can't be executed, as far as access(2) can tell.
int check_executable(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0)
    return errno;
  if (S_ISDIR(info.st_mode))
    return EISDIR;
  return ::access(path.c_str(), X_OK) == 0 ? 0 : errno;
}

std::error_code error_of(int number) {
  return {number, std::generic_category()};
}

// The interpreter in the first line of a script, or nothing.
std::string interpreter_of(const std::string& path) {
  // As much as the kernel reads.
  constexpr std::size_t longest_line = 256;
  std::string line(longest_line, '\0');
  std::ifstream file{path, std::ios::binary};
  file.read(line.data(), static_cast<std::streamsize>(line.size()));
  line.resize(static_cast<std::size_t>(file.gcount()));
  if (!line.starts_with("#!"))
    return {};
  auto begin = line.find_first_not_of(" \t", 2);
  if (begin == std::string::npos)
    return {};
  return line.substr(begin, line.find_first_of(" \t\r\n", begin) - begin);
}

std::string describe_interpreter(const std::string& path, int error) {
  auto interpreter = interpreter_of(path);
  auto why = error_of(error).message();
  if (!interpreter.empty())
    return "it is a script, and its interpreter " + interpreter
           + " can't be run: " + why;
  return "its program loader is missing: it was built for another system or C "
         "library";
}

std::string describe_directory_failure(const std::error_code& error) {
  switch (error.value()) {
    case ENOENT: return "the folder does not exist";
    case ENOTDIR: return "that is not a folder";
    case EACCES: return "the folder may not be entered";
    default: return "the folder can't be used: " + error.message();
  }
}

std::string describe_exec_failure(const std::string& path,
                                  const std::string& directory,
                                  const std::error_code& error) {
  auto file = seen_from(directory, path);
  auto found = check_executable(file);
  if (found == EISDIR)
    return "it is a folder";
  if (found == EACCES)
    return "not executable (permission denied)";
  if (found != 0)
    return found == ENOENT ? "no such file" : error_of(found).message();
  switch (error.value()) {
    case ENOENT: return describe_interpreter(file, ENOENT);
    case EACCES:
      if (!interpreter_of(file).empty())
        return describe_interpreter(file, EACCES);
      return "not executable (is it on a file system mounted noexec?)";
    case ENOEXEC: return "not a program that this system can run";
    case E2BIG: return "its arguments and environment are too long";
    default: return error.message();
  }
}

} // namespace

program_lookup find_program(const child_command& command) {
  const auto& name = command.program;
  if (name.empty())
    return {{}, error_of(EINVAL), "no program was named"};
  if (name.find('/') != std::string::npos)
    return {name, {}, {}};
  std::string unusable;
  for (const auto& folder : folders_in_path(command)) {
    auto candidate = folder + '/' + name;
    auto error = check_executable(seen_from(command.directory, candidate));
    if (error == 0)
      return {candidate, {}, {}};
    if (error == EACCES && unusable.empty())
      unusable = candidate;
  }
  if (!unusable.empty())
    return {{}, error_of(EACCES), "not executable: " + unusable};
  return {{}, error_of(ENOENT), "not found in PATH (" + path_of(command) + ")"};
}

std::vector<std::string> folders_in_path(const child_command& command) {
  auto folders = path_of(command);
  std::vector<std::string> result;
  for (std::size_t begin = 0; begin <= folders.size();) {
    auto end = std::min(folders.find(':', begin), folders.size());
    auto folder = folders.substr(begin, end - begin);
    // An empty entry means the current folder.
    result.push_back(folder.empty() ? "." : std::move(folder));
    begin = end + 1;
  }
  return result;
}

std::string describe_launch_failure(const child_command& command,
                                    const std::string& path, launch_step where,
                                    const std::error_code& error) {
  switch (where) {
    case launch_step::exec:
      return describe_exec_failure(path, command.directory, error);
    case launch_step::directory: return describe_directory_failure(error);
    case launch_step::setup: break;
  }
  return "the new process could not be set up: " + error.message();
}

child_process::launch_result launch_failed(const child_command& command,
                                           std::error_code error,
                                           const std::string& reason) {
  auto text = "cannot run \"" + command.program + '"';
  if (!command.directory.empty())
    text += " in \"" + command.directory + '"';
  return {0, error, text + ": " + reason};
}

} // namespace container_agent::runtime
