#pragma once

#include "actors/session/session.hpp"
#include "main/cli/options.hpp"
#include "main/fifo/fifo_lock.hpp"
#include "main/loop/file_watch.hpp"
#include "main/storage/cursor.hpp"
#include "main/storage/log.hpp"
#include "main/storage/position_page.hpp"

#include <memory>
#include <optional>
#include <string>

namespace container_agent {

/// The directory of a conversation's logs. A lock ensures that one agent at a
/// time uses it; the kernel releases the lock when the agent ends, for whatever
/// reason.
class state_place {
public:
  /// Makes what is missing; the directory above is made like that of pipes with
  /// the mode `pipe_mode`. An empty path means that there is no directory.
  /// Throws `storage::log_error` if it belongs to somebody else or another
  /// agent uses it.
  state_place(std::string directory, mode_t pipe_mode);

  const std::string& directory() const { return directory_; }

  /// The path of a file in the directory; empty without a directory.
  std::string path(const std::string& name) const {
    return directory_.empty() ? "" : directory_ + '/' + name;
  }

  /// Makes the lock's file again if somebody removes it; otherwise a second
  /// agent would not see that this one is running.
  void guard_lock(runtime::file_watch& watch, event_log& log);

private:
  void make_directory(mode_t pipe_mode) const;

  std::string directory_;
  std::optional<runtime::fifo_lock> lock_;
  runtime::file_watch::subscription watched_;
};

/// The logs of an agent's conversation, and the positions of their readers.
class agent_state {
public:
  /// Throws `storage::log_error`. Logs what the disk can't do.
  agent_state(const options& settings, event_log& log);

  using reader = storage::position_page::reader;

  /// The logs, for the actors. In raw mode the child gets the input log itself.
  conversation_logs lent();

  storage::log& to_child() { return to_child_ ? *to_child_ : input_; }

  /// The log that the host sees, and its reader.
  storage::log& shown() { return replies_ ? *replies_ : events_; }
  reader host() const { return replies_ ? reader::replies : reader::host; }

  /// The position of a reader, as far as the page knows.
  std::uint64_t position(reader who, const storage::log& of) const;

  storage::log& input() { return input_; }
  storage::log& events() { return events_; }
  storage::position_page& positions() { return positions_; }
  const state_place& place() const { return place_; }
  state_place& place() { return place_; }

private:
  state_place place_;
  storage::position_page positions_;
  storage::log input_;
  std::unique_ptr<storage::log> to_child_;
  storage::log events_;
  std::unique_ptr<storage::log> replies_;
};

} // namespace container_agent
