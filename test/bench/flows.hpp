#pragma once

#include "test/bench/chain.hpp"
#include "test/bench/host_io.hpp"

#include <cstdint>
#include <exception>
#include <functional>
#include <thread>

namespace container_agent::bench {

/// Writes to a chain from a thread of its own, while the main thread reads or
/// deliberately does not.
class background_writer {
public:
  /// `write` runs on the thread; finish() throws what it throws.
  background_writer(chain& to, std::function<void()> write);
  background_writer(const background_writer&) = delete;
  background_writer& operator=(const background_writer&) = delete;

  /// Unless finish() returned, stops the chain: nobody reads what is written
  /// any more, and a blocked write must end.
  ~background_writer();

  /// Waits for the end of what it writes.
  void finish();

private:
  chain& to_;
  std::exception_ptr error_;
  std::thread thread_;
};

/// Writes that many numbered blocks of block_bytes.
void write_blocks(const chain& to, std::uint64_t blocks);

/// Reads them. Throws std::runtime_error when one is missing, doubled or out
/// of order.
void read_blocks(const chain& from, std::uint64_t blocks);

/// Reads the answer to flood_line(bytes): all `assistant` lines and the
/// `result`. Throws std::runtime_error when a line is missing, doubled or out
/// of order, or when the agent says that it refused or dropped something.
void read_flood(line_reader& lines, std::uint64_t bytes);

/// Writes that many prompts of `size` bytes, numbered from 0.
void write_prompts(const chain& to, std::uint64_t count, std::size_t size);

/// Reads their results. Throws as read_flood() does.
void read_results(line_reader& lines, std::uint64_t count, std::size_t size);

} // namespace container_agent::bench
