#include "actors/session/dialogue.hpp"

#include "actors/core/loggers.hpp"
#include "messages/codec/claude_details.hpp"
#include "messages/codec/control_line.hpp"
#include "messages/records/agent_record.hpp"

#include <algorithm>
#include <utility>

// What Claude asks the host, and what it does beside the host's prompts.
namespace container_agent {

// -- requests that wait for the host ------------------------------------------

void dialogue::begin_request(const std::string& id, std::string_view text) {
  const auto* opened
    = open_requests_.open(id, codec::read_request_details(text));
  if (opened == nullptr)
    return;
  context_.log.write(
    log_level::info, loggers::conversation, "request_opened",
    {{"request_id", id}, {"subtype", opened->subtype}, {"tool", opened->tool}});
}

void dialogue::end_request(const std::string& id) {
  open_requests_.close(id);
}

// A host that shows the request to a person takes it off the screen at this.
void dialogue::cancel_requests() {
  for (const auto& request : open_requests_.take_all()) {
    context_.log.write(log_level::info, loggers::conversation,
                       "request_cancelled",
                       {{"request_id", request.id}, {"tool", request.tool}});
    in_claudes_name(codec::cancel_request_line(request.id));
  }
}

// Claude's turn goes on, and the host learns that its answer is not wanted any
// more.
void dialogue::deny(const open_requests::entry& request) {
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
  child_.note_sign();
  give_claude(line);
  voice_->permission_timed_out(request.id, request.tool, limit);
  in_claudes_name(codec::cancel_request_line(request.id));
}

std::vector<open_request> dialogue::requests(time_point now) const {
  return open_requests_.listed(now);
}

// -- what a host that speaks Claude's whole protocol waits for ----------------

void dialogue::settle_debts() {
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

void dialogue::take_system(const codec::envelope& line, std::string_view text) {
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
    tasks_.note_sign();
  } else if (line.subtype == "status" && !line.permission_mode.empty()
             && child_.is_ready() && !config_.transparent
             && settings_.mode_is(line.permission_mode)) {
    note_settings();
  }
}

bool dialogue::busy() const {
  return !prompts_.in_flight().empty() || tasks_.busy();
}

// Claude ends them at once, and begins no turn of its own.
void dialogue::stop_tasks() {
  for (const auto& task : tasks_.running()) {
    auto id = outbox_.make_request_id("stop_task");
    context_.log.write(log_level::warn, loggers::conversation, "task_stopped",
                       {{"task", task}});
    give_claude(codec::stop_task_line(id, task));
  }
}

claude_tasks::setting dialogue::setting() const {
  return {prompts_.in_flight().empty(),
          input_.finished() || child_.renewal() != nullptr};
}

// -- time ---------------------------------------------------------------------

bool dialogue::wants_time() const {
  return open_requests_.wants_time() || tasks_.wants_time(setting());
}

void dialogue::pass(time_point now) {
  auto overdue = open_requests_.pass(now);
  for (const auto& request : overdue.unanswered)
    context_.log.write(
      log_level::warn, loggers::conversation, "request_unanswered",
      {{"request_id", request.id},
       {"subtype", request.subtype},
       {"tool", request.tool},
       {"age_s", std::int64_t{open_requests::reminder.count()}}});
  for (const auto& request : overdue.denied)
    deny(request);
  if (tasks_.pass(now, setting()))
    context_.log.write(log_level::warn, loggers::conversation,
                       "tasks_not_awaited",
                       {{"running", std::uint64_t{tasks_.running().size()}},
                        {"reason", "nothing was heard of them for too long "
                                   "(--stall-timeout)"}});
}

std::optional<dialogue::time_point> dialogue::due() const {
  auto first = open_requests_.due();
  auto second = tasks_.due();
  return first && second ? std::min(*first, *second) : first ? first : second;
}

// -- an interrupt that somebody wants -----------------------------------------

interrupt_outcome dialogue::interrupt_on_request() {
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
