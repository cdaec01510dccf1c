#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace container_agent::test::fake {

/// The command line of `fake_claude`; what it does not know it ignores.
struct arguments {
  // Claude Code's own.
  std::string resume;
  bool replay = false;
  bool asks_host = false; ///< `--permission-prompt-tool`
  bool bypass_allowed = false;
  std::string mode = "default";

  // For tests: see fake_claude.cpp.
  int fail_start = -1;
  std::size_t fail_start_times = SIZE_MAX;
  bool unknown_session = false;
  bool ignore_signals = false;
  bool conforming = true;
  bool initialize = true;
  bool terse = false;
  bool record_stdin = false;
  bool record_stdout = false;
  std::string ready_stderr;
  unsigned long long raw_flood = 0;
};

inline arguments parse(int argc, char** argv) {
  arguments result;
  for (int i = 1; i < argc; ++i) {
    std::string_view name{argv[i]};
    auto value = [&] { return i + 1 < argc ? argv[++i] : ""; };
    if (name == "--resume") {
      result.resume = value();
    } else if (name == "--replay-user-messages") {
      result.replay = true;
    } else if (name == "--permission-prompt-tool") {
      result.asks_host = value() == std::string_view{"stdio"};
    } else if (name == "--permission-mode") {
      result.mode = value();
    } else if (name == "--allow-dangerously-skip-permissions") {
      result.bypass_allowed = true;
    } else if (name == "--nonconforming") {
      result.conforming = false;
    } else if (name == "--fail-start") {
      result.fail_start = std::atoi(value());
    } else if (name == "--fail-start-times") {
      result.fail_start_times = std::strtoul(value(), nullptr, 10);
      result.fail_start = std::atoi(value());
    } else if (name == "--unknown-session") {
      result.unknown_session = true;
    } else if (name == "--ignore-signals") {
      result.ignore_signals = true;
    } else if (name == "--no-initialize") {
      result.initialize = false;
    } else if (name == "--terse") {
      result.terse = true;
    } else if (name == "--record-stdin") {
      result.record_stdin = true;
    } else if (name == "--record-stdout") {
      result.record_stdout = true;
    } else if (name == "--ready-stderr") {
      result.ready_stderr = value();
    } else if (name == "--raw-flood") {
      result.raw_flood = std::strtoull(value(), nullptr, 10);
    }
  }
  return result;
}

} // namespace container_agent::test::fake
