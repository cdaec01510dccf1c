#include "actors/session/dialogue.hpp"

#include "actors/core/loggers.hpp"
#include "messages/codec/control_line.hpp"

#include <algorithm>
#include <utility>

// What a new Claude is given back: what the host had set, and the prompts that
// the one before had begun. And what is lost with a Claude.
namespace container_agent {

// -- control messages ---------------------------------------------------------

void dialogue::send_control(const control_message& control) {
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

void dialogue::note_settings() {
  if (config_.transparent)
    return;
  if (settings_.has_forgotten())
    context_.log.write(log_level::warn, loggers::conversation,
                       "setting_forgotten",
                       {{"most", std::uint64_t{host_settings::max_known}}});
}

void dialogue::take_response(const codec::envelope& response) {
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

// -- what the host had set ----------------------------------------------------

void dialogue::initialize() {
  auto id = child_.initialize_id();
  auto line = settings_.initialize_line(id);
  if (line.empty())
    give_claude(codec::control_request_line(id, "initialize"));
  else
    give_claude(line + '\n');
}

void dialogue::begin_restore(bool initialized) {
  child_.note_initialized();
  session_.note_resumed(); // else it would have said so, and ended
  for (auto& line : settings_.begin_restore(child_.restore_id(), initialized))
    give_claude(line + '\n');
  if (!settings_.restoring())
    end_restore();
}

void dialogue::end_restore() {
  if (child_.note_restored())
    tell_restored();
  settings_.blocked().empty() ? become_ready() : release_settings();
}

// What the host has set anew meanwhile, in its order: later ones go to this
// Claude at once, and must not be overtaken by these.
void dialogue::release_settings() {
  if (renewal() != nullptr)
    return;
  release_control([this](const auto& control) {
    auto unblocks = host_settings::may_unblock(control.message.line);
    if (unblocks)
      send_control(control);
    return unblocks;
  });
}

void dialogue::tell_restored() {
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
    voice_->restored(what);
  }
}

// -- prompts that were begun --------------------------------------------------

// Claude is done with a prompt and has said no `result`. If an earlier Claude
// had it, too, then the session holds it and what came of it so far: Claude
// only has to be told to go on.
void dialogue::end_without_result(prompt& p, const std::string& state) {
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
void dialogue::fail_begun(const prompt& p) {
  auto uuid = p.uuid;
  fail(p, "crashed",
       "Claude ended when it had begun this prompt, and may have used tools; "
       "the session may have what it did");
  prompts_.close(uuid);
}

// Its transcript is some 100 ms behind what Claude does.
void dialogue::note_answering() {
  for (auto& p : prompts_.in_flight())
    p.answering = p.answering || p.started;
}

void dialogue::continue_prompt(prompt& p) {
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
  voice_->continued(p.uuid, p.continued_as, std::max(p.sent, 2U) - 1);
  if (child_.is_ready()) // else it is sent with all that is unheard
    send(p);
}

// -- sessions that can't be resumed -------------------------------------------

// True if this `result` is about no prompt, but about the session.
bool dialogue::take_failed_resume(const codec::envelope& result) {
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
void dialogue::lose_session() {
  const auto& lost = session_.known_or_given();
  if (!session_.try_again())
    return forget_session(lost, session_.fault());
  context_.log.write(log_level::error, loggers::conversation, "resume_failed",
                     {{"session_id", lost},
                      {"failures", std::uint64_t{session_.failures()}},
                      {"reason", session_.fault()}});
}

void dialogue::forget_session(std::string_view lost, std::string_view why) {
  context_.log.write(log_level::error, loggers::conversation, "session_lost",
                     {{"session_id", lost}, {"reason", why}});
  voice_->session_lost(lost, why);
  session_.forget();
  // A new session has nothing to go on with.
  for (auto& p : prompts_.in_flight())
    p.continued_as.clear();
}

// -- what is lost with a Claude -----------------------------------------------

// Prompts are sent again, requests are told by their ids, whether they were
// written or not. The rest has nobody who waits for its answer. The log has
// what was waiting for its turn, too: for the next agent it was given.
std::string dialogue::unwritten_control() {
  while (auto next = outbox_.pop())
    logs_.to_child.append(next->text);
  return text_in(logs_.to_child, to_child_gone_, logs_.to_child.end());
}

void dialogue::lose_control(std::string rest, bool for_good,
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

void dialogue::lose_line(const std::string& text) {
  auto line = codec::read_envelope(text);
  if (!line.type.empty() && line.type != "control_request"
      && line.type != "update_environment_variables" && line.type != "user")
    tell_lost(line.type, line.subtype, line.request_id,
              "Claude ended before it was written");
}

void dialogue::lose_held_control(std::string_view why) {
  release_control([&](const auto& control) {
    auto line = codec::read_envelope(control.message.line);
    tell_lost(line.type, line.subtype, line.request_id, why);
    return true;
  });
}

void dialogue::tell_lost(std::string_view type, std::string_view subtype,
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

} // namespace container_agent
