#pragma once

#include "test/support/fake/arguments.hpp"
#include "test/support/fake/io.hpp"
#include "test/support/fake/signals.hpp"
#include "test/support/fake/state.hpp"
#include "test/support/fake/tools.hpp"
#include "test/support/fake/voice.hpp"

#include <algorithm>
#include <cstdio>
#include <deque>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace container_agent::test::fake {

/// One turn that runs. Prompts that were queued together when the turn before
/// ended are one turn: so does Claude Code.
struct turn {
  std::vector<std::string> uuids; ///< Of those prompts that have one.
  std::string last_uuid;          ///< Of the last prompt; may be empty.
  std::string text;               ///< All texts, joined by LF.
  std::string answer;
  bool interrupted = false;
  bool is_error = false; ///< As after an API error.
  bool silent = false;   ///< Its result was said already, or never will be.
  bool wordless = false; ///< A result and nothing else, as of a command.
  bool replayed = false; ///< The last prompt was.
  bool used_tool = false;
  std::string open_tool;           ///< Interrupted before it had a result.
  std::vector<std::string> joined; ///< Prompts that came while a tool ran.
  int exit_after = -1;
};

/// What a word in a prompt makes it do; in fake_claude.cpp.
class claude;
void perform(claude& self, turn& t, const std::string& command);

/// The text of a prompt; `false` for a content that Claude Code swallows.
inline bool text_of(const json& message, std::string& text) {
  const auto& content = message["message"]["content"];
  if (content.is_string()) {
    text = content.get<std::string>();
    return true;
  }
  if (content.is_null())
    return true;
  if (!content.is_array())
    return false;
  for (const auto& part : content) {
    if (!part.is_object())
      return false;
    if (part.value("type", "") != "text")
      continue;
    if (!part.contains("text") || !part["text"].is_string())
      return false;
    text += part["text"].get<std::string>();
  }
  return true;
}

/// Claude Code's side of stream-json: reads, queues, runs turns.
class claude {
public:
  claude(int argc, char** argv)
    : argc{argc}, argv{argv}, args{parse(argc, argv)} {}

  int argc;
  char** argv;
  arguments args;
  voice say;
  state kept;

  int run();

  [[noreturn]] void die(int code) {
    say.out.flush();
    ::_exit(code);
  }

  /// Reads on in the middle of a turn: until an interrupt, SIGINT, the answer
  /// to a permission, or something on `other_fd`. The end of stdin ends only
  /// the wait for a permission.
  void wait_in_turn(turn& t, int other_fd);

  void ask_permission(turn& t);

  /// Until somebody lets the model answer, who opens the FIFO `answers`.
  void wait_held(turn& t);

  /// The first words of the answer: from now on the transcript knows the
  /// prompts, and a Claude that resumes it does not run them again.
  void begin_to_answer(turn& t);

  /// Those of the host, by their ids.
  [[nodiscard]] const std::vector<json>& hooks() const { return hooks_; }

  /// Runs in the background from now on.
  void start_task(const std::string& command);

  /// The model asks for a shell command.
  void use_tool(turn& t, const std::string& command, bool background);

private:
  /// From now on its prompts are in the transcript.
  void save(const turn& t);

  void end_tool(turn& t, bool is_error) {
    say.tool_result(t.open_tool, t.answer, is_error);
    t.open_tool.clear();
  }

  /// Sends a request to the host and waits for the answer; null if none comes
  /// any more.
  template <class Request>
  json ask_host(turn& t, Request request) {
    asked_ = new_uuid();
    permission_ = nullptr;
    request(asked_);
    wait_in_turn(t, -1);
    cancel_asked(t.interrupted);
    return std::exchange(permission_, nullptr);
  }

  void cancel_asked(bool tell);

  /// Hooks first, then the host, if somebody has to allow it.
  bool may_use_tool(turn& t);

  /// What has come while a tool ran is told to the model behind it.
  void let_prompts_join(turn& t);

  // -- tasks ------------------------------------------------------------------

  void read_task();
  void end_task(const char* status);

  /// Runs a turn that no prompt began, because a task is over.
  void run_own_turn();

  void end_if_signalled();

  /// Tasks have died with the process before: that is told at once, and a turn
  /// about it follows when somebody speaks.
  void take_up_session();

  [[noreturn]] void refuse(const std::string& why) {
    std::fprintf(stderr, "%s\n", why.c_str());
    die(1);
  }

  void take_line(const std::string& line);
  void take_control_response(const json& message, const std::string& line);
  void take_control_request(const json& message);
  static void refuse_request(json& answer, const char* code,
                             const std::string& why);
  void set_mode(const std::string& mode, json& answer);

  /// Those that were registered before stay.
  void take_hooks(const json& request);

  void take_user(json& message);

  // -- turns ------------------------------------------------------------------

  /// Takes all that is queued, as one turn.
  void run_turn();

  void clear(turn& t);
  void begin_turn(turn& t);
  void obey(turn& t);

  /// Replays the last prompt; held back until there is an answer.
  void replay(turn& t);

  void finish(turn& t);

  input in_;
  std::deque<json> queue_;
  std::set<std::string> seen_;     ///< By this process.
  std::set<std::string> answered_; ///< By those before it.
  bool interrupted_ = false;
  bool last_failed_ = false;
  std::string asked_;       ///< The permission request that waits.
  json permission_;         ///< Its answer.
  json message_;            ///< The last prompt of the turn that runs.
  std::vector<json> hooks_; ///< Called back before a tool is used.
  background_task task_;
  std::size_t tasks_over_ = 0; ///< Of which no turn has told.
  std::size_t turns_ = 0;
  bool stale_ = false; ///< Tasks have died with the process before.
  bool initialized_ = false;
  bool in_turn_ = false;
  bool ending_ = false; ///< By end_session, behind the turn.
};

} // namespace container_agent::test::fake
