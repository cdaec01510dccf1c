#pragma once

#include <cstdint>

/// Invariants, checked in every build, the shipped one included.
namespace container_agent {

struct failed_assertion {
  const char* condition;
  const char* file; ///< its name: no two files of the program have the same
  std::uint32_t line;
};

/// Tells of a failed assertion, once, from wherever it failed. If it throws, as
/// the simulation's does, the process is not ended.
using assertion_reporter = void (*)(const failed_assertion& what);

/// Null: a line on stderr.
void report_failed_assertions(assertion_reporter reporter);

/// Reports, then ends the process by abort(3): the state is not what the code
/// takes it for, and whatever it did next could lose or repeat a prompt. The
/// logs are on the disk, and the next agent goes on from them. A trace that is
/// kept is dumped, as at any crash.
[[noreturn]] void fail_assertion(const failed_assertion& what);

} // namespace container_agent

/// For what is a fault of the program if it does not hold. What input, a full
/// disk or a file can bring about gets an error instead.
#define AGENT_ASSERT(condition)                                                \
  ((condition) ? static_cast<void>(0)                                          \
               : ::container_agent::fail_assertion(                            \
                 {#condition, __FILE_NAME__, __LINE__}))
