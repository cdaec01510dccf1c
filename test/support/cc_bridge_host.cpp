/// A host that behaves as cc-bridge's: for each question it opens the input
/// FIFO, writes the question and a newline, and closes it; then it opens the
/// output FIFO and reads lines until end of file.
///
///   cc_bridge_host IN OUT TURNS
///
/// Exit code 0 when each answer belonged to its own question; 1 and a message
/// on stderr when one did not; 2 on bad usage. The answer has to be that of
/// `fake_claude`: the question behind "echo: ", in one line, and nothing else.

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace {

int open_or_die(const char* path, int flags) {
  int fd = ::open(path, flags | O_CLOEXEC);
  if (fd < 0) {
    std::fprintf(stderr, "cc_bridge_host: cannot open %s: %s\n", path,
                 std::strerror(errno));
    std::exit(1);
  }
  return fd;
}

void ask(const char* path, std::string_view line) {
  int fd = open_or_die(path, O_WRONLY);
  while (!line.empty()) {
    auto n = ::write(fd, line.data(), line.size());
    if (n < 0 && errno != EINTR) {
      std::fprintf(stderr, "cc_bridge_host: cannot write %s: %s\n", path,
                   std::strerror(errno));
      std::exit(1);
    }
    if (n > 0)
      line.remove_prefix(static_cast<std::size_t>(n));
  }
  ::close(fd);
}

std::string read_to_end(const char* path) {
  int fd = open_or_die(path, O_RDONLY);
  std::string all;
  char buffer[4096];
  for (;;) {
    auto n = ::read(fd, buffer, sizeof(buffer));
    if (n > 0)
      all.append(buffer, static_cast<std::size_t>(n));
    else if (n == 0 || errno != EINTR)
      break;
  }
  ::close(fd);
  return all;
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 4 || std::atol(argv[3]) <= 0) {
    std::fprintf(stderr, "usage: cc_bridge_host IN OUT TURNS\n");
    return 2;
  }
  auto turns = std::atol(argv[3]);
  for (long i = 1; i <= turns; ++i) {
    // The full stop keeps question 1 from being found in question 10.
    auto question = "what is number " + std::to_string(i) + ".";
    ask(argv[1], question + "\n");
    auto answer = read_to_end(argv[2]);
    if (answer != "echo: " + question + "\n") {
      std::fprintf(stderr,
                   "cc_bridge_host: turn %ld asked \"%s\" and got \"%s\"\n", i,
                   question.c_str(), answer.c_str());
      return 1;
    }
  }
  std::printf("%ld answers, each to its own question\n", turns);
  return 0;
}
