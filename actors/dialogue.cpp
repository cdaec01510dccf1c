#include "actors/dialogue.hpp"

#include "actors/loggers.hpp"
#include "actors/message_hook.hpp"
#include "messages/codec/agent_record.hpp"
#include "messages/codec/json_start.hpp"
#include "messages/visible_text.hpp"

#include <algorithm>
#include <utility>

namespace container_agent {

std::string dialogue_config::validate() const {
  if (queue.prompts == 0)
    return "the queue needs room for at least one prompt";
  if (queue.in_flight == 0)
    return "at least one turn must be allowed in flight";
  if (transparent && is_text(voice))
    return "transparent mode has no text output";
  return {};
}

dialogue::dialogue(dialogue_config config, actor_context context,
                   journal* notes)
  : config_{std::move(config)},
    context_{context},
    notes_{notes != nullptr ? *notes : no_notes_},
    voice_{make_host_voice(config_.voice, context, to_host)},
    prompts_{config_.queue},
    scanner_{{.max_result = is_text(config_.voice) ? config_.max_answer : 0}},
    open_requests_{config_.permission_timeout, config_.redact},
    tasks_{config_.task_patience} {}

// -- the host's lines ---------------------------------------------------------

void dialogue::take(const host_line& line) {
  line_end_ = line.end;
  line_text_ = line.text.view();
  take_text(line);
  ++counters_.lines; // not before: should that have thrown, it comes again
  if (auto end = std::exchange(line_end_, 0); end > 0)
    notes_.input_taken(end);
}

void dialogue::take_text(const host_line& line) {
  if (line.ending == line_ending::too_long)
    return reject("too_long",
                  std::to_string(line.size)
                    + " bytes: over the limit; raise it (--max-line-bytes) or "
                      "send less",
                  line.number, {});
  if (is_blank_line(codec::without_mark(line.text.view())))
    return;
  auto outcome = codec::read_input(line.text.view(), config_.input);
  if (auto* fault = std::get_if<codec::input_fault>(&outcome))
    return reject(fault->reason, fault->detail, line.number, fault->uuid);
  auto& message = std::get<codec::input_message>(outcome);
  // JSON that is whole is whole without a line feed, too. Of plain text nobody
  // can tell, and half a prompt may mean something else than the whole one.
  auto is_json
    = config_.input != codec::input_format::text
      && codec::start_of(line.text.view()) == codec::json_start::object;
  if (line.ending == line_ending::cut && !is_json)
    return reject("incomplete_line",
                  "its writer closed the pipe before the line feed that ends "
                  "a prompt: send it again with one",
                  line.number, {});
  take_message(std::move(message), line.number);
}

void dialogue::take(const host_input_ended&) {
  input_ended_ = true;
}

std::uint64_t dialogue::input_credit() const {
  if (to_host.size() + voice_->deferred() >= max_unsent_output
      || to_child.size() >= max_unsent_input
      || held_control_.size() >= max_held_control
      || held_control_bytes_ >= config_.queue.bytes)
    return 0;
  // An answer that Claude waits for may stand behind prompts that find no room:
  // these are then refused instead of blocking it for ever.
  if (prompts_.full() && !config_.transparent)
    return open_requests_.empty() ? 0 : 1;
  return std::min<std::uint64_t>(prompts_.room(), max_unsent_input);
}

void dialogue::take_message(codec::input_message message, std::uint64_t line) {
  using kind = codec::input_message::kind;
  // A Claude that has outlived its actor may wait for just this answer.
  auto awaited = message.what == kind::control_response
                 && open_requests_.contains(message.request_id);
  if (!gave_up_.empty() && !awaited && message.what != kind::status_request)
    return reject("claude_unavailable",
                  "Claude is not started again until somebody asks for it "
                  "(container-agent restart-claude): "
                    + gave_up_,
                  line, message.uuid);
  switch (message.what) {
    case kind::prompt: return take_prompt(std::move(message), line);
    case kind::status_request: ++status_requests_; return;
    default: return take_control(std::move(message));
  }
}

// From here on it is known whose line it is.
void dialogue::concerns(trace_id prompt) {
  voice_->speak_of(prompt);
  if (context_.hook != nullptr)
    context_.hook->concerns(prompt);
}

void dialogue::take_prompt(codec::input_message message, std::uint64_t line) {
  if (draining_)
    return reject("shutting_down",
                  "the agent is stopping: send it to the next one", line,
                  message.uuid);
  if (config_.transparent) {
    context_.log.write(
      log_level::info, loggers::conversation, "prompt_forwarded",
      {{"uuid", message.uuid}, {"bytes", std::uint64_t{message.line.size()}}});
    return take_control(std::move(message));
  }
  if (!message.uuid.empty() && prompts_.seen(message.uuid)
      && take_again(message.uuid))
    return;
  if (prompts_.full() && !open_requests_.empty())
    return reject("queue_full",
                  "Claude waits for an answer of the host, and "
                    + std::to_string(prompts_.waiting())
                    + " prompts wait already: answer, then send it again",
                  line, message.uuid);
  if (message.uuid.empty()) {
    auto high = context_.random.next();
    message.uuid = codec::make_uuid(high, context_.random.next());
    message.line = codec::with_uuid(message.line, message.uuid);
  }
  auto position = prompts_.waiting() + prompts_.in_flight().size();
  message.line.push_back('\n');
  prompt p{std::move(message.uuid), bytes{std::move(message.line)}};
  context_.log.write(log_level::info, loggers::conversation, "prompt_accepted",
                     {{"uuid", p.uuid},
                      {"line", line},
                      {"bytes", std::uint64_t{p.line.size()}},
                      {"position", std::uint64_t{position}}});
  ++counters_.accepted;
  notes_.accepted(p.uuid, p.line, std::exchange(line_end_, 0));
  concerns(p.trace);
  voice_->accepted(p.uuid, position);
  prompts_.push(std::move(p));
  start_prompts();
}

void dialogue::take_control(codec::input_message message) {
  if (message.what == codec::input_message::kind::control_response)
    end_request(message.request_id, message.line);
  else if (message.what == codec::input_message::kind::control_cancel)
    settings_.cancelled(message.request_id);
  ++signs_; // Claude has something to do again
  context_.log.write(log_level::debug, loggers::conversation,
                     "control_forwarded",
                     {{"request_id", message.request_id},
                      {"bytes", std::uint64_t{message.line.size()}}});
  // One that is about to end for a new one will not read it any more.
  auto unblocks = child_ == child_state::starting
                  && !settings_.blocked().empty()
                  && host_settings::may_unblock(message.line);
  if ((child_ == child_state::ready || unblocks) && renewal() == nullptr)
    return send_control(message);
  held_control_bytes_ += message.line.size();
  held_control_.push_back(std::move(message));
}

std::deque<codec::input_message> dialogue::take_held_control() {
  held_control_bytes_ = 0;
  return std::exchange(held_control_, {});
}

void dialogue::reject(std::string_view reason, std::string_view detail,
                      std::uint64_t line, std::string_view uuid) {
  ++counters_.rejected;
  context_.log.write(
    log_level::warn, loggers::conversation, "line_rejected",
    {{"reason", reason}, {"detail", detail}, {"line", line}, {"uuid", uuid}});
  voice_->speak_of(uuid.empty() ? trace_id{} : trace_id_of(uuid));
  voice_->rejected(reason, detail, line, uuid, line_text_);
}

// -- prompts ------------------------------------------------------------------

void dialogue::start_prompts() {
  // A restart that waits for tasks only may wait for long.
  if (child_ != child_state::ready || (renewal_ && !tasks_.holds_back()))
    return;
  while (const auto* p = prompts_.start_next())
    send(*p);
}

void dialogue::send(const prompt& p) {
  context_.log.write(log_level::debug, loggers::conversation, "prompt_sent",
                     {{"uuid", p.uuid}, {"attempt", p.sent}});
  notes_.sent(p.uuid, p.sent, p.again);
  auto line
    = p.continued_as.empty()
        ? p.line
        : bytes{codec::prompt_line(config_.continue_prompt, p.continued_as)};
  // Claude runs the prompt anew if its transcript does not have it.
  if (p.again && p.answering)
    line = bytes{codec::with_notice(line.view())};
  to_child.push({0, std::move(line), p.trace});
  ++signs_;
}

void dialogue::interrupt() {
  auto id = std::string{codec::own_request_prefix}
            + "interrupt:" + std::to_string(++own_requests_);
  const auto& flying = prompts_.in_flight();
  context_.log.write(log_level::warn, loggers::conversation, "turn_interrupted",
                     {{"uuid", flying.empty() ? "" : flying.front().uuid}});
  to_child.push({0, bytes{codec::control_request_line(id, "interrupt")}});
}

// What an earlier agent has sent, and this very child has not spoken of by now,
// never reached it: it speaks of a prompt before it answers what came later.
// An answer that comes twice is nothing to it.
void dialogue::resend_unheard() {
  for (auto& answer : std::exchange(answers_before_, {}))
    to_child.push({0, bytes{std::move(answer)}});
  for (const auto& p : prompts_.in_flight())
    if (!p.started)
      send(p);
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
    ++counters_.resent;
    voice_->speak_of(p.trace);
    voice_->resent(p.uuid, flying->sent);
    ++flying->sent;
    send(*flying);
  }
}

