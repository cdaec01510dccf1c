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

/// Requests of Claude's that wait for the host: a permission, a hook, a call of
/// an MCP server of the host's. Pure: time is handed in, as to `turn_clock`.
class open_requests {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// After so long whoever watches is told that nobody answers.
  static constexpr std::chrono::seconds reminder{60};

  /// So many are described in the status, the oldest first.
  static constexpr std::size_t max_listed = 32;

  /// Bytes of a summary.
  static constexpr std::size_t max_summary = 80;

  /// Makes a text safe to show; null: only what control characters do is
  /// prevented.
  using redactor = std::string (*)(std::string_view text);

  struct entry {
    std::string id;
    std::string subtype;
    std::string tool;
    std::string summary;
    std::optional<time_point> since{};
    bool reminded = false;
    bool given_up = false; ///< denied, as nobody answered in time

    /// What a person calls it: "Bash", "hook_callback".
    const std::string& name() const;
  };

  /// `deny_after`: permission requests that are older are to be denied; 0: none
  /// ever is.
  open_requests(std::chrono::milliseconds deny_after, redactor redact)
    : deny_after_{deny_after}, redact_{redact} {}

  /// Null if it is open already.
  const entry* open(const std::string& id,
                    const codec::request_details& details = {});

  /// False if it is not open.
  bool close(const std::string& id);

  bool contains(const std::string& id) const;
  const std::deque<entry>& all() const { return all_; }
  bool empty() const { return all_.empty(); }
  std::size_t size() const { return all_.size(); }

  /// All of them, which are not open any more.
  std::deque<entry> take_all();

  /// For the status document.
  std::vector<open_request> listed(time_point now) const;

  std::chrono::milliseconds deny_after() const { return deny_after_; }

  // -- time -------------------------------------------------------------------

  /// One was opened whose time is not noted yet.
  bool wants_time() const;

  /// What is due.
  struct overdue {
    std::vector<entry> unanswered; ///< for `reminder`: told once for each
    std::vector<entry> denied;     ///< not open any more
  };

  /// It is `now`.
  overdue pass(time_point now);

  /// When `pass` has to be called again.
  std::optional<time_point> due() const;

private:
  bool may_be_denied(const entry& e) const;

  std::chrono::milliseconds deny_after_;
  redactor redact_;
  std::deque<entry> all_; // the oldest first
};

} // namespace container_agent
