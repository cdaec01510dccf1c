#include "test/bench/host_io.hpp"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

namespace container_agent::bench {

namespace {

volatile std::sig_atomic_t pending_signal = 0;
volatile std::sig_atomic_t stop_requested = 0;

extern "C" void note_signal(int signal) {
  pending_signal = signal;
  if (signal != SIGALRM)
    stop_requested = 1;
  // Comes again each second, in case that this one arrived just before a
  // blocking call and so did not end it.
  ::alarm(1);
}

sigset_t interruption_signals() {
  sigset_t result;
  ::sigemptyset(&result);
  for (int signal : {SIGINT, SIGTERM, SIGALRM})
    ::sigaddset(&result, signal);
  return result;
}

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

} // namespace

void install_interruption() {
  struct sigaction action = {};
  action.sa_handler = note_signal; // no SA_RESTART: calls end with EINTR
  for (int signal : {SIGINT, SIGTERM, SIGALRM})
    if (::sigaction(signal, &action, nullptr) != 0)
      fail("sigaction");
  ::signal(SIGPIPE, SIG_IGN);
}

void check_interrupted() {
  if (pending_signal == 0)
    return;
  if (stop_requested != 0)
    throw interrupted("interrupted by a signal");
  throw interrupted("nothing moved for too long");
}

bool asked_to_stop() noexcept {
  return stop_requested != 0;
}

time_limit::time_limit(std::chrono::seconds limit) {
  ::alarm(static_cast<unsigned>(limit.count()));
}

time_limit::~time_limit() {
  ::alarm(0);
  pending_signal = 0;
}

void block_interruption() {
  auto signals = interruption_signals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    check_interrupted();
    auto n = ::write(fd, bytes.data(), bytes.size());
    if (n >= 0)
      bytes.remove_prefix(static_cast<std::size_t>(n));
    else if (errno != EINTR)
      fail("write");
  }
}

std::size_t read_some(int fd, std::span<char> into) {
  for (;;) {
    check_interrupted();
    auto n = ::read(fd, into.data(), into.size());
    if (n > 0)
      return static_cast<std::size_t>(n);
    if (n == 0)
      throw std::runtime_error("the system under test closed its output");
    if (errno != EINTR)
      fail("read");
  }
}

void read_exactly(int fd, std::span<char> into) {
  while (!into.empty())
    into = into.subspan(read_some(fd, into));
}

line_reader::line_reader(int fd) : fd_(fd), buffer_(2 * block_bytes) {}

std::string_view line_reader::next() {
  for (;;) {
    auto* data = buffer_.data();
    if (auto* lf = std::memchr(data + seen_, '\n', end_ - seen_)) {
      auto after = static_cast<std::size_t>(static_cast<char*>(lf) + 1 - data);
      std::string_view line{data + begin_, after - begin_};
      begin_ = seen_ = after;
      return line;
    }
    // Keep the begun line at the front, so that a whole block fits behind it.
    std::memmove(data, data + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    seen_ = end_;
    if (buffer_.size() - end_ < block_bytes)
      buffer_.resize(buffer_.size() * 2);
    end_ += read_some(fd_, std::span{buffer_}.subspan(end_, block_bytes));
  }
}

} // namespace container_agent::bench