void dialogue::close(const std::string& uuid) {
  if (!prompts_.close(uuid))
    return;
  ++counters_.answered;
  notes_.closed(uuid, answer_end_);
  context_.log.write(log_level::info, loggers::conversation, "prompt_answered",
                     {{"uuid", uuid}});
}

void dialogue::fail(const prompt& p, std::string_view reason,
                    std::string_view detail) {
  ++counters_.failed;
  context_.log.write(
    log_level::error, loggers::conversation, "prompt_failed",
    {{"uuid", p.uuid}, {"reason", reason}, {"detail", detail}});
  prompts_.note_failure(p.trace, reason);
  notes_.failed(p.uuid, reason);
  voice_->speak_of(p.trace);
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

void dialogue::send_line(std::string line) {
  line.push_back('\n');
  to_child.push({0, bytes{std::move(line)}});
}

// -- the end ------------------------------------------------------------------

void dialogue::take(const begin_drain& drain) {
  if (std::exchange(draining_, true))
    return;
  context_.log.write(log_level::info, loggers::conversation, "drain_begun",
                     {{"reason", drain.reason},
                      {"in_flight", std::uint64_t{prompts_.in_flight().size()}},
                      {"waiting", std::uint64_t{prompts_.waiting()}}});
  voice_->stopping(drain.reason);
  fail_waiting("shutting_down", "the agent stopped before its turn came");
}

void dialogue::take(const interrupt_turn&) {
  // One that was left by an earlier agent may be about to be taken up.
  if (child_ == child_state::none && !taken_up_)
    fail_all("shutting_down", "Claude was away until the agent's time was up");
  if (child_ != child_state::ready)
    return;
  if (!prompts_.in_flight().empty() || tasks_.in_turn())
    interrupt();
  stop_tasks();
}

// After the child's end there is nothing left to fail. But nobody may have been
// there to end it, or to say so, before the time was up.
void dialogue::close() {
  closed_ = true;
  voice_->end_line();
  fail_results_ahead();
  fail_all("shutting_down", "the agent stopped before the result");
  lose_held_control("the agent stopped before it was sent");
  lose_control(true, "the agent stopped before Claude answered");
  voice_->conclude();
}

bool dialogue::drained() const {
  // Transparent mode knows no turns: Claude's own end ends the drain there.
  return draining_ && (config_.transparent || !busy());
}

bool dialogue::finished() const {
  return input_ended_ && prompts_.idle() && !tasks_.busy()
         && held_control_.empty() && to_child.empty() && status_requests_ == 0;
}

std::uint64_t dialogue::turn() const {
  return prompts_.in_flight().empty() ? 0 : prompts_.closed() + 1;
}

conversation_status dialogue::status() const {
  auto result = counters_;
  result.ready = child_ == child_state::ready;
  result.gave_up = !gave_up_.empty();
  if (child_ == child_state::starting && settings_.restoring())
    result.blocked = "Claude has not acknowledged yet what the host had set";
  else if (child_ == child_state::starting)
    result.blocked = settings_.blocked();
  result.session_id = session_;
  result.queued = prompts_.waiting();
  result.queued_bytes = prompts_.waiting_bytes();
  result.in_flight = prompts_.in_flight().size();
  result.requests_open = open_requests_.size();
  result.tasks = tasks_.running().size();
  result.own_turn = tasks_.turn_expected();
  return result;
}

void dialogue::answer_status(std::string_view document) {
  for (; status_requests_ > 0; --status_requests_)
    voice_->status(document);
}

} // namespace container_agent
