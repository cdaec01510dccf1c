#pragma once

#include "messages/codec/envelope.hpp"

#include <cstdint>
#include <string>
#include <utility>

namespace container_agent {

/// Which session the next Claude goes on with, and when one is lost. Pure.
///
///     known ─resumed, with an error─▶ faulty ─child ends─▶ known, to be tried
///       ▲                               │                  again
///       │ Claude says its id            └─refused, or failed too often─▶ lost
///       └──────────────────────────── a new one ◀────────────────────────┘
class session_choice {
public:
  /// `retries`: a session that could not be resumed is tried again so often in
  /// a row. `given`: the one that the user's arguments resume, if any.
  session_choice(std::uint32_t retries, std::string given)
    : retries_{retries}, given_{std::move(given)} {}

  /// What an earlier agent has known.
  void recall(std::string id, bool anew);

  const std::string& id() const { return id_; }

  /// The last one was lost: whatever the arguments say, begin another one.
  bool anew() const { return anew_; }

  /// What was lost, if it is.
  const std::string& known_or_given() const {
    return id_.empty() ? given_ : id_;
  }

  /// Claude is in this session now.
  void enter(std::string id) { recall(std::move(id), false); }

  /// There is none any more.
  void forget() { recall({}, true); }

  // -- an attempt to resume it ------------------------------------------------

  /// A child starts.
  void begin_attempt();

  /// The child has said something that is no `result`. True the first time.
  bool note_word();
  bool has_spoken() const { return has_spoken_; }

  /// A child that resumes has said this error. `unready`: before it was ready,
  /// so it is about the session; another one may be.
  void note_error(const codec::envelope& result, bool unready);

  /// The child has it.
  void note_resumed();

  /// Claude says that there is no such session.
  bool refused() const { return refused_; }

  /// Why the child can't go on with it; empty if it can, as far as known.
  const std::string& fault() const { return fault_; }

  /// The child that could not resume it is gone. False: it is not to be tried
  /// again.
  bool try_again();

  /// Attempts in a row that have failed.
  std::uint32_t failures() const { return failures_; }

private:
  std::uint32_t retries_;
  std::string given_;
  std::string id_;
  bool anew_ = false;
  std::uint32_t failures_ = 0;

  // This child's attempt.
  bool has_spoken_ = false;
  bool refused_ = false;
  std::string fault_;
};

} // namespace container_agent
