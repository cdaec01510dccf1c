#include "actors/session/dialogue.hpp"

#include "actors/core/loggers.hpp"
#include "actors/core/message_hook.hpp"
#include "messages/codec/control_line.hpp"
#include "messages/codec/json_start.hpp"
#include "messages/records/agent_record.hpp"
#include "messages/visible_text.hpp"

#include <algorithm>
#include <utility>

namespace container_agent {

namespace {

// The agent's own state has failed such a prompt, not what Claude made of it.
// Claude Code may know the prompt all the same; it then ends as `no_result`.
bool may_run_again(std::string_view failure) {
  return failure == "gave_up" || failure == "shutting_down";
}

} // namespace

std::string dialogue_config::validate() const {
  if (queue.prompts == 0)
    return "the queue needs room for at least one prompt";
  if (queue.in_flight == 0)
    return "at least one turn must be allowed in flight";
  if (transparent && is_text(voice))
    return "transparent mode has no text output";
  return {};
}

dialogue::dialogue(dialogue_config config, conversation_logs logs,
                   actor_context context, const codec::kept_conversation& kept,
                   bool alive)
  : bridge{logs},
    config_{std::move(config)},
    context_{context},
    voice_{make_host_voice(config_.voice, context, logs_)},
    input_{logs_.input, config_.lines,
           std::clamp(kept.input, logs_.input.begin(), logs_.input.end())},
    prompts_{config_.queue},
    outbox_{config_.queue.bytes},
    events_{logs_.events,
            logs_.replies == nullptr,
            {.max_result = is_text(config_.voice) ? config_.max_answer : 0}},
    checkpoints_{config_.checkpoint_distance, logs_.events.begin(),
                 logs_.to_child.begin()},
    session_{config_.resume_retries, config_.given_session},
    open_requests_{config_.permission_timeout, config_.redact},
    tasks_{config_.task_patience} {
  shown_gone_ = logs_.shown().begin();
  to_child_gone_ = logs_.to_child.end();
  restore(kept, alive);
}

// -- the host's lines ---------------------------------------------------------

// A line that throws is at the front the next time, too.
void dialogue::take_input() {
  while (may_take_input()) {
    const auto* line = input_.front();
    if (line == nullptr)
      return;
    take(*line);
    input_.pop();
    note_input();
  }
}

// Control messages and what a transparent host says leave no record.
void dialogue::note_input() {
  if (logs_.note_input && logs_.events.owed() == 0 && logs_.to_child.owed() == 0
      && (tally_.status_requests == 0 || events_.closed()))
    logs_.note_input(outbox_.first_input(input_.position()));
}

void dialogue::take(const host_line& line) {
  take_text(line);
  ++tally_.counts.lines; // not before: should that have thrown, it comes again
}

input_window dialogue::input_standing() const {
  auto taken = input_.half() ? input_.position() : input_.read_to();
  auto more = may_take_input() ? small_window : 0;
  return {taken, input_.read_to() + more, input_.half()};
}

void dialogue::take_text(const host_line& line) {
  if (line.ending == line_ending::too_long)
    return reject(line, "too_long",
                  std::to_string(line.size)
                    + " bytes: over the limit; raise it (--max-line-bytes) or "
                      "send less",
                  {});
  if (is_blank_line(codec::without_mark(line.text)))
    return;
  auto outcome = codec::read_input(line.text, config_.input);
  if (auto* fault = std::get_if<codec::input_fault>(&outcome))
    return reject(line, fault->reason, fault->detail, fault->uuid);
  auto& message = std::get<codec::input_message>(outcome);
  // JSON that is whole is whole without a line feed, too. Of plain text nobody
  // can tell, and half a prompt may mean something else than the whole one.
  auto is_json = config_.input != codec::input_format::text
                 && codec::start_of(line.text) == codec::json_start::object;
  if (line.ending == line_ending::cut && !is_json)
    return reject(line, "incomplete_line",
                  "its writer closed the pipe before the line feed that ends "
                  "a prompt: send it again with one",
                  {});
  take_message(line, std::move(message));
}

bool dialogue::may_take_input() const {
  if (logs_.shown().end() >= shown_gone_ + config_.max_backlog
      || logs_.to_child.end() + outbox_.queued_bytes()
           >= to_child_gone_ + small_window
      || logs_.events.owed() >= small_window || !logs_.trouble().empty()
      || outbox_.full())
    return false;
  // An answer that Claude waits for may stand behind prompts that find no room:
  // these are then refused instead of blocking it for ever.
  return !prompts_.full() || config_.transparent || !open_requests_.empty();
}

void dialogue::take_message(const host_line& line,
                            codec::input_message message) {
  using kind = codec::input_message::kind;
  // A Claude that has outlived its actor may wait for just this answer.
  auto awaited = message.what == kind::control_response
                 && open_requests_.contains(message.request_id);
  if (!child_.gave_up().empty() && !awaited
      && message.what != kind::status_request)
    return reject(line, "claude_unavailable",
                  "Claude is not started again until somebody asks for it "
                  "(container-agent restart-claude): "
                    + child_.gave_up(),
                  message.uuid);
  switch (message.what) {
    case kind::prompt: return take_prompt(line, std::move(message));
    case kind::status_request: ++tally_.status_requests; return;
    default: return take_control(line, std::move(message));
  }
}

// From here on it is known whose line it is.
void dialogue::concerns(trace_id prompt) {
  speak_of(prompt);
  if (context_.hook != nullptr)
    context_.hook->concerns(prompt);
}

void dialogue::take_prompt(const host_line& line,
                           codec::input_message message) {
  if (draining_)
    return reject(line, "shutting_down",
                  "the agent is stopping: send it to the next one",
                  message.uuid);
  if (config_.transparent) {
    context_.log.write(
      log_level::info, loggers::conversation, "prompt_forwarded",
      {{"uuid", message.uuid}, {"bytes", std::uint64_t{message.line.size()}}});
    return take_control(line, std::move(message));
  }
  if (!message.uuid.empty() && prompts_.seen(message.uuid)
      && take_again(message.uuid))
    return;
  if (prompts_.full() && !open_requests_.empty())
    return reject(line, "queue_full",
                  "Claude waits for an answer of the host, and "
                    + std::to_string(prompts_.waiting())
                    + " prompts wait already: answer, then send it again",
                  message.uuid);
  prompts_.forget(message.uuid);
  if (message.uuid.empty()) {
    auto high = context_.random.next();
    message.uuid = codec::make_uuid(high, context_.random.next());
    message.line = codec::with_uuid(message.line, message.uuid);
  }
  auto position = prompts_.waiting() + prompts_.in_flight().size();
  message.line.push_back('\n');
  prompt p{std::move(message.uuid), std::move(message.line)};
  p.input_from = line.begin;
  p.input_to = line.end;
  context_.log.write(log_level::info, loggers::conversation, "prompt_accepted",
                     {{"uuid", p.uuid},
                      {"line", line.number},
                      {"bytes", std::uint64_t{p.line.size()}},
                      {"position", std::uint64_t{position}}});
  ++tally_.counts.accepted;
  concerns(p.trace);
  voice_->accepted({p.uuid, position, false, range_of(line)});
  sync_events();
  prompts_.push(std::move(p));
  start_prompts();
}

// A prompt whose uuid was accepted before. True if its end is, or will be, what
// came of that one: else it is as if it had never been.
bool dialogue::take_again(const std::string& uuid) {
  const auto* failure = prompts_.failure(uuid);
  if (failure != nullptr && may_run_again(*failure))
    return false;
  context_.log.write(log_level::info, loggers::conversation, "prompt_duplicate",
                     {{"uuid", uuid}});
  concerns(trace_id_of(uuid));
  voice_->duplicate(uuid, failure != nullptr ? *failure : std::string{});
  return true;
}

void dialogue::take_control(const host_line& line,
                            codec::input_message message) {
  if (message.what == codec::input_message::kind::control_response)
    end_request(message.request_id);
  else if (message.what == codec::input_message::kind::control_cancel)
    settings_.cancelled(message.request_id);
  child_.note_sign(); // Claude has something to do again
  context_.log.write(log_level::debug, loggers::conversation,
                     "control_forwarded",
                     {{"request_id", message.request_id},
                      {"bytes", std::uint64_t{message.line.size()}}});
  // One that is about to end for a new one will not read it any more.
  auto unblocks = child_.is_starting() && !settings_.restoring()
                  && !settings_.blocked().empty()
                  && host_settings::may_unblock(message.line);
  if ((child_.is_ready() || unblocks) && renewal() == nullptr)
    return send_control({std::move(message), line.begin});
  outbox_.hold({std::move(message), line.begin});
}

void dialogue::release_control(
  const std::function<bool(const control_message&)>& deal) {
  outbox_.release(deal);
  note_input();
}

void dialogue::reject(const host_line& line, std::string_view reason,
                      std::string_view detail, std::string_view uuid) {
  ++tally_.counts.rejected;
  context_.log.write(log_level::warn, loggers::conversation, "line_rejected",
                     {{"reason", reason},
                      {"detail", detail},
                      {"line", line.number},
                      {"uuid", uuid}});
  speak_of(uuid.empty() ? trace_id{} : trace_id_of(uuid));
  voice_->rejected(
    {reason, detail, line.number, uuid, line.text, range_of(line)});
}

codec::input_range dialogue::range_of(const host_line& line) const {
  return {line.begin, line.end, outbox_.first_input(line.end)};
}

// -- prompts ------------------------------------------------------------------

void dialogue::start_prompts() {
  // A restart that waits for tasks only may wait for long.
  if (!child_.is_ready()
      || (child_.renewal() != nullptr && !tasks_.holds_back()))
    return;
  while (const auto* p = prompts_.start_next())
    send(*p);
}

void dialogue::send(const prompt& p) {
  context_.log.write(log_level::debug, loggers::conversation, "prompt_sent",
                     {{"uuid", p.uuid}, {"attempt", p.sent}});
  auto line = p.continued_as.empty()
                ? p.line
                : codec::prompt_line(config_.continue_prompt, p.continued_as);
  // Claude runs the prompt anew if its transcript does not have it.
  if (p.again && p.answering)
    line = codec::with_notice(line);
  give_claude(line, p.trace);
  child_.note_sign();
}

void dialogue::interrupt() {
  auto id = outbox_.make_request_id("interrupt");
  const auto& flying = prompts_.in_flight();
  context_.log.write(log_level::warn, loggers::conversation, "turn_interrupted",
                     {{"uuid", flying.empty() ? "" : flying.front().uuid}});
  give_claude(codec::control_request_line(id, "interrupt"));
}

void dialogue::resend_prompts() {
  auto unfinished = prompts_.in_flight(); // a copy: failing removes from it
  for (const auto& p : unfinished) {
    if (p.sent >= max_sends) {
      fail(p, "crashed",
           "Claude ended " + std::to_string(p.sent) + " times at this prompt");
      prompts_.close(p.uuid);
      continue;
    }
    if (p.stalls >= max_stalls) {
      fail(p, "stalled", "Claude was silent over it for too long, twice");
      prompts_.close(p.uuid);
      continue;
    }
    if (p.answering && config_.continue_prompt.empty()) {
      fail_begun(p);
      continue;
    }
    auto* flying = prompts_.find_in_flight(p.known_as());
    flying->started = false;
    flying->again = true;
    ++tally_.counts.resent;
    speak_of(p.trace);
    voice_->resent(p.uuid, flying->sent);
    ++flying->sent;
    send(*flying);
  }
}

void dialogue::close(const std::string& uuid) {
  if (!prompts_.close(uuid))
    return;
  ++tally_.counts.answered;
  sync_events();
  context_.log.write(log_level::info, loggers::conversation, "prompt_answered",
                     {{"uuid", uuid}});
}

void dialogue::fail(const prompt& p, std::string_view reason,
                    std::string_view detail) {
  ++tally_.counts.failed;
  context_.log.write(
    log_level::error, loggers::conversation, "prompt_failed",
    {{"uuid", p.uuid}, {"reason", reason}, {"detail", detail}});
  prompts_.note_failure(p.trace, reason);
  speak_of(p.trace);
  voice_->failed(p.uuid, reason, detail);
}

void dialogue::fail_in_flight(const prompt& p, std::string_view reason,
                              std::string_view detail) {
  auto uuid = p.uuid;
  fail(p, reason, detail);
  prompts_.close(uuid);
  start_prompts();
}

void dialogue::fail_all(std::string_view reason, std::string_view detail) {
  auto unfinished = std::exchange(prompts_.in_flight(), {});
  for (const auto& p : unfinished)
    fail(p, reason, detail);
  fail_waiting(reason, detail);
}

void dialogue::fail_waiting(std::string_view reason, std::string_view detail) {
  for (const auto& p : prompts_.drain_waiting())
    fail(p, reason, detail);
}

// Not before all that was told so far is in the log of events: an agent that is
// killed in between would leave a Claude that was given what nobody knows of.
void dialogue::give_claude(std::string lines, trace_id prompt,
                           std::uint64_t input_from) {
  outbox_.queue({std::move(lines), prompt, input_from});
  hand_over();
}

void dialogue::hand_over() {
  while (logs_.events.owed() == 0 && logs_.to_child.owed() == 0) {
    auto next = outbox_.pop();
    if (!next)
      return;
    logs_.to_child.append(next->text);
    child_marks_.push_back({logs_.to_child.end(), next->prompt});
    note_input();
  }
}

} // namespace container_agent
