#include "actors/session/claude_session.hpp"

#include "actors/core/loggers.hpp"
#include "messages/codec/claude_details.hpp"
#include "messages/codec/control_line.hpp"
#include "messages/records/agent_record.hpp"
#include "messages/visible_text.hpp"

#include <algorithm>
#include <utility>

// What Claude says: relayed, and understood as far as it matters; what it asks
// the host, and what it does beside the host's prompts.
namespace container_agent {

// With text output the host reads another log than the one Claude fills.
std::uint64_t claude_session::output_limit() const {
  auto limit = events_.read_to() + output_window;
  if (logs_.replies == nullptr)
    return std::min(limit, shown_gone_ + config_.max_backlog);
  return logs_.replies->end() < shown_gone_ + config_.max_backlog
           ? limit
           : events_.read_to();
}

std::uint64_t claude_session::shown_to() const {
  return logs_.replies != nullptr ? logs_.replies->end() : events_.shown_to();
}

void claude_session::read_events() {
  events_.rewind();
  const auto& flying = prompts_.in_flight();
  speak_of(flying.empty() ? trace_id{} : flying.front().trace);
  if (!events_.read(child_.runs(),
                    [this](const claude_line& line) { relay(line); }))
    return;
  hand_over();
  if (events_.at_line_end() && logs_.events.owed() == 0
      && checkpoints_.is_due(events_.read_to()))
    write_checkpoint();
}

void claude_session::relay(const claude_line& line) {
  using kind = claude_line::kind;
  child_.note_activity();
  if (leaves_out(line))
    events_.leave_out();
  if (line.head.type == "assistant")
    note_answering();
  if (line.head.is_object && line.what != kind::late && line.what != kind::torn)
    understand(line);
}

// It looks like a line of Claude's, and is none.
void claude_session::in_claudes_name(std::string line) {
  encoder_->stand_in(line);
  events_.expect_own(std::move(line));
}

// What the host is not shown; others find it in the log.
bool claude_session::leaves_out(const claude_line& line) {
  using kind = claude_line::kind;
  switch (line.what) {
    case kind::late: return true; // it might be the result of a failed prompt
    case kind::torn:
      context_.log.write(log_level::info, loggers::conversation,
                         "half_line_dropped", {{"bytes", line.size()}});
      return true;
    case kind::joined:
      context_.log.write(log_level::warn, loggers::conversation,
                         "half_line_dropped", {{"bytes", line.size() + 1}});
      return true;
    case kind::whole: break;
  }
  if (!line.head.is_object && !is_blank_line(line.text()))
    context_.log.write(log_level::warn, loggers::conversation,
                       "claude_output_not_json", {{"bytes", line.size()}});
  if (comes_too_late(line.head)) {
    context_.log.write(log_level::warn, loggers::conversation,
                       "late_result_dropped",
                       {{"uuid", line.head.user_message_uuids.front()}});
    return true;
  }
  return line.head.type == "control_response"
         && is_own_request(line.head.request_id);
}

// An earlier agent has failed them, and was killed before it had ended Claude.
bool claude_session::comes_too_late(const codec::envelope& line) const {
  return line.type == "result"
         && prompts_.failed_before(line.user_message_uuids);
}

void claude_session::understand(const claude_line& relayed) {
  const auto& line = relayed.head;
  if (!line.session_id.empty()
      && (line.type == "system" || line.type == "command_lifecycle"
          || line.type == "result")
      && !line.is_error && line.session_id != session_.id())
    session_.enter(line.session_id);
  if (line.type != "result" && session_.note_word() && config_.transparent)
    session_.note_resumed();
  if (line.type == "result")
    on_result(line);
  else if (line.type == "command_lifecycle")
    on_lifecycle(line);
  else if (line.type == "user" && line.is_replay)
    on_replay(line);
  else if (line.type == "system")
    on_system(line, relayed.text());
  else if (line.type == "control_request")
    begin_request(line.request_id, relayed.text());
  else if (line.type == "control_cancel_request")
    end_request(line.request_id);
  else if (line.type == "control_response")
    on_response(line);
}

void claude_session::on_result(const codec::envelope& result) {
  context_.log.write(log_level::debug, loggers::conversation, "result_received",
                     {{"subtype", result.subtype},
                      {"is_error", result.is_error},
                      {"session_id", result.session_id}});
  if (is_failed_resume(result))
    return;
  tasks_.end_turn(!result.origin.empty());
  if (result.origin.empty())
    child_.debts().result(result.user_message_uuids.size());
  tally_.add(result.bill);
  std::vector<std::string> assumed;
  // A Claude Code that does not report the life of commands does not say whom
  // it answers, either: turns then end in the order of their prompts. One that
  // has just begun may not have reported any yet, and end a task first.
  if (result.user_message_uuids.empty() && result.origin.empty()
      && !child_.reports_lifecycle() && !prompts_.in_flight().empty())
    assumed.push_back(prompts_.in_flight().front().known_as());
  const auto& uuids = assumed.empty() ? result.user_message_uuids : assumed;
  auto answers = std::any_of(uuids.begin(), uuids.end(), [&](auto& uuid) {
    return prompts_.find_in_flight(uuid) != nullptr;
  });
  auto is_late = comes_too_late(result);
  if (answers)
    encoder_->answered(result);
  else if (!is_late
           && (config_.encoder != encoder_kind::replies || uuids.empty()
               || !result.origin.empty()))
    encoder_->added(result);
  for (const auto& uuid : uuids)
    if (const auto* p = prompts_.find_in_flight(uuid))
      close(std::string{p->uuid});
  if (prompts_.in_flight().empty())
    child_.set_interrupted(false);
  start_prompts();
}

void claude_session::on_lifecycle(const codec::envelope& event) {
  child_.note_lifecycle();
  auto* p = prompts_.find_in_flight(event.command_uuid);
  if (p == nullptr)
    return;
  if (event.state == "queued" || event.state == "started") {
    p->started = true;
    return;
  }
  // Every turn that ran has named its prompts in a `result` before this.
  end_without_result(*p, event.state);
}

void claude_session::on_replay(const codec::envelope& replay) {
  // The answer to a prompt that this very process has finished before: it will
  // say nothing more of it. A prompt that it runs was reported as started.
  auto* p = prompts_.find_in_flight(replay.uuid);
  if (p == nullptr || p->started || !child_.reports_lifecycle())
    return;
  end_without_result(*p, "completed");
}

// All before it was read, and is not needed to go on any more.
void claude_session::write_checkpoint() {
  auto from = logs_.events.end();
  checkpoints_.begin(from, logs_.to_child.end());
  logs_.events.append(codec::checkpoint_record({context_.clock.now(), from},
                                               codec::text_of(kept())));
  if (logs_.note_checkpoint && logs_.events.owed() == 0)
    logs_.note_checkpoint(from);
  checkpoints_.finish(logs_.events.end());
}

// -- control messages ---------------------------------------------------------

void claude_session::send_control(const control_message& control) {
  const auto& message = control.message;
  using kind = codec::input_message::kind;
  if ((message.what == kind::control_request
       || message.what == kind::passthrough)
      && settings_.sent(message.request_id, message.line))
    note_settings();
  if (message.what == kind::prompt) // in transparent mode
    child_.debts().prompt();
  give_claude(message.line + '\n', {}, control.input_from);
}

void claude_session::note_settings() {
  if (config_.transparent)
    return;
  if (settings_.has_forgotten())
    context_.log.write(log_level::warn, loggers::conversation,
                       "setting_forgotten",
                       {{"most", std::uint64_t{host_settings::max_known}}});
}

void claude_session::on_response(const codec::envelope& response) {
  auto success = response.subtype == "success";
  if (settings_.answered(response.request_id, success))
    note_settings();
  if (is_own_request(response.request_id))
    context_.log.write(
      log_level::debug, loggers::conversation, "control_answered",
      {{"request_id", response.request_id}, {"subtype", response.subtype}});
  if (!child_.is_starting())
    return;
  if (!child_.is_initializing()) {
    if (!settings_.restoring())
      end_restore();
  } else if (response.request_id == child_.initialize_id()) {
    begin_restore(success);
  }
}

// -- requests that wait for the host ------------------------------------------

void claude_session::begin_request(const std::string& id,
                                   std::string_view text) {
  const auto* opened
    = open_requests_.open(id, codec::read_request_details(text));
  if (opened == nullptr)
    return;
  context_.log.write(
    log_level::info, loggers::conversation, "request_opened",
    {{"request_id", id}, {"subtype", opened->subtype}, {"tool", opened->tool}});
}

void claude_session::end_request(const std::string& id) {
  open_requests_.close(id);
}

// A host that shows the request to a person takes it off the screen at this.
void claude_session::cancel_requests() {
  for (const auto& request : open_requests_.take_all()) {
    context_.log.write(log_level::info, loggers::conversation,
                       "request_cancelled",
                       {{"request_id", request.id}, {"tool", request.tool}});
    in_claudes_name(codec::cancel_request_line(request.id));
  }
}

// Claude's turn goes on, and the host learns that its answer is not wanted any
// more.
void claude_session::deny(const open_requests::entry& request) {
  auto limit = open_requests_.deny_after();
  context_.log.write(log_level::warn, loggers::conversation,
                     "permission_timed_out",
                     {{"request_id", request.id},
                      {"tool", request.tool},
                      {"after_ms", std::int64_t{limit.count()}}});
  auto line = codec::deny_tool_line(
    request.id, "Nobody has answered this permission request within "
                  + std::to_string(limit.count())
                  + " ms, so it was denied (--permission-timeout).");
  child_.note_activity();
  give_claude(line);
  encoder_->permission_timed_out(request.id, request.tool, limit);
  in_claudes_name(codec::cancel_request_line(request.id));
}

std::vector<open_request> claude_session::requests(time_point now) const {
  return open_requests_.listed(now);
}

// -- what a host that speaks Claude's whole protocol waits for ----------------

void claude_session::settle_debts() {
  if (!std::exchange(child_.debts(), {}).awaits_result())
    return;
  // Derived for the same reason as the uuid of a continuation.
  auto id = trace_id_of("end of " + session_.id() + ' '
                        + std::to_string(child_.started().generation));
  in_claudes_name(
    codec::error_result_line(session_.id(), codec::make_uuid(id.high, id.low),
                             "Claude Code ended before it had answered"));
}

// -- tasks and turns of Claude's own ------------------------------------------

void claude_session::on_system(const codec::envelope& line,
                               std::string_view text) {
  if (line.subtype == "init" && prompts_.in_flight().empty()
      && !config_.transparent) {
    tasks_.begin_turn();
    context_.log.write(log_level::debug, loggers::conversation,
                       "own_turn_begun", {});
  } else if (line.subtype == "background_tasks_changed") {
    auto ids = codec::read_task_ids(text);
    if (!ids)
      return;
    context_.log.write(log_level::info, loggers::conversation, "tasks_changed",
                       {{"running", std::uint64_t{ids->size()}}});
    tasks_.set_running(std::move(*ids));
  } else if (line.subtype == "task_notification") {
    tasks_.note_end(line.status);
  } else if (line.subtype.starts_with("task_")) {
    tasks_.note_activity();
  } else if (line.subtype == "status" && !line.permission_mode.empty()
             && child_.is_ready() && !config_.transparent
             && settings_.mode_is(line.permission_mode)) {
    note_settings();
  }
}

bool claude_session::busy() const {
  return !prompts_.in_flight().empty() || tasks_.busy();
}

// Claude ends them at once, and begins no turn of its own.
void claude_session::stop_tasks() {
  for (const auto& task : tasks_.running()) {
    auto id = outbox_.make_request_id("stop_task");
    context_.log.write(log_level::warn, loggers::conversation, "task_stopped",
                       {{"task", task}});
    give_claude(codec::stop_task_line(id, task));
  }
}

claude_tasks::setting claude_session::setting() const {
  return {prompts_.in_flight().empty(),
          input_.finished() || child_.renewal() != nullptr};
}

// -- time ---------------------------------------------------------------------

bool claude_session::wants_time() const {
  return open_requests_.wants_time() || tasks_.wants_time(setting());
}

void claude_session::pass(time_point now) {
  auto on_stall = open_requests_.pass(now);
  for (const auto& request : on_stall.unanswered)
    context_.log.write(
      log_level::warn, loggers::conversation, "request_unanswered",
      {{"request_id", request.id},
       {"subtype", request.subtype},
       {"tool", request.tool},
       {"age_s", std::int64_t{open_requests::reminder.count()}}});
  for (const auto& request : on_stall.denied)
    deny(request);
  if (tasks_.pass(now, setting()))
    context_.log.write(log_level::warn, loggers::conversation,
                       "tasks_not_awaited",
                       {{"running", std::uint64_t{tasks_.running().size()}},
                        {"reason", "nothing was heard of them for too long "
                                   "(--stall-timeout)"}});
}

std::optional<claude_session::time_point> claude_session::due() const {
  auto first = open_requests_.due();
  auto second = tasks_.due();
  return first && second ? std::min(*first, *second) : first ? first : second;
}

// -- an interrupt that somebody wants -----------------------------------------

interrupt_outcome claude_session::interrupt_on_request() {
  if (!child_.is_ready())
    return {false, "Claude is not ready"};
  const auto& flying = prompts_.in_flight();
  if (!config_.transparent && flying.empty() && !tasks_.in_turn())
    return {false, tasks_.running().empty()
                     ? "no turn is in flight"
                     : "no turn is in flight; a task in the background runs, "
                       "which an interrupt does not end"};
  std::string what = "whatever it does";
  if (!flying.empty())
    what = "the turn of prompt " + flying.front().uuid;
  else if (!config_.transparent)
    what = "a turn of its own";
  interrupt();
  return {true, "Claude was told to interrupt " + what};
}

} // namespace container_agent
