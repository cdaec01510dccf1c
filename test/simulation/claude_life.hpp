#pragma once

#include "test/simulation/child_life.hpp"
#include "test/simulation/judge.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace container_agent::simulation {

/// One process of a simulated Claude Code, as docs/claude-code.md describes it,
/// from its start to its end.
///
/// It reads its stdin in pieces, answers `initialize`, runs one turn after the
/// other as a script of lines with pauses in between, and dies when its fate
/// says so.
class claude_life : public child_life {
public:
  claude_life(run_context& run, judge& bench, claude_sessions& sessions,
              const claude_plan& plan, std::string resume, child_pipes pipes);

  /// Turns that begin from now on do not stall, and all that it is asked it
  /// does.
  void behave() override { plan_ = plan_.harmless(); }

  /// It has nothing to do.
  bool idle() const;

  /// It does nothing more by itself and nothing tells the agent so.
  bool wedged() const { return !dead_ && wedged_; }

  // For prompts with words (`claude_plan::obeys_words`).

  /// Answers are held back no more.
  void release_answers();

  /// The tool that waits at the gate ends.
  void release_tool();

  /// It is the host's turn to answer; and that can't be denied in its place.
  bool waits_for_host() const { return !dead_ && !permission_.empty(); }
  bool waits_for_hook() const;

protected:
  void dying() override;
  void closing_input() override;
  void asked_to_stop() override;
  void told_to_terminate() override;

private:
  enum class gate : std::uint8_t { none, answer, tool };

  struct step {
    std::string text;                ///< whole lines
    std::function<void()> then = {}; ///< once they are written
    std::string permission = {};     ///< the request that has to be answered
    gate waits = gate::none;         ///< before anything else
  };

  struct prompt {
    std::string uuid; ///< may be empty
    std::string text; ///< what it begins with
    std::size_t size = 0;
  };

  struct answer_to_come {
    std::string text;
    std::string what; ///< the request's subtype
  };

  // what comes in
  void read_input();
  void read_input(std::size_t most);
  void take_line(const std::string& line);
  void take_prompt(const std::string& uuid, const std::string& line);
  void take_request(const std::string& line);
  bool ignores(const std::string& id, bool own);
  void answer_soon(std::string answer, const std::string& what);
  std::string answer_to(const std::string& id, const std::string& what,
                        const std::string& line);
  std::string set_mode(const std::string& id, const std::string& mode);
  void initialized();
  void take_answer(const std::string& line);
  void interrupt();

  // turns
  bool can_resume();
  void refuse(const std::string& session);
  void begin_turn();
  void begin_own_turn();
  void take_up(prompt next);
  std::string clear();
  std::string replay() const;
  void write_script();
  void write_chatter();
  void write_tool_use();
  void write_task();
  void write_result();
  void push_result(const std::string& result, const char* state);
  void answered(const std::vector<std::string>& uuids);
  void end_turn();
  void run_script();
  void next_step();
  void hear_of_end();
  void end_if_told();
  bool told_to_end() const { return told_to_end_ || pipes_.input.at_end(); }

  // turns by words: claude_words.cpp
  void obey_words();
  void answer(const std::string& text, bool is_error = false);
  void use_tool();
  void call_hooks();
  void ask_for_tool();
  void run_tool();
  void end_tool(bool is_error);
  void join_prompts();
  void begin_task(const std::string& task);
  void end_task(const char* status);
  std::string next_request(const char* kind);
  std::string next_task();

  // what goes out
  void say(std::string_view lines, std::function<void()> then = {});
  void pump();
  void account(std::string_view piece);
  void line_is_out();
  std::string told_session(std::string_view line) const;
  void cut_line();

  judge& judge_;
  claude_sessions& sessions_;
  std::string session_;

  bool wedged_ = false;
  bool output_closed_ = false;
  bool refusing_ = false;
  bool ending_ = false;
  bool told_to_end_ = false;
  bool heard_of_end_ = false;

  std::string part_in_; // of a line
  std::uint64_t read_ = 0;
  bool reading_ = false;

  std::deque<prompt> waiting_;
  std::vector<std::string> turn_;   // uuids of the turn that runs
  std::vector<std::string> joined_; // … and of what came while its tool ran
  prompt last_;                     // prompt of that turn
  std::set<std::string> seen_here_;
  std::set<std::string> refused_here_;
  std::deque<step> script_;
  std::deque<answer_to_come> answers_;
  std::string permission_; // waits for the answer to this
  std::function<void(const std::string& line)> on_answer_; // to it
  std::string tool_; // that is used and has no result yet
  std::string mode_; // of permissions
  gate waits_ = gate::none;
  bool answers_released_ = false;
  bool hooks_ = false;
  bool initialized_ = false;
  bool used_tool_ = false;
  bool replayed_ = false;
  bool last_failed_ = false;
  bool stopped_ = false;   // by SIGINT
  bool stale_ = false;     // a task has died with the process before
  unsigned own_turns_ = 0; // to come
  bool turn_runs_ = false;
  bool stepping_ = false;
  bool result_said_ = false;
  std::uint64_t turns_ = 0;

  std::string unsaid_;
  std::deque<std::function<void()>> unsaid_lines_; // once they are written
  std::string part_out_;                           // of a line, in the pipe
  std::uint64_t written_ = 0;
  bool pumping_ = false;
};

} // namespace container_agent::simulation
