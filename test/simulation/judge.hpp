#pragma once

#include "test/simulation/input_ledger.hpp"
#include "test/simulation/run_context.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace container_agent::simulation {

/// Looks at a run from outside and says what is wrong: it is told what the
/// agent was given to read, what Claude has read and written, and what the host
/// has read, and knows nothing of the agent's inside.
class judge {
public:
  /// The agent takes lines up to `max_line` of the host's, and holds those of
  /// Claude's up to `max_held` until they are whole.
  judge(run_context& run, std::size_t max_line, std::size_t max_held)
    : input{max_line}, run_{run}, max_held_{max_held} {}

  input_ledger input;

  // -- Claude -----------------------------------------------------------------

  /// A Claude was started, to resume this session (or none).
  void launched(const std::string& resumed);

  /// It has refused to: the next one begins anew.
  void session_refused() { session_.clear(); }

  /// It was sent this prompt. Each process may get it once.
  void claude_was_sent(const std::string& uuid, const std::string& line);

  /// It has written a whole line, given without its LF. `told_session`: what
  /// the line says of the session, if anything.
  void claude_wrote(std::string line, const std::string& told_session);

  /// What it has written so far of a line that goes on.
  std::function<std::string()> claude_writes;

  /// It has ended in the middle of this line.
  void claude_cut(std::string part);

  /// It has written all of the result of this prompt's turn.
  void turn_ended(const std::string& uuid);

  // -- agents that die (`--keep-claude`) --------------------------------------

  /// What is known of one in the moment of its death.
  struct legacy {
    std::uint64_t dealt_with = 0;   ///< position in the input
    std::set<std::uint64_t> told{}; ///< lines that its log or journal tells of
    std::set<std::string> accepted{};
    std::set<std::string> failed{}; ///< … of which these have
  };

  /// An agent dies. The next one reads on from this position.
  void agent_dies(std::uint64_t position) { input.next_reader(position); }

  /// The host has read all that it wrote, `half` of a line at the end: what it
  /// had not told by then, nobody will.
  void agent_is_heard(const legacy& left, std::string_view half);

  /// A Claude died while no agent was there, which takes with it what it had
  /// written and no agent moved. The journal knows of this session. Prompts
  /// whose result nobody has seen may run again. Returns how many lines were
  /// written so far.
  std::uint64_t output_is_lost(const std::string& session,
                               const std::vector<std::string>& unseen);

  /// The host has read all there was before that.
  void loss_is_heard(std::uint64_t lines, std::string_view half);

  // -- the host ---------------------------------------------------------------

  /// The host writes a prompt with this uuid as this line.
  void host_wrote(const std::string& uuid, const std::string& line) {
    written_[uuid] = line;
  }

  /// It has read a line, given without its LF.
  void host_read(std::string_view line);

  /// It has read all there was; this is half a line at the end.
  void output_ended(std::string_view rest);

  /// What is still owed to the host, in words; empty if nothing.
  std::string owed() const;

  /// The part of it that is about prompts that were accepted.
  std::string owed_prompts() const;

  /// Prompts that were accepted and have no end.
  std::size_t open_prompts() const { return open_prompts_; }

  std::uint64_t prompts() const { return prompts_.size(); }
  bool stopping() const { return stopping_; }

private:
  struct claude_line {
    std::string text;
    bool cut = false;
    std::uint64_t number = 0;
  };

  struct prompt_state {
    std::string end;     // "result" or "failed", empty while open
    std::string failure; // the reason that was told, if any
  };

  void take_record(std::string_view line);
  void take_accepted(std::string_view line);
  void take_rejected(std::string_view line);
  void take_failed(std::string_view line);
  void take_continued(std::string_view line);
  void take_lost_request(std::string_view line);
  std::vector<std::string> hosts_answered_by(std::string_view line) const;
  void take_claude_line(std::string_view line);
  bool is_agents_cancel(std::string_view line) const;
  void take_cancel(std::string_view line);
  bool comes_too_late(std::string_view line) const;
  void choose_claude_line(std::string_view line);
  void end_prompt(const std::string& uuid, const std::string& how);

  run_context& run_;
  std::size_t max_held_;
  std::string session_; // that the next Claude has to resume
  std::set<std::string> sessions_{""};
  std::deque<claude_line> claude_lines_;
  std::uint64_t lines_written_ = 0;
  std::string torn_;                // half a record of a dead agent's
  std::uint64_t blank_lines_ = 0;   // that an agent may have put behind it
  bool line_ended_ = false;         // by the agent, as its time was up
  bool written_line_ended_ = false; // … and Claude still writes that line
  std::uint64_t losses_ = 0;
  std::uint64_t deaths_ = 0; // of agents
  std::map<std::string, prompt_state> prompts_;
  std::set<std::string> asked_again_;            // prompts that had failed
  std::map<std::string, std::string> continued_; // the agent's uuids: whose
  std::set<std::string> lost_requests_;
  std::map<std::string, std::string> written_;
  std::set<std::string> sent_;  // to the Claude that runs
  std::set<std::string> asked_; // requests that the host has read
  std::set<std::string> turns_ended_;
  std::size_t open_prompts_ = 0;
  std::uint64_t statuses_ = 0;
  bool stopping_ = false;
};

} // namespace container_agent::simulation
