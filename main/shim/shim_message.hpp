#pragma once

#include "main/loop/fd.hpp"

#include <sys/time.h>
#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>

/// What the agent and the shim say to each other: messages of one size over a
/// socket (SOCK_SEQPACKET), with descriptors.
namespace container_agent::runtime {

/// What a shim can hold for the next agent: the agent's ends of Claude's pipes,
/// the descriptions whose file offsets are cursors, and a writing end of the
/// host's FIFO: what nobody has read of it ends with the last one who has it
/// open.
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

/// None where a descriptor is missing.
using held_files = std::array<unique_fd, held_count>;

/// A cursor's file begins at this offset of its log.
using file_offsets = std::array<std::uint64_t, held_count>;

/// A shim answers at once; one that was stopped is not waited for any longer.
inline constexpr timeval longest_answer{5, 0};

struct shim_message {
  /// Agents of two versions may meet: the first member stays what it is.
  static constexpr std::uint32_t current_version = 1;

  enum class kind : std::uint32_t {
    hello, ///< from the shim, first: all that it knows
    ended, ///< from the shim: `status`; all that Claude had started is gone
    hold,  ///< from the agent: the descriptors that come with it
    close_input, ///< from the agent: let go of Claude's stdin
    end, ///< from the agent: end Claude, all that it has started, and go
  };

  std::uint32_t version = current_version;
  kind what = kind::hello;
  std::int32_t claude = 0;     ///< its number, and those of the two above it
  std::int32_t shim = 0;       ///<
  std::int32_t reaper = 0;     ///<
  std::uint32_t has_ended = 0; ///< Claude, as `status` says, as wait(2) has it
  std::int32_t status = 0;
  std::uint32_t files = 0; ///< a bit for each descriptor that comes with it
  file_offsets begins{};

  /// In the log of its input: where that of this child begins.
  std::uint64_t input_from = 0;
};

/// Sends a message and the descriptors that are no -1, without waiting.
/// `errno` tells of a failure.
bool send_message(int socket, shim_message message,
                  const std::array<int, held_count>& files);
bool send_message(int socket, const shim_message& message);

/// The next message. Waits for it, unless the socket does not. False if there
/// is none: the other side has gone (`errno` is 0), or an error; EPROTO for
/// what is no message. Of another version only that is told: there are no files
/// then.
bool receive_message(int socket, shim_message& message, held_files& files);

} // namespace container_agent::runtime
