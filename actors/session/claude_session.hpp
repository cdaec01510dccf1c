#pragma once

#include "actors/core/ports.hpp"
#include "actors/memory/checkpoint_schedule.hpp"
#include "actors/memory/claude_outbox.hpp"
#include "actors/memory/claude_tasks.hpp"
#include "actors/memory/conversation_tally.hpp"
#include "actors/memory/host_settings.hpp"
#include "actors/memory/open_requests.hpp"
#include "actors/memory/prompt_queue.hpp"
#include "actors/memory/session_choice.hpp"
#include "actors/session/child_lifecycle.hpp"
#include "actors/session/event_reader.hpp"
#include "actors/session/host_encoder.hpp"
#include "actors/session/session.hpp"
#include "messages/codec/envelope.hpp"
#include "messages/codec/input_message.hpp"
#include "messages/records/agent_record.hpp"
#include "messages/records/kept_conversation.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>

namespace container_agent {

struct claude_session_config {
  codec::input_format input = codec::input_format::automatic;
  encoder_kind encoder = encoder_kind::stream_json;
  prompt_queue::limits queue;

  /// Forward everything at once, inject nothing.
  bool transparent = false;

  /// Tasks of Claude's of which nothing is heard for so long are not waited for
  /// any more; 0: for ever. (`--stall-timeout`, as for a turn.)
  std::chrono::milliseconds task_patience{0};

  /// Permission requests that the host has not answered after so long are
  /// denied; 0: never. (`--permission-timeout`)
  std::chrono::milliseconds permission_timeout{0};

  /// What takes secrets out of what Claude's requests are about.
  open_requests::redactor redact = nullptr;

  /// Longest answer in bytes that text output can show. It is held whole.
  std::size_t max_answer = 64 * 1024 * 1024;

  /// Session that the user's arguments resume, if any: to say which one was
  /// lost if Claude Code refuses it.
  std::string given_session;

  /// By this prompt Claude goes on with one that it had begun when it died;
  /// empty: such a prompt is failed.
  std::string continue_prompt = "Continue from where you left off.";

  /// A session that could not be resumed is tried again so often in a row, then
  /// it is lost.
  std::uint32_t resume_retries = 2;

  /// What of the events the host may not have yet before Claude has to wait, in
  /// bytes. (`--max-backlog`)
  std::uint64_t max_backlog = 256 * 1024 * 1024;

  /// After so many bytes of events comes a checkpoint.
  std::uint64_t checkpoint_distance = 16 * 1024 * 1024;

  input_reader::config lines;

  /// What was accepted, and that it has its end, survives the machine.
  bool sync = false;

  /// The session that an earlier agent has left can't be resumed.
  bool session_gone = false;

  /// Returns what is wrong, or an empty string.
  std::string validate() const;
};

/// The conversation with Claude Code over stream-json: checks the host's lines,
/// queues prompts, keeps one turn in flight, relays what Claude says, and after
/// a crash resumes the session, sets what the host had set, and sends what has
/// no result again.
///
/// A prompt's life:
///
///     accepted ─▶ waiting ─▶ in flight ─▶ answered (a `result` names it)
///                    │           │  ▲
///                    │           │  ├── resent after a crash, at most 3 times
///                    │           │  └── continued: Claude had begun it before
///                    └───────────┴───▶ failed (shutting_down, …)
///
/// Before a child is ready (`child_lifecycle`) no prompt is sent, and no
/// `result` ends one: a Claude that can't resume its session says one, too.
///
/// A Claude that is silent for too long is interrupted, then ended at once, and
/// the prompt sent again; should it be silent over the same prompt once more,
/// that prompt is failed.
///
/// Each of its members decides one thing, and knows nothing of the others;
/// `claude_session` tells them what has happened, and writes what comes of it
/// to the logs. What the host says is in claude_session.cpp, what Claude says
/// and asks in claude_session_output.cpp, its starts and ends in
/// claude_session_child.cpp, and what a new Claude or the next agent is given
/// in claude_session_restore.cpp.
///
/// It remembers nothing that the logs do not say: a `conversation_fold` makes
/// its state of them for the next agent.
class claude_session : public session {
public:
  /// `kept`: where an earlier agent has stopped. `alive`: the Claude that it
  /// has left is there, to be taken up.
  claude_session(claude_session_config config, conversation_logs logs,
                 actor_context context,
                 const codec::kept_conversation& kept = {}, bool alive = false);

  void on_input_grew(const input_grew& news) override { input_.grew(news); }
  void read_input() override;
  bool may_read_input() const override;
  input_window input_standing() const override;

  /// One line of the input.
  void accept_line(const host_line& line);

  void on_child_started(const child_started& child) override;
  void on_child_ended(const child_ended& end) override;
  void read_events() override;
  std::uint64_t heard() const override { return events_.heard(); }
  std::uint64_t output_limit() const override;
  std::uint64_t shown_to() const override;
  launch_child launch_plan() const override;
  bool wants_child() const override;
  bool child_runs() const override { return child_.runs(); }

