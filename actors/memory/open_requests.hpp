#pragma once

#include "messages/codec/claude_details.hpp"
#include "messages/status.hpp"

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace container_agent {

/// Claude's requests that wait for the host: a permission, a hook, a call of an
/// MCP server of the host's. Pure: time is handed in, as to `turn_timer`.
class open_requests {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// A request unanswered for this long is reported once.
  static constexpr std::chrono::seconds reminder{60};

  /// The status describes at most this many, the oldest first.
  static constexpr std::size_t max_listed = 32;

  /// Bytes of a summary.
  static constexpr std::size_t max_summary = 80;

  /// Removes secrets from a text before it is shown; null: only control
  /// characters are made harmless.
  using redactor = std::string (*)(std::string_view text);

  struct entry {
    std::string id;
    std::string subtype;
    std::string tool;
    std::string summary;
    std::optional<time_point> since{};
    bool reminded = false;
    bool given_up = false; ///< denied because nobody answered in time

    /// The name for a person: "Bash", "hook_callback".
    const std::string& name() const;
  };

  /// `deny_after`: permission requests older than this are to be denied; 0:
  /// never.
  open_requests(std::chrono::milliseconds deny_after, redactor redact)
    : deny_after_{deny_after}, redact_{redact} {}

  /// Opens a request; null if it is open already.
  const entry* open(const std::string& id,
                    const codec::request_details& details = {});

  /// Closes a request; false if it is not open.
  bool close(const std::string& id);

  bool contains(const std::string& id) const;
  const std::deque<entry>& all() const { return all_; }
  bool empty() const { return all_.empty(); }
  std::size_t size() const { return all_.size(); }

  /// Closes and returns all of them.
  std::deque<entry> take_all();

  /// For the status document.
  std::vector<open_request> listed(time_point now) const;

  std::chrono::milliseconds deny_after() const { return deny_after_; }

  // -- time -------------------------------------------------------------------

  /// A request was opened since the last `pass`.
  bool wants_time() const;

  /// What is due.
  struct on_stall {
    std::vector<entry> unanswered; ///< open for `reminder`; each listed once
    std::vector<entry> denied;     ///< closed by this call
  };

  /// Sets the time; returns what is due.
  on_stall pass(time_point now);

  /// When `pass` has to be called again.
  std::optional<time_point> due() const;

private:
  bool may_be_denied(const entry& e) const;

  std::chrono::milliseconds deny_after_;
  redactor redact_;
  std::deque<entry> all_; // the oldest first
};

} // namespace container_agent
