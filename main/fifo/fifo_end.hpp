#pragma once

#include <cstddef>
#include <string>

/// What can be asked of an open FIFO. All of it is exact at the moment of the
/// call and disturbs nobody.
namespace container_agent::runtime {

/// Bytes that were written and not yet read.
std::size_t unread_bytes(int descriptor);

/// Whether anybody has it open for reading. `descriptor` is open for writing
/// only.
bool has_reader(int descriptor);

/// A name that leads to what the descriptor is, also after its path is gone.
std::string fifo_name(int descriptor);

/// Takes out all that is unread, and returns how many bytes that was. In one
/// call, so that another reader can't take a part out of the middle: what it
/// has taken meanwhile comes before. `descriptor` is non-blocking.
std::size_t drain(int descriptor);

} // namespace container_agent::runtime
