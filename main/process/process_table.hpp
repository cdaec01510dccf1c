#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace container_agent::runtime {

/// What /proc/PID/stat says.
struct process_info {
  std::int32_t pid = 0;
  std::int32_t parent = 0;
  std::int32_t group = 0;
  char state = '?';             ///< Z: has ended and was not waited for
  std::uint64_t start_time = 0; ///< ticks since boot: with `pid`, who it is
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
  unreadable, ///< we may not look, see `descriptor_info::error`
};

/// A pipe or FIFO, whatever name it is reached by. Anonymous pipes have the
/// device 0 here: they all live on one.
struct pipe_id {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;

  friend bool operator==(const pipe_id&, const pipe_id&) = default;
};

struct descriptor_info {
  descriptor_kind kind = descriptor_kind::closed;
  std::string target; ///< what the link says: "pipe:[4711]", a path, …
  pipe_id pipe;       ///< of a pipe or FIFO
  std::error_code error;

  bool is_pipe() const {
    return kind == descriptor_kind::pipe || kind == descriptor_kind::fifo;
  }
};

/// A descriptor, of any process, that leads to a pipe that was asked for.
struct pipe_holder {
  std::int32_t pid = 0;
  pipe_id pipe;
  bool reads = false;
  bool writes = false;
};

/// The processes there are, read from /proc. Each question is a look of its
/// own, and each process may be gone by the next one: then there is no answer,
/// never an error. The same for what we may not read (`hidepid`, another
/// user's descriptors).
class process_table {
public:
  explicit process_table(std::string root = "/proc") : root_{std::move(root)} {}

  std::vector<std::int32_t> processes() const;

  std::optional<process_info> info(std::int32_t pid) const;

  /// The effective user.
  std::optional<std::uint32_t> owner(std::int32_t pid) const;

  /// Empty for threads of the kernel, and for what has ended.
  std::vector<std::string> command_line(std::int32_t pid) const;

  /// Where the program's file is, or was when it was started.
  std::string executable(std::int32_t pid) const;

  descriptor_info descriptor(std::int32_t pid, int number) const;

  /// Everybody, as far as we may look, who has one of these open.
  std::vector<pipe_holder> holders(std::span<const pipe_id> pipes) const;

  /// "ROOT/PID/WHAT"
  std::string path(std::int32_t pid, std::string_view what) const;

private:
  void add_holders(std::int32_t pid, std::span<const pipe_id> pipes,
                   std::vector<pipe_holder>& into) const;

  std::string root_;
};

} // namespace container_agent::runtime
