#pragma once

#include "main/loop/fd.hpp"

#include <sys/time.h>
#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>

/// The messages between the agent and the shim: all of one size, over a socket
/// (SOCK_SEQPACKET), with descriptors.
namespace container_agent::runtime {

/// What a shim can hold for the next agent: the agent's ends of Claude's pipes,
/// the descriptions whose file offsets are cursors, and a writing end of the
/// host's FIFO. Unread bytes of a FIFO vanish when the last process closes it.
enum class held_file : std::uint8_t {
  input,
  output,
  errors,
  host,
  claude,
  replies,
  fifo
};

inline constexpr std::size_t held_count = 7;

constexpr std::size_t index_of(held_file which) {
  return static_cast<std::size_t>(which);
}

/// An element is empty if there is no such descriptor.
using held_files = std::array<unique_fd, held_count>;

/// The offset in its log at which each cursor's file begins.
using file_offsets = std::array<std::uint64_t, held_count>;

/// How long to wait for a shim, which normally answers at once; it may be
/// stopped.
inline constexpr timeval longest_answer{5, 0};

struct shim_message {
  /// Agents of two versions may meet, so this member always stays the first.
  static constexpr std::uint32_t current_version = 1;

  enum class kind : std::uint32_t {
    hello,       ///< from the shim, first: all that it knows
    ended,       ///< from the shim: `status`; all that Claude started is gone
    hold,        ///< from the agent: hold the descriptors that are attached
    close_input, ///< from the agent: let go of Claude's stdin
    end, ///< from the agent: end Claude and all that it started, and exit
  };

  std::uint32_t version = current_version;
  kind what = kind::hello;
  std::int32_t claude = 0;     ///< pid, and those of the two above it
  std::int32_t shim = 0;       ///<
  std::int32_t reaper = 0;     ///<
  std::uint32_t has_ended = 0; ///< Claude; `status` is its wait status
  std::int32_t status = 0;
  std::uint32_t files = 0; ///< a bit for each descriptor that is attached
  file_offsets begins{};

  /// Offset in the input log at which this child's input begins.
  std::uint64_t input_from = 0;
};

/// Sends a message and the descriptors that are not -1, without waiting. On
/// failure `errno` is set.
bool send_message(int socket, shim_message message,
                  const std::array<int, held_count>& files);
bool send_message(int socket, const shim_message& message);

/// Receives the next message; waits for it unless the socket is non-blocking.
/// Returns false if there is none: the other side has gone (`errno` is 0), or
/// an error; EPROTO if it was not a message. A message of another version comes
/// without files, and only its version is valid.
bool receive_message(int socket, shim_message& message, held_files& files);

} // namespace container_agent::runtime