  void on_restart_scheduled(const restart_scheduled& plan) override;
  void on_restarts_exhausted(const restarts_exhausted& end) override;
  void on_begin_drain(const begin_drain& drain) override;
  void on_interrupt_turn(const interrupt_turn& interrupt) override;
  void on_restart_claude(const restart_claude& wish) override;
  const renew_child* renewal() const override;
  interrupt_outcome interrupt_on_request() override;
  stall_watch watched() const override;
  void on_stall() override;
  bool wants_time() const override;
  void pass(time_point now) override;
  std::optional<time_point> due() const override;
  std::vector<open_request> requests(time_point now) const override;
  void close() override;

  /// What the next agent has to know: what a fold of the logs comes to.
  codec::kept_conversation kept() const;

  /// What comes before is not needed by anybody here.
  void release() override;

  bool drained() const override;
  bool finished() const override;

  conversation_status status() const override;
  std::uint64_t turn() const override;
  std::size_t status_requests() const override {
    return tally_.status_requests;
  }
  void answer_status(std::string_view document) override;

  /// A prompt that was sent this often and killed Claude each time is failed.
  static constexpr std::uint32_t max_sends = 4;

  /// A prompt over which Claude was silent for too long this often is failed.
  static constexpr std::uint32_t max_stalls = 2;

private:
  using control_message = claude_outbox::control_message;

  // the host's lines
  void note_input();
  void judge_line(const host_line& line);
  void route_message(const host_line& line, codec::input_message message);
  void accept_prompt(const host_line& line, codec::input_message message);
  bool repeat_prompt(const std::string& uuid);
  void concerns(trace_id prompt);
  void forward_control(const host_line& line, codec::input_message message);
  void reject(const host_line& line, std::string_view reason,
              std::string_view detail, std::string_view uuid);
  codec::input_range range_of(const host_line& line) const;
  template <class Call>
  void for_each_message(std::uint64_t from, std::uint64_t to, Call call) const;
  void recall_held(const codec::kept_conversation& kept);
  void restore(const codec::kept_conversation& kept, bool alive);
  void restore_prompt(const codec::kept_prompt& p, bool alive);
  void end_restored(const std::deque<codec::kept_prompt>& kept);
  std::string line_of(const codec::kept_prompt& prompt) const;

  // Claude's lines
  void relay(const claude_line& line);
  bool leaves_out(const claude_line& line);
  void understand(const claude_line& line);
  void write_checkpoint();
  void sync_events();
  void in_claudes_name(std::string line);
  void on_system(const codec::envelope& line, std::string_view text);
  void on_result(const codec::envelope& result);
  bool comes_too_late(const codec::envelope& line) const;
  void on_lifecycle(const codec::envelope& event);
  void on_replay(const codec::envelope& replay);
  bool is_failed_resume(const codec::envelope& result);
  void on_response(const codec::envelope& response);
  void begin_anew(std::string unwritten);
  void meet(const child_started& child);
  void become_ready();
  void log_end(const child_ended& end, std::string_view uuid,
               const std::optional<codec::event_range>& cut);

  // prompts
  void start_prompts();
  void send(const prompt& p);
  void interrupt();
  void give_stalled_up();
  void resend_prompts();
  void go_on_with_kept(const std::unordered_set<std::string>& given);
  std::unordered_set<std::string> sent_to_child() const;
  void end_without_result(prompt& p, const std::string& state);
  void continue_prompt(prompt& p);
  void fail_begun(const prompt& p);
  void note_answering();
  void lose_session();
  void forget_session(std::string_view lost, std::string_view why);
  void begin_request(const std::string& id, std::string_view text);
  void end_request(const std::string& id);
  void cancel_requests();
  void settle_debts();
  void deny(const open_requests::entry& request);
  void stop_tasks();
  bool busy() const;
  claude_tasks::setting setting() const;
  void close(const std::string& uuid);
  void fail(const prompt& p, std::string_view reason, std::string_view detail);
  void fail_in_flight(const prompt& p, std::string_view reason,
                      std::string_view detail);
  void fail_all(std::string_view reason, std::string_view detail);
  void fail_waiting(std::string_view reason, std::string_view detail);

  // control messages
  void give_claude(std::string lines, trace_id prompt = {},
                   std::uint64_t input_from = claude_outbox::no_input);
  void hand_over();
  void lose_line(const std::string& line);
  void send_control(const control_message& control);
  void release_control(const std::function<bool(const control_message&)>& deal);
  void release_settings();
  void initialize();
  void begin_restore(bool initialized);
  void end_restore();
  void tell_restored();
  void note_settings();
  std::string unwritten_control();
  void lose_control(std::string rest, bool for_good, std::string_view why);
  void lose_held_control(std::string_view why);
  void tell_lost(std::string_view type, std::string_view subtype,
                 std::string_view id, std::string_view why);

  claude_session_config config_;
  actor_context context_;
  std::unique_ptr<host_encoder> encoder_;

  // between host and Claude
  input_reader input_;
  prompt_queue prompts_;
  claude_outbox outbox_;
  event_reader events_;
  checkpoint_schedule checkpoints_;

  // Claude
  child_lifecycle child_;
  session_choice session_;
  host_settings settings_;
  open_requests open_requests_; // for the host
  claude_tasks tasks_;

  conversation_tally tally_;
  bool draining_ = false;
};

} // namespace container_agent
