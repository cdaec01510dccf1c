#pragma once

#include "main/loop/fd.hpp"

#include <sys/mman.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string>

namespace container_agent::test {

/// Small, so that there are many changes from one to the next.
inline constexpr std::uint64_t segment_size = 32 * 1024;
inline constexpr std::uint64_t most_unread = 256 * 1024;

/// Most lines are short; some cross several pages.
std::string line_text(std::uint64_t number);

/// Single ones, and some in a row.
bool is_struck(std::uint64_t number);

/// What the mover itself appends between the lines.
inline constexpr char record_mark = '#';
std::string record_text(std::size_t size);

/// Shared by the processes.
struct shared_state {
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> lines = 0; // all that there are, once it is known
};

class shared_memory {
public:
  shared_memory()
    : state_{new (::mmap(nullptr, sizeof(shared_state), PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0)) shared_state} {}
  shared_memory(shared_memory&&) = delete;
  ~shared_memory() { ::munmap(state_, sizeof(shared_state)); }

  shared_state* operator->() const { return state_; }

private:
  shared_state* state_;
};

/// Writes lines until it shall stop, and then says how many there are.
[[noreturn]] void feed(int pipe, const shared_memory& shared);

/// A description and where its file begins.
struct held_place {
  runtime::unique_fd description;
  std::uint64_t begins = 0;
};

/// The last one that a mover handed over; what was sent waits in the kernel.
void take_over(int socket, held_place& place);

struct move_setup {
  std::string directory;
  bool copies_descriptions = true; // else the page alone is kept
  bool strikes = true;
  bool appends = true;
  runtime::pipe_ends in = runtime::make_pipe();
  runtime::pipe_ends out = runtime::make_pipe();
  int socket = -1;
};

/// Moves from pipe to log to pipe, until it is killed.
[[noreturn]] void move(const move_setup& setup, held_place place,
                       std::uint32_t seed);

} // namespace container_agent::test
