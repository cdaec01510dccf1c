#include "actors/session/dialogue.hpp"

#include "actors/core/loggers.hpp"
#include "messages/visible_text.hpp"

#include <algorithm>
#include <utility>

// What Claude says: relayed, and understood as far as it matters.
namespace container_agent {

// With text output the host reads another log than the one Claude fills.
std::uint64_t dialogue::output_limit() const {
  auto limit = events_.read_to() + output_window;
  if (logs_.replies == nullptr)
    return std::min(limit, shown_gone_ + config_.max_backlog);
  return logs_.replies->end() < shown_gone_ + config_.max_backlog
           ? limit
           : events_.read_to();
}

std::uint64_t dialogue::shown_to() const {
  return logs_.replies != nullptr ? logs_.replies->end() : events_.shown_to();
}

void dialogue::take_output() {
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

void dialogue::relay(const claude_line& line) {
  using kind = claude_line::kind;
  child_.note_sign();
  if (leaves_out(line))
    events_.leave_out();
  if (line.head.type == "assistant")
    note_answering();
  if (line.head.is_object && line.what != kind::late && line.what != kind::torn)
    understand(line);
}

// It looks like a line of Claude's, and is none.
void dialogue::in_claudes_name(std::string line) {
  voice_->stand_in(line);
  events_.expect_own(std::move(line));
}

// What the host is not shown; others find it in the log.
bool dialogue::leaves_out(const claude_line& line) {
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
bool dialogue::comes_too_late(const codec::envelope& line) const {
  return line.type == "result"
         && prompts_.failed_before(line.user_message_uuids);
}

void dialogue::understand(const claude_line& relayed) {
  const auto& line = relayed.head;
  if (!line.session_id.empty()
      && (line.type == "system" || line.type == "command_lifecycle"
          || line.type == "result")
      && !line.is_error && line.session_id != session_.id())
    session_.enter(line.session_id);
  if (line.type != "result" && session_.note_word() && config_.transparent)
    session_.note_resumed();
  if (line.type == "result")
    take_result(line);
  else if (line.type == "command_lifecycle")
    take_lifecycle(line);
  else if (line.type == "user" && line.is_replay)
    take_replay(line);
  else if (line.type == "system")
    take_system(line, relayed.text());
  else if (line.type == "control_request")
    begin_request(line.request_id, relayed.text());
  else if (line.type == "control_cancel_request")
    end_request(line.request_id);
  else if (line.type == "control_response")
    take_response(line);
}

void dialogue::take_result(const codec::envelope& result) {
  context_.log.write(log_level::debug, loggers::conversation, "result_received",
                     {{"subtype", result.subtype},
                      {"is_error", result.is_error},
                      {"session_id", result.session_id}});
  if (take_failed_resume(result))
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
    voice_->answered(result);
  else if (!is_late
           && (config_.voice != voice_kind::replies || uuids.empty()
               || !result.origin.empty()))
    voice_->added(result);
  for (const auto& uuid : uuids)
    if (const auto* p = prompts_.find_in_flight(uuid))
      close(std::string{p->uuid});
  if (prompts_.in_flight().empty())
    child_.set_interrupted(false);
  start_prompts();
}

void dialogue::take_lifecycle(const codec::envelope& event) {
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

void dialogue::take_replay(const codec::envelope& replay) {
  // The answer to a prompt that this very process has finished before: it will
  // say nothing more of it. A prompt that it runs was reported as started.
  auto* p = prompts_.find_in_flight(replay.uuid);
  if (p == nullptr || p->started || !child_.reports_lifecycle())
    return;
  end_without_result(*p, "completed");
}

// All before it was read, and is not needed to go on any more.
void dialogue::write_checkpoint() {
  auto from = logs_.events.end();
  checkpoints_.begin(from, logs_.to_child.end());
  logs_.events.append(codec::checkpoint_record({context_.clock.now(), from},
                                               codec::text_of(kept())));
  if (logs_.note_checkpoint && logs_.events.owed() == 0)
    logs_.note_checkpoint(from);
  checkpoints_.finish(logs_.events.end());
}

} // namespace container_agent
