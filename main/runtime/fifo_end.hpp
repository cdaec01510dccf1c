#pragma once

#include <cstddef>
#include <string>

/// What can be asked of an open FIFO. All of it is exact at the moment of the
/// call and disturbs nobody.
namespace container_agent::runtime {

/// Bytes that were written and not yet read.
std::size_t unread_bytes(int descriptor);

/// Bytes that fit in: 64 KiB as a rule, more or less if a limit or a
/// program's F_SETPIPE_SZ said so.
std::size_t fifo_capacity(int descriptor);

/// Whether anybody has it open for reading. `descriptor` is open for writing
/// only.
bool has_reader(int descriptor);

/// A name that leads to what the descriptor is, also after its path is gone.
std::string fifo_name(int descriptor);

/// Takes out all that is unread. `descriptor` is non-blocking.
std::string read_all(int descriptor);

/// The same without taking it out, all or at most `size` bytes. Nothing, or
/// less, if that can't be done.
std::string look_at_all(int descriptor);
std::string look_at(int descriptor, std::size_t size);

} // namespace container_agent::runtime
