#pragma once

#include "test/support/temp_dir.hpp"

#include <sys/types.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace container_agent::test {

/// A made-up /proc.
class proc_tree {
public:
  [[nodiscard]] std::string root() const { return dir_.path(); }

  struct process {
    pid_t pid = 0;
    pid_t parent = 1;
    std::string name = "x";
    std::vector<std::string> command_line = {"x"};
    std::string executable = "/bin/x";
    unsigned user = 0;
    char state = 'S';
    unsigned long start_time = 100;
  };

  void add(const process& p) const {
    auto folder = dir_ / std::to_string(p.pid);
    std::filesystem::create_directories(folder / "fd");
    std::filesystem::create_directories(folder / "fdinfo");
    std::ofstream stat{folder / "stat"};
    stat << p.pid << " (" << p.name << ") " << p.state << ' ' << p.parent << ' '
         << p.pid;
    for (int field = 6; field < 22; ++field)
      stat << " 0";
    stat << ' ' << p.start_time << " 0 0\n";
    std::ofstream{folder / "status"} << "Name:\t" << p.name << "\nUid:\t"
                                     << p.user << '\t' << p.user << "\t0\t0\n";
    std::ofstream cmdline{folder / "cmdline"};
    for (const auto& argument : p.command_line)
      cmdline << argument << '\0';
    std::filesystem::create_symlink(p.executable, folder / "exe");
  }

  /// `flags` as fdinfo has them: octal, the last digit is the access mode.
  void open(pid_t pid, int number, const std::string& target,
            const std::string& flags) const {
    auto folder = dir_ / std::to_string(pid);
    auto name = std::to_string(number);
    std::filesystem::create_symlink(target, folder / "fd" / name);
    std::ofstream{folder / "fdinfo" / name} << "pos:\t0\nflags:\t" << flags
                                            << "\nmnt_id:\t15\n";
  }

private:
  temp_dir dir_;
};

} // namespace container_agent::test
