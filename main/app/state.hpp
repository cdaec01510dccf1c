#pragma once

#include "actors/session/bridge.hpp"
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

/// The directory of a conversation's logs. One agent at a time: it holds a lock
/// that the kernel lets go of when it dies, however that happens.
class state_place {
public:
  /// Makes what is missing, and the directory above it as that of pipes with
  /// the mode `pipe_mode`. An empty path is no place at all. Throws
  /// `storage::log_error`: somebody else's directory, or another agent is at
  /// it.
  state_place(std::string directory, mode_t pipe_mode);

  const std::string& directory() const { return directory_; }

  /// Of a file in there; empty if there is no place.
  std::string path(const std::string& name) const {
    return directory_.empty() ? "" : directory_ + '/' + name;
  }

  /// Makes the lock's file again should somebody remove it: else a second agent
  /// would not see that this one is here.
  void guard_lock(runtime::file_watch& watch, event_log& log);

private:
  void make_directory(mode_t pipe_mode) const;

  std::string directory_;
  std::optional<runtime::fifo_lock> lock_;
  runtime::file_watch::subscription watched_;
};

/// What an agent's conversation is kept in, and where its readers stand.
class agent_state {
public:
  /// Throws `storage::log_error`. Says in `log` what the disk can't do.
  agent_state(const options& settings, event_log& log);

  using reader = storage::position_page::reader;

  /// For the actors. In raw mode the input itself is what the child gets.
  conversation_logs lent();

  storage::log& to_child() { return to_child_ ? *to_child_ : input_; }

  /// What the host sees, and who reads it there.
  storage::log& shown() { return replies_ ? *replies_ : events_; }
  reader host() const { return replies_ ? reader::replies : reader::host; }

  /// Where a reader goes on, as far as the page knows.
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
