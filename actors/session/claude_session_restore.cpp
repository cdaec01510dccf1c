#include "actors/session/claude_session.hpp"

#include "actors/core/loggers.hpp"
#include "actors/session/conversation_fold.hpp"
#include "messages/codec/control_line.hpp"

#include <algorithm>
#include <utility>
#include <variant>

// What a new Claude is given back: what the host had set, and the prompts that
// the one before had begun; what is lost with a Claude; and what goes from one
// agent to the next.
namespace container_agent {

// -- what the host had set ----------------------------------------------------

void claude_session::initialize() {
  auto id = child_.initialize_id();
  auto line = settings_.initialize_line(id);
  if (line.empty())
    give_claude(codec::control_request_line(id, "initialize"));
  else
    give_claude(line + '\n');
}

void claude_session::begin_restore(bool initialized) {
  child_.note_initialized();
  session_.note_resumed(); // else it would have said so, and ended
  for (auto& line : settings_.begin_restore(child_.restore_id(), initialized))
    give_claude(line + '\n');
  if (!settings_.restoring())
    end_restore();
}

void claude_session::end_restore() {
  if (child_.note_restored())
    tell_restored();
  settings_.blocked().empty() ? become_ready() : release_settings();
}

// What the host has set anew meanwhile, in its order: later ones go to this
// Claude at once, and must not be overtaken by these.
void claude_session::release_settings() {
  if (renewal() != nullptr)
    return;
  release_control([this](const auto& control) {
    auto unblocks = host_settings::may_unblock(control.message.line);
    if (unblocks)
      send_control(control);
    return unblocks;
  });
}

void claude_session::tell_restored() {
  auto what = settings_.outcome();
  what.detail = settings_.blocked();
  if (what.initialize || !what.settings.empty() || !what.refused.empty()) {
    context_.log.write(what.refused.empty() ? log_level::info
                                            : log_level::error,
                       loggers::conversation, "settings_restored",
                       {{"initialize", what.initialize},
                        {"settings", std::uint64_t{what.settings.size()}},
                        {"refused", std::uint64_t{what.refused.size()}},
                        {"detail", what.detail}});
    speak_of({});
    encoder_->restored(what);
  }
}

// -- prompts that were begun --------------------------------------------------

// Claude is done with a prompt and has said no `result`. If an earlier Claude
// had it, too, then the session holds it and what came of it so far: Claude
// only has to be told to go on.
void claude_session::end_without_result(prompt& p, const std::string& state) {
  if (!p.again || p.started || state != "completed")
    return fail_in_flight(p, "no_result",
                          "Claude Code reports the prompt as " + state
                            + " without a result");
  if (!config_.continue_prompt.empty())
    return continue_prompt(p);
  fail_begun(p);
  start_prompts();
}

// The host decides (--on-crash fail).
void claude_session::fail_begun(const prompt& p) {
  auto uuid = p.uuid;
  fail(p, "crashed",
       "Claude ended when it had begun this prompt, and may have used tools; "
       "the session may have what it did");
  prompts_.close(uuid);
}

// Its transcript is some 100 ms behind what Claude does.
void claude_session::note_answering() {
  for (auto& p : prompts_.in_flight())
    p.answering = p.answering || p.started;
}

void claude_session::continue_prompt(prompt& p) {
  // Derived, not drawn: an exception here would have Claude's line relayed
  // again, as the whole delivery comes again.
  auto next = trace_id_of("continuation of " + p.known_as());
  p.continued_as = codec::make_uuid(next.high, next.low);
  p.again = p.answering = false;
  ++tally_.counts.continued;
  context_.log.write(
    log_level::warn, loggers::conversation, "prompt_continued",
    {{"uuid", p.uuid}, {"continue_uuid", p.continued_as}, {"attempt", p.sent}});
  speak_of(p.trace);
  encoder_->continued(p.uuid, p.continued_as, std::max(p.sent, 2U) - 1);
  if (child_.is_ready()) // else it is sent with all that is unheard
    send(p);
}

// -- sessions that can't be resumed -------------------------------------------

// True if this `result` is about no prompt, but about the session.
bool claude_session::is_failed_resume(const codec::envelope& result) {
  auto resumes = child_.resumes();
  auto unready = child_.is_starting();
  if (config_.transparent)
    unready = resumes && result.is_error && !session_.has_spoken();
  else if (child_.is_kept())
    unready = !child_.was_ready() && result.is_error
              && result.user_message_uuids.empty();
  if (resumes && result.is_error)
    session_.note_error(result, unready);
  return unready || session_.refused();
}

// The child that could not resume it is gone.
void claude_session::lose_session() {
  const auto& lost = session_.known_or_given();
  if (!session_.try_again())
    return forget_session(lost, session_.fault());
  context_.log.write(log_level::error, loggers::conversation, "resume_failed",
                     {{"session_id", lost},
                      {"failures", std::uint64_t{session_.failures()}},
                      {"reason", session_.fault()}});
}

void claude_session::forget_session(std::string_view lost,
                                    std::string_view why) {
  context_.log.write(log_level::error, loggers::conversation, "session_lost",
                     {{"session_id", lost}, {"reason", why}});
  encoder_->session_lost(lost, why);
  session_.forget();
  // A new session has nothing to go on with.
  for (auto& p : prompts_.in_flight())
    p.continued_as.clear();
}

// -- what is lost with a Claude -----------------------------------------------

// Prompts are sent again, requests are told by their ids, whether they were
// written or not. The rest has nobody who waits for its answer. The log has
// what was waiting for its turn, too: for the next agent it was given.
std::string claude_session::unwritten_control() {
  while (auto next = outbox_.pop())
    logs_.to_child.append(next->text);
  return text_in(logs_.to_child, to_child_gone_, logs_.to_child.end());
}

void claude_session::lose_control(std::string rest, bool for_good,
                                  std::string_view why) {
  while (!rest.empty()) {
    auto size = std::min(rest.find('\n'), rest.size() - 1) + 1;
    lose_line(rest.substr(0, size - 1));
    rest.erase(0, size);
  }
  to_child_gone_ = logs_.to_child.end();
  for (const auto& request : settings_.end_child(for_good))
    tell_lost("control_request", request.subtype, request.id, why);
}

void claude_session::lose_line(const std::string& text) {
  auto line = codec::read_envelope(text);
  if (!line.type.empty() && line.type != "control_request"
      && line.type != "update_environment_variables" && line.type != "user")
    tell_lost(line.type, line.subtype, line.request_id,
              "Claude ended before it was written");
}

void claude_session::lose_held_control(std::string_view why) {
  release_control([&](const auto& control) {
    auto line = codec::read_envelope(control.message.line);
    tell_lost(line.type, line.subtype, line.request_id, why);
    return true;
  });
}

void claude_session::tell_lost(std::string_view type, std::string_view subtype,
                               std::string_view id, std::string_view why) {
  if (is_own_request(id))
    return;
  ++tally_.counts.control_lost;
  context_.log.write(log_level::warn, loggers::conversation, "control_lost",
                     {{"type", type},
                      {"subtype", subtype},
                      {"request_id", id},
                      {"reason", why}});
  if (type == "control_request") {
    speak_of({});
    in_claudes_name(codec::error_response_line(id, why));
  }
}

void claude_session::restore(const codec::kept_conversation& kept, bool alive) {
  // A line that lacked only its end counts, and the fold had not seen it.
  if (!alive && events_.end_whole_line()) {
    auto again = fold_conversation(logs_.events, logs_.to_child);
    again.input = std::max(again.input, kept.input);
    again.held_from = std::max(again.held_from, kept.held_from);
    return restore(again, alive);
  }
  session_.recall(kept.session_id, kept.anew);
  settings_.recall(kept.settings);
  for (const auto& p : kept.closed)
    prompts_.recall(p);
  for (const auto& p : kept.prompts)
    restore_prompt(p, alive);
  for (const auto& request : kept.open_requests)
    open_requests_.open(request.id, request.about);
  recall_held(kept);
  events_.recall(kept.left_out);
  child_.recall(kept, alive);
  if (alive) {
    tasks_.set_running(kept.tasks);
    return end_restored(kept.prompts);
  }
  child_ended end;
  end.pid = kept.pid;
  end.kind = exit_kind::unknown;
  auto cut = events_.begin_behind();
  cancel_requests();
  if (kept.pid != 0)
    encoder_->claude_exited(end, {}, cut);
  end_restored(kept.prompts);
  if (config_.session_gone && !session_.id().empty())
    forget_session(session_.id(), "its transcript is not there");
}

void claude_session::restore_prompt(const codec::kept_prompt& p, bool alive) {
  prompts_.forget(p.uuid); // it had failed, and was accepted again
  auto line = line_of(p);
  if (line.empty()) {
    prompts_.remember(trace_id_of(p.uuid));
    return fail(
      {p.uuid, {}}, "input_lost",
      "what the host had written is not in the log of the input any more");
  }
  prompt known{p.uuid, std::move(line), p.sent,
               p.begun && (alive || !p.ended.empty())};
  known.input_from = p.input.from;
  known.input_to = p.input.to;
  known.continued_as = p.continued_as;
  known.again = p.again;
  known.answering = p.answering;
  if (p.sent > 0)
    prompts_.push_in_flight(std::move(known));
  else
    prompts_.push(std::move(known));
}

// The earlier agent was killed between reading that Claude is done with a
// prompt and telling the host what comes of it.
void claude_session::end_restored(const std::deque<codec::kept_prompt>& kept) {
  for (const auto& p : kept)
    if (!p.ended.empty())
      if (auto* flying = prompts_.find_in_flight(p.known_as()))
        end_without_result(*flying, p.ended);
}

// Claude may have been given the first of them, which it bears.
void claude_session::recall_held(const codec::kept_conversation& kept) {
  using kind = codec::input_message::kind;
  auto from = std::max(kept.held_from, logs_.input.begin());
  for_each_message(from, std::min(kept.input, logs_.input.end()),
                   [this](const host_line& line) {
                     auto outcome = codec::read_input(line.text, config_.input);
                     auto* message
                       = std::get_if<codec::input_message>(&outcome);
                     if (message == nullptr || message->what == kind::prompt
                         || message->what == kind::status_request)
                       return;
                     forward_control(line, std::move(*message));
                   });
}

template <class Call>
void claude_session::for_each_message(std::uint64_t from, std::uint64_t to,
                                      Call call) const {
  if (from >= to)
    return;
  input_reader reader{logs_.input, config_.lines, from};
  reader.grew({to, to, true});
  for (const auto* line = reader.front(); line != nullptr && line->end <= to;
       line = reader.front()) {
    call(*line);
    reader.pop();
  }
}

void claude_session::sync_events() {
  if (!config_.sync)
    return;
  for (auto* log : {&logs_.input, &logs_.to_child, &logs_.events})
    if (auto error = log->sync())
      context_.log.write(log_level::error, loggers::conversation,
                         "state_not_synced", {{"error", error.message()}});
}

// As it was made when it was accepted; empty if it is not there.
std::string claude_session::line_of(const codec::kept_prompt& prompt) const {
  if (prompt.input.from < logs_.input.begin()
      || prompt.input.to > logs_.input.end())
    return {};
  std::string text;
  for_each_message(prompt.input.from, prompt.input.to,
                   [&text](const host_line& line) { text = line.text; });
  auto outcome = codec::read_input(text, config_.input);
  auto* message = std::get_if<codec::input_message>(&outcome);
  if (message == nullptr || message->what != codec::input_message::kind::prompt)
    return {};
  auto line = message->uuid.empty()
                ? codec::with_uuid(message->line, prompt.uuid)
                : std::move(message->line);
  return line + '\n';
}

codec::kept_conversation claude_session::kept() const {
  codec::kept_conversation result;
  auto keep = [&result](const prompt& p) {
    result.prompts.push_back({.uuid = p.uuid,
                              .input = {p.input_from, p.input_to},
                              .sent = p.sent,
                              .begun = p.started,
                              .continued_as = p.continued_as,
                              .again = p.again,
                              .answering = p.answering});
  };
  for (const auto& p : prompts_.in_flight())
    keep(p);
  for (const auto& p : prompts_.waiting_ones())
    keep(p);
  result.closed = prompts_.remembered();
  result.session_id = session_.id();
  result.anew = session_.anew();
  result.settings = settings_.all();
  result.left_out = events_.left_out();
  result.input = input_.position();
  result.held_from = outbox_.first_input(result.input);
  result.to_child = logs_.to_child.end();
  child_.describe(result);
  for (const auto& request : open_requests_.all())
    result.open_requests.push_back(
      {request.id, {request.subtype, request.tool, request.summary}});
  result.tasks = tasks_.running();
  return result;
}

void claude_session::release() {
  auto first = prompts_.first_input();
  auto needed = outbox_.first_input(input_.position());
  logs_.input.release(std::min(first.value_or(needed), needed));
  logs_.to_child.release(
    std::min(to_child_gone_, checkpoints_.to_child_from()));
  if (logs_.replies != nullptr)
    logs_.replies->release(shown_gone_);
  logs_.events.release(
    std::min(events_.needed_from(shown_gone_), checkpoints_.events_from()));
}

} // namespace container_agent
