#pragma once

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

extern char** environ;

namespace container_agent::test::fake {

/// What the process can say of itself, for tests of how it was started.
inline nlohmann::json describe_self(int argc, char** argv) {
  nlohmann::json self;
  self["pid"] = ::getpid();
  self["ppid"] = ::getppid();
  self["pgid"] = ::getpgrp();
  self["sid"] = ::getsid(0);
  self["cwd"] = std::filesystem::current_path().string();
  self["argv"] = std::vector<std::string>(argv, argv + argc);
  auto& env = self["env"] = nlohmann::json::object();
  for (char** e = environ; *e != nullptr; ++e) {
    std::string pair{*e};
    auto equals = pair.find('=');
    env[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  auto& fds = self["fds"] = nlohmann::json::object();
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    auto target = std::filesystem::read_symlink(entry.path(), error).string();
    // The iterator's own descriptor shows up too.
    if (!error && target.rfind("/proc/", 0) != 0)
      fds[entry.path().filename().string()] = target;
  }
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line))
    for (const char* name : {"SigBlk", "SigIgn"})
      if (line.rfind(name, 0) == 0)
        self[name] = line.substr(line.find_first_not_of(":\t ", 6));
  return self;
}

} // namespace container_agent::test::fake
