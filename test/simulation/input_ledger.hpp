#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace container_agent::simulation {

/// What has to come of a line of the host's.
struct expectation {
  enum class kind : std::uint8_t {
    nothing,   ///< no record: it is blank
    passed_on, ///< no record, unless there is no Claude to pass it on to
    prompt,    ///< `accepted`, or `rejected` if it came at a bad time
    status,    ///< a `status` record, at some time
    rejected,  ///< `rejected`, for this reason
  };

  kind what = kind::nothing;
  std::string uuid;         ///< of a prompt, or the id of a control request
  std::string reason;       ///< of a line that is refused
  std::uint64_t number = 0; ///< running number of the line
  std::uint64_t end = 0;    ///< its end's position in the input
};

/// The lines that the agent was given, and what has to come of each, worked
/// out without any of the agent's code: from the bytes that the log of the
/// input holds, and from what the host has meant by them.
class input_ledger {
public:
  explicit input_ledger(std::size_t max_line) : max_line_{max_line} {}

  /// The host may write this line (without its ending), and means this by it.
  void know(std::string line, expectation meaning) {
    known_.insert_or_assign(std::move(line), std::move(meaning));
  }

  /// Called with a control request that the agent has read.
  std::function<void(const expectation& request)> on_control;

  /// The log has got this; or nobody writes any more, for now.
  void deliver(std::string_view data, bool at_end);

  /// What the next `accepted` record has to answer, or a `rejected` one of this
  /// line; or null.
  const expectation* next(std::uint64_t line = 0);
  void close() { open().pop_front(); }

  /// The agent has died. The next one reads from this position on, which will
  /// be its line 1, what was delivered. Returns the first line before it that
  /// ought to have a record and has none; 0 if there is no such line.
  std::uint64_t next_reader(std::uint64_t position);

  /// The first line that is owed a record; 0 if none is.
  std::uint64_t owed() const;

  std::uint64_t status_requests() const { return now_.status_requests; }

private:
  /// Lines of JSON that has not ended: see docs/protocol.md. The record of its
  /// first line is the last one in `open`, if the agent has not told it yet.
  struct json_part {
    std::string text;  // all of it
    bool valid = true; // it may still become JSON
    bool known = true; // all of its bytes are
    bool told = false; // there is a reason to refuse it
  };

  /// What the agent was given.
  struct reading {
    std::uint64_t position = 0;
    std::string part; // of a line
    std::uint64_t lines = 0;
    std::uint64_t status_requests = 0;
    std::deque<expectation> open;
    std::optional<json_part> json{}; // that has begun and not ended
  };

  void read_on(std::string_view data, bool at_end);
  void take(std::string_view line, bool cut);
  bool belongs_to_json(std::string_view line);
  std::deque<expectation>& open() { return now_.open; }
  expectation meaning_of(std::string_view line, bool cut) const;

  std::size_t max_line_;
  std::map<std::string, expectation, std::less<>> known_;
  std::string all_; // that was delivered
  reading now_;
};

} // namespace container_agent::simulation
