#pragma once

#include <cstddef>
#include <string>

/// Queries about an open FIFO. Each answer is exact at the moment of the call,
/// and has no effect on readers and writers.
namespace container_agent::runtime {

/// Bytes that were written but not read yet.
std::size_t unread_bytes(int descriptor);

/// Whether any process has it open for reading. `descriptor` must be open for
/// writing only.
bool has_reader(int descriptor);

/// A path that leads to the descriptor's FIFO, even after its own path is gone.
std::string fifo_name(int descriptor);

/// Removes all unread bytes and returns their number. It is one call, so that
/// no other reader can take bytes from the middle; what one has taken comes
/// before. `descriptor` must be non-blocking.
std::size_t drain(int descriptor);

} // namespace container_agent::runtime
