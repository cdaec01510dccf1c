#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace container_agent::runtime {

/// Fields of /proc/PID/stat.
struct process_info {
  std::int32_t pid = 0;
  std::int32_t parent = 0;
  std::int32_t group = 0;
  char state = '?';             ///< Z: has ended, but was not reaped
  std::uint64_t start_time = 0; ///< ticks since boot; unique with `pid`
  std::string name;             ///< at most 15 bytes
};

enum class descriptor_kind : std::uint8_t {
  closed,
  pipe,
  fifo,
  socket,
  terminal,
  null,
  file,
  other,
  unreadable, ///< no permission, see `descriptor_info::error`
};

/// Identifies a pipe or FIFO, whatever its name. Anonymous pipes all have the
/// same device, which is 0 here.
struct pipe_id {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;

  friend bool operator==(const pipe_id&, const pipe_id&) = default;
};

struct descriptor_info {
  descriptor_kind kind = descriptor_kind::closed;
  std::string target; ///< the link's text: "pipe:[4711]", a path, …
  pipe_id pipe;       ///< of a pipe or FIFO
  std::error_code error;

  bool is_pipe() const {
    return kind == descriptor_kind::pipe || kind == descriptor_kind::fifo;
  }
};

/// A descriptor, of any process, that leads to a pipe that was searched for.
struct pipe_holder {
  std::int32_t pid = 0;
  pipe_id pipe;
  bool reads = false;
  bool writes = false;
};

/// The running processes, as /proc shows them. Each call looks again, and a
/// process may have ended since the last one: then there is no answer, never an
/// error. The same holds if there is no permission (`hidepid`, another user's
/// descriptors).
class process_table {
public:
  explicit process_table(std::string root = "/proc") : root_{std::move(root)} {}

  std::vector<std::int32_t> processes() const;

  std::optional<process_info> info(std::int32_t pid) const;

  /// The effective user.
  std::optional<std::uint32_t> owner(std::int32_t pid) const;

  /// Empty for kernel threads and ended processes.
  std::vector<std::string> command_line(std::int32_t pid) const;

  /// The path of the program's file, or its path at the start if it has gone.
  std::string executable(std::int32_t pid) const;

  descriptor_info descriptor(std::int32_t pid, int number) const;

  /// All visible processes that have one of these pipes open.
  std::vector<pipe_holder> holders(std::span<const pipe_id> pipes) const;

  /// "ROOT/PID/WHAT"
  std::string path(std::int32_t pid, std::string_view what) const;

private:
  void add_holders(std::int32_t pid, std::span<const pipe_id> pipes,
                   std::vector<pipe_holder>& into) const;

  std::string root_;
};

} // namespace container_agent::runtime
