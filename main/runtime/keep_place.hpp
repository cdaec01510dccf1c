#pragma once

#include "main/runtime/fd.hpp"
#include "main/runtime/fifo_lock.hpp"
#include "main/runtime/fifo_place.hpp"
#include "main/runtime/move_note.hpp"

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

namespace container_agent::runtime {

/// The directory in which a kept Claude is found by the next agent: three FIFOs
/// that are its stdin, stdout and stderr, its number, the journal, and the note
/// of what was being moved. Mode 0700: who can write there talks to Claude.
///
/// One agent at a time: it holds a lock that the kernel lets go of when it
/// dies, however that happens.
class keep_place {
public:
  /// Makes what is missing, and the directory above it as that of pipes with
  /// the mode `pipe_mode`. Throws `fifo_error`: somebody else's directory,
  /// something that is no FIFO, or another agent is at it.
  explicit keep_place(std::string directory,
                      mode_t pipe_mode = fifo_place::default_mode);
  keep_place(const keep_place&) = delete;
  keep_place& operator=(const keep_place&) = delete;

  enum class stream { in, out, errors };

  /// The directory of a kept Claude whose stdin and stdout have these paths;
  /// empty if it is none.
  static std::string directory_of(std::string_view input,
                                  std::string_view output);

  /// Opens one of the FIFOs, for reading and writing: so neither Claude nor the
  /// agent sees an end when the other one goes.
  unique_fd open(stream which) const;

  /// The same for Claude, blocking; after it was opened for us.
  unique_fd open_for_child(stream which) const;

  /// Claude's number, if it runs: from the file, checked against /proc: its
  /// stdin and stdout are these FIFOs.
  std::optional<pid_t> running() const;

  /// Opens the file for the number, emptied. Claude writes it itself before it
  /// is what it is, so no instant is without.
  unique_fd open_number() const;

  std::string journal_path() const { return directory_ + "/journal"; }
  std::string input_path() const { return directory_ + "/input"; }

  move_note note;

  /// After Claude's end in order: nothing is left to be found.
  void remove();

private:
  const fifo_place& place(stream which) const;
  void make_directory(mode_t pipe_mode);
  void lock(mode_t pipe_mode);

  std::string directory_;
  fifo_place in_;
  fifo_place out_;
  fifo_place errors_;
  fifo_lock lock_;
};

} // namespace container_agent::runtime
