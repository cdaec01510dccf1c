#include "messages/agent_assert.hpp"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace container_agent {

namespace {

assertion_reporter told = nullptr;

void report_on_stderr(const failed_assertion& what) {
  std::fprintf(stderr, "container-agent: assertion failed: %s (%s:%u)\n",
               what.condition, what.file, unsigned{what.line});
}

} // namespace

void report_failed_assertions(assertion_reporter reporter) {
  told = reporter;
}

void fail_assertion(const failed_assertion& what) {
  // A reporter whose own assertion fails is not called again.
  auto reporter = std::exchange(told, nullptr);
  try {
    (reporter != nullptr ? reporter : report_on_stderr)(what);
  } catch (...) {
    told = reporter;
    throw;
  }
  std::abort();
}

} // namespace container_agent
