/// Becomes another program, to which some system calls are denied, as by an
/// old seccomp profile:
///
///   deny_calls ENOSYS|EPERM NAME[,NAME…] PROGRAM [ARGUMENT…]

#include "test/support/denied_calls.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace {

const std::map<std::string, unsigned> numbers{
  {"pidfd_open", SYS_pidfd_open},   {"faccessat2", SYS_faccessat2},
  {"splice", SYS_splice},           {"tee", SYS_tee},
  {"close_range", SYS_close_range},
};

std::vector<unsigned> numbers_of(const std::string& names) {
  std::vector<unsigned> result;
  std::istringstream list{names};
  for (std::string name; std::getline(list, name, ',');)
    result.push_back(numbers.at(name));
  return result;
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 4)
    return 2;
  auto error
    = std::string{argv[1]} == "EPERM" ? unsigned{EPERM} : unsigned{ENOSYS};
  if (!container_agent::test::deny_calls(numbers_of(argv[2]), error)) {
    std::perror("deny_calls: seccomp");
    return EXIT_FAILURE;
  }
  ::execv(argv[3], argv + 3);
  std::perror(argv[3]);
  return EXIT_FAILURE;
}
