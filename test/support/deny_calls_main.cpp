/// Becomes another program, to which some system calls are denied, as by an
/// old seccomp profile:
///
///   deny_calls ENOSYS|EPERM NAME[,NAME…] PROGRAM [ARGUMENT…]

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
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

// Loads the call's number; each denied one has a jump and an answer.
std::vector<sock_filter> filter_for(const std::string& names, unsigned error) {
  constexpr unsigned number = offsetof(seccomp_data, nr);
  std::vector<sock_filter> filter{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, number)};
  std::istringstream list{names};
  for (std::string name; std::getline(list, name, ',');) {
    filter.push_back(
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, numbers.at(name), 0, 1));
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error));
  }
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  return filter;
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 4)
    return 2;
  auto error = std::string{argv[1]} == "EPERM" ? EPERM : ENOSYS;
  auto filter = filter_for(argv[2], static_cast<unsigned>(error));
  sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0
      || ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    std::perror("deny_calls: seccomp");
    return EXIT_FAILURE;
  }
  ::execv(argv[3], argv + 3);
  std::perror(argv[3]);
  return EXIT_FAILURE;
}
