#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace container_agent::bench {

/// The most that the host reads at a time, and the size of the blocks that it
/// writes: what a FIFO holds by default.
inline constexpr std::size_t block_bytes = 65536;

/// Ctrl-C, a request to end, or a measurement past its time limit.
class interrupted : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// Makes SIGINT, SIGTERM and SIGALRM end blocking calls of the calling thread,
/// so that the stack unwinds and everything that was started is stopped.
/// SIGPIPE is ignored: a reader that left shows as EPIPE. Call it once.
void install_interruption();

/// Throws `interrupted` when one of those signals has come. Blocking loops
/// call it before each system call.
void check_interrupted();

/// True once SIGINT or SIGTERM has come: not just this measurement ends.
bool asked_to_stop() noexcept;

/// While it lives, blocking calls of the main thread end after `limit`. Only
/// there so that a hung system under test cannot hang the benchmark.
class time_limit {
public:
  explicit time_limit(std::chrono::seconds limit);
  time_limit(const time_limit&) = delete;
  time_limit& operator=(const time_limit&) = delete;
  ~time_limit();
};

/// Keeps the signals of install_interruption() out of the calling thread: for
/// the writer threads, whose blocked writes end when the reader ends.
void block_interruption();

/// Blocking; all of `bytes`. Throws std::system_error.
void write_all(int fd, std::string_view bytes);

/// Blocking; at least one byte. Throws std::runtime_error at the end of file:
/// whoever should have written has gone.
std::size_t read_some(int fd, std::span<char> into);

/// Blocking; fills `into`.
void read_exactly(int fd, std::span<char> into);

/// Reads lines in blocks of at most block_bytes.
class line_reader {
public:
  explicit line_reader(int fd);

  /// The next line, with its LF. Valid until the next call.
  std::string_view next();

private:
  int fd_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0; // of the line that is being read
  std::size_t seen_ = 0;  // up to here there is no LF
  std::size_t end_ = 0;   // of what was read
};

} // namespace container_agent::bench
