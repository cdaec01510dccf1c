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

/// What the host has set in Claude by control messages and Claude has
/// acknowledged, and which requests of the host Claude has not answered yet. A
/// new Claude knows nothing of it, so all of it is set again, in order, before
/// any prompt. Pure; says what to send and is told what came.
///
///     sent ─▶ open ─answered─▶ known ─new Claude─▶ set again, before a prompt
///               │ ├─refused─▶ forgotten
///               │ └─a later one is answered─▶ sets nothing any more
///               └─Claude ends─▶ pending: sent to the next one as it is
///
/// A request that sets nothing is lost with its Claude.
class host_settings {
public:
  struct request {
    std::string id;
    std::string subtype;
  };

  /// What an earlier agent has known. What it had no answer to is open.
  void recall(const std::vector<codec::host_setting>& kept);

  /// For the next agent.
  std::vector<codec::host_setting> all() const;

  // -- while Claude runs. True: what `all` returns has changed. ---------------

  /// A control request, or an update of environment variables, goes to Claude.
  bool sent(const std::string& id, const std::string& line);

  bool answered(std::string_view id, bool success);

  /// Claude itself says that it is in this permission mode now: the host has
  /// allowed it by an answer, or a tool has changed it.
  bool mode_is(std::string_view mode);

  /// The host waits for this one no longer.
  void cancelled(std::string_view id);

  /// Claude has ended. Returns what will never be answered. What sets something
  /// is not among it, unless there will be no other Claude.
  std::vector<request> end_child(bool for_good);

  // -- a new Claude -----------------------------------------------------------

  /// The host's `initialize` under this id, or empty if it has sent none.
  std::string initialize_line(std::string_view id);

  /// The new one has answered it. Returns what it is to be sent now, without
  /// LF; own ids begin with `id`.
  std::vector<std::string> begin_restore(std::string_view id, bool initialized);

  /// What an earlier agent may have sent to a Claude that lives, without LF.
  std::vector<std::string> unheard() const;

  /// Not all of it was answered.
  bool restoring() const { return !awaited_.empty(); }

  /// What was not answered counts as refused.
  void stop_waiting();

  const codec::restored_things& outcome() const { return outcome_; }

  /// Why this Claude must not be sent anything else, in a sentence; or empty.
  /// The next one is asked again, and the host may set it anew.
  std::string blocked() const;

  /// Only this may be sent to it nevertheless.
  static bool may_unblock(std::string_view line);

  /// Settings that were dropped, as there were too many.
  std::uint64_t forgotten() const { return forgotten_; }

  /// Some were, since this was asked for last.
  bool has_forgotten() {
    return forgotten_ > std::exchange(told_forgotten_, forgotten_);
  }

  static constexpr std::size_t max_known = 256;

  /// Requests without an answer; of more, the oldest are not told as lost.
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
