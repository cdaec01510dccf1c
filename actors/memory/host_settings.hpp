#pragma once

#include "messages/codec/host_setting.hpp"
#include "messages/records/agent_record.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace container_agent {

/// The settings that the host made in Claude by control messages and Claude has
/// acknowledged, and the host's requests that Claude has not answered yet. A
/// new Claude knows none of them, so all are sent again, in order, before any
/// prompt. Pure: returns what to send and is told what came.
///
///     sent ─▶ open ─answered─▶ known ─new Claude─▶ set again, before a prompt
///               │ ├─refused─▶ forgotten
///               │ └─a later one is answered─▶ sets nothing any more
///               └─Claude ends─▶ pending: sent to the next one as it is
///
/// A request that sets nothing is lost when its Claude ends.
class host_settings {
public:
  struct request {
    std::string id;
    std::string subtype;
  };

  /// Restores the state of an earlier agent. Requests without an answer are
  /// open.
  void recall(const std::vector<codec::host_setting>& kept);

  /// The state, for the next agent.
  std::vector<codec::host_setting> all() const;

  // -- while Claude runs. Returns true if the result of `all` has changed. ----

  /// A control request, or an update of environment variables, was sent to
  /// Claude.
  bool sent(const std::string& id, const std::string& line);

  bool answered(std::string_view id, bool success);

  /// Claude reports that it is in this permission mode now, because the host
  /// allowed it in an answer or a tool changed it.
  bool mode_is(std::string_view mode);

  /// The host no longer waits for this request.
  void cancelled(std::string_view id);

  /// Claude has ended. Returns the requests that will never be answered. Those
  /// that set something are included only if no other Claude will follow.
  std::vector<request> end_child(bool for_good);

  // -- a new Claude -----------------------------------------------------------

  /// The host's `initialize` with this id; empty if the host sent none.
  std::string initialize_line(std::string_view id);

  /// The new Claude has answered it. Returns the lines to send now, without LF;
  /// the agent's own ids begin with `id`.
  std::vector<std::string> begin_restore(std::string_view id, bool initialized);

  /// Lines that an earlier agent may have sent to the running Claude, without
  /// LF.
  std::vector<std::string> unheard() const;

  /// Some of it has no answer yet.
  bool restoring() const { return !awaited_.empty(); }

  /// Counts everything without an answer as refused.
  void stop_waiting();

  const codec::restored_things& outcome() const { return outcome_; }

  /// Why this Claude must not be sent anything else, in a sentence; or empty.
  /// The next Claude is asked again, and the host may send a new value.
  std::string blocked() const;

  /// Whether this line may be sent to a blocked Claude.
  static bool may_unblock(std::string_view line);

  /// Number of settings dropped because there were too many.
  std::uint64_t forgotten() const { return forgotten_; }

  /// Some were, since this was asked for last.
  bool has_forgotten() {
    return forgotten_ > std::exchange(told_forgotten_, forgotten_);
  }

  static constexpr std::size_t max_known = 256;

  /// Open requests; beyond this, the oldest are dropped and not reported as
  /// lost.
  static constexpr std::size_t max_open = 1024;

private:
  struct entry {
    codec::host_setting message;
    codec::setting_name name; ///< without a slot: sets nothing
  };

  struct awaited {
    std::string id;
    std::string subtype; ///< empty: the host is told by Claude's answer
  };

  void remember(entry setting);
  void take_up(std::string_view id, bool success);
  void settle(std::string_view subtype, bool success);

  std::vector<entry> known_;
  std::vector<entry> open_;
  std::vector<entry> pending_;
  std::string initialize_; ///< the host's, as this Claude was sent it
  std::vector<awaited> awaited_;
  codec::restored_things outcome_;
  std::uint64_t forgotten_ = 0;
  std::uint64_t told_forgotten_ = 0;
};

} // namespace container_agent
