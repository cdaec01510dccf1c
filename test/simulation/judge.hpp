#pragma once

#include "test/simulation/input_ledger.hpp"
#include "test/simulation/question_ledger.hpp"
#include "test/simulation/request_ledger.hpp"
#include "test/simulation/run_context.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace container_agent::simulation {

/// The agent's options, as far as they say what it may do. 0: never.
struct agent_options {
  time_span permission_timeout{0};
  time_span stall_timeout{0};
  time_span drain_timeout{0};
  std::uint32_t resume_retries = 2;
  bool mortal = false;  ///< another one comes when it dies
  bool replies = false; ///< the host has text, a reply for each prompt
};

/// Looks at a run from outside and says what is wrong. The log of events is the
/// truth: it is held against what Claude has written, and against what the host
/// has written; and what the host reads is held against it. Knows nothing of
/// the agent's inside.
class judge {
public:
  /// The agent takes lines up to `max_line` of the host's.
  judge(run_context& run, std::size_t max_line, agent_options options = {});

  judge(const judge&) = delete;
  judge& operator=(const judge&) = delete;

  input_ledger input;
  request_ledger requests;
  question_ledger questions;

  // -- Claude -----------------------------------------------------------------

  /// A Claude was started, to resume this session (or none).
  void launched(const std::string& resumed);

  /// It is told to end, while this task of its own runs.
  void told_to_end_in(const std::string& task);

  /// It has read a line.
  void claude_reads() { questions.reads(); }

  /// It has died.
  void claude_ended();

  /// It was sent this prompt. Each process may get it once.
  void claude_was_sent(const std::string& uuid, const std::string& line);

  /// It has written a whole line, given without its LF. `told_session`: what
  /// the line says of the session, if anything.
  void claude_wrote(const std::string& line, const std::string& told_session);

  /// It has ended in the middle of this line.
  void claude_cut(std::string part, const std::string& told_session);

  /// Nobody will ever read this last part of what it has written.
  void claude_lost(std::string_view unread);

  /// It has written all of the result of this prompt's turn.
  void turn_ended(const std::string& uuid);

  // -- the log of events ------------------------------------------------------

  /// It has got this: from Claude, or from the agent; or the agent has ended
  /// Claude's line.
  void claude_moved(std::string_view data) { events_grew(data, true); }
  void agent_appended(std::string_view lines) { events_grew(lines, false); }
  void line_ended();

  /// Another agent begins, and reads the input from this position on.
  std::uint64_t dealt_with() const { return dealt_with_; }
  void agent_begins(std::uint64_t noted_input, bool claude_lives);

  /// The log of Claude's input has got these lines.
  void given_to_claude(std::string_view lines);

  // -- the host ---------------------------------------------------------------

  /// The host writes a prompt with this uuid as this line.
  void host_wrote(const std::string& uuid, const std::string& line) {
    written_[uuid] = line;
  }

  /// What it reads from now on begins here in the log.
  void host_begins_at(std::uint64_t offset);

  /// It has read a line, given without its LF; or, where it has each as a reply
  /// of its own, a reply.
  void host_read(std::string_view line);
  void host_read_reply(std::string_view text);

  /// What the agent lists as open requests of Claude's.
  void requests_listed(const std::vector<std::string>& ids);

  /// What it says in a status document: to the host, which may read it much
  /// later, or to a client at once.
  void status_said(std::string_view document, bool at_once);

  /// It has read all there was; this is half a line at the end.
  void output_ended(std::string_view rest);

  /// What is still owed to the host, in words; empty if nothing.
  std::string owed() const;

  /// The part of it that is about prompts that were accepted.
  std::string owed_prompts() const;

  std::uint64_t prompts() const { return prompts_.size(); }

private:
  struct claude_line {
    std::string text;
    bool cut = false;
    std::string session; // that it tells
  };

  /// Whether a host reads a line of the log.
  enum class shows : std::uint8_t { always, perhaps, never };

  struct logged_line {
    std::uint64_t offset = 0;
    std::string text;
    bool from_claude = false;
    shows shown = shows::always;
  };

  struct prompt_state {
    std::string end;     // "result" or "failed", empty while open
    std::string failure; // the reason that was told, if any
  };

  void note_written(const std::string& line);

  // the log
  void events_grew(std::string_view data, bool from_claude);
  void take_logged(std::string text, bool from_claude, bool cut);
  void take_record(logged_line& line);
  void take_accepted(std::string_view line);
  void take_rejected(std::string_view line);
  void note_dealt_with(std::string_view line, std::uint64_t to);
  void take_failed(std::string_view line);
  void take_continued(std::string_view line);
  void take_claude_line(logged_line& line, bool cut);
  bool ends_early(const std::string& line);
  void hear_of_session(const claude_line& line, bool cut);
  void lose_session();
  void owe_reply(const std::string& part);
  void match_replies();
  std::vector<std::string> hosts_answered_by(std::string_view line) const;
  bool has_failed(const std::string& uuid) const;
  void end_prompt(const std::string& uuid, const std::string& how);

  // what the host reads
  void note_own_line(std::string_view line);
  void note_claude_line(std::string_view line);

  run_context& run_;
  agent_options options_;

  // Claude
  std::deque<claude_line> claude_lines_; // that are not in the log yet
  std::size_t ended_ = 0; // what an agent has ended of the line it is within
  std::string session_;   // that the next Claude has to resume
  std::string refused_session_;      // … had to, and its loss is not told yet
  std::uint32_t failed_resumes_ = 0; // in a row
  std::uint64_t sessions_lost_ = 0;
  std::uint64_t losses_told_ = 0; // of those
  bool launched_ = false;         // the Claude whose lines come
  bool session_gone_ = false;     // … but for the launch of the next one
  std::map<std::string, std::string> written_;
  std::set<std::string> sent_; // to the Claude that runs
  std::set<std::string> turns_ended_;
  std::set<std::string> answered_; // prompts, by results that were written
  time_span task_sign_{0};         // when Claude last spoke of a task

  // the log
  std::string part_; // of a line
  bool part_is_claudes_ = false;
  std::uint64_t end_ = 0; // of its whole lines
  std::vector<logged_line> lines_;
  std::uint64_t deaths_ = 0; // of agents
  std::uint64_t dealt_with_ = 0;
  std::uint64_t held_from_ = 0; // messages for Claude, before that
  std::map<std::string, std::uint64_t> requests_end_; // where, in the input
  std::map<std::string, prompt_state> prompts_;
  std::set<std::string> asked_again_;            // prompts that had failed
  std::map<std::string, std::string> continued_; // the agent's uuids: whose
  std::uint64_t statuses_ = 0;
  bool stopping_ = false;
  std::deque<std::string> owed_replies_; // parts of them

  // the host
  std::deque<std::string> replies_; // whose cause is not in the log yet
  std::size_t next_line_ = 0;       // that it reads
  std::size_t furthest_line_ = 0;
  std::set<std::string> asked_;       // requests that it has read
  std::set<std::string> tasks_shown_; // likewise
};

} // namespace container_agent::simulation
