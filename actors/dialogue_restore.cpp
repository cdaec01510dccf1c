#include "actors/dialogue.hpp"

#include "actors/loggers.hpp"

#include <algorithm>
#include <utility>

// What a new Claude is given back: what the host had set, and the prompts that
// the one before had begun. And what is lost with a Claude.
namespace container_agent {

namespace {

// What a `--resume` comes to that names no session, or no id.
bool refuses_session(const codec::envelope& result) {
  return result.first_error.starts_with("No conversation found")
         || result.first_error.starts_with("Error: --resume requires");
}

} // namespace

// -- control messages ---------------------------------------------------------

bool dialogue::own_request(std::string_view id) const {
  return id.starts_with(codec::own_request_prefix);
}

void dialogue::send_control(const codec::input_message& message) {
  using kind = codec::input_message::kind;
  if ((message.what == kind::control_request
       || message.what == kind::passthrough)
      && settings_.sent(message.request_id, message.line))
    note_settings();
  if (message.what == kind::prompt) // in transparent mode
    debts_.prompt();
  send_line(message.line);
}

// Only what the next Claude is to be told is for the next agent.
void dialogue::note_settings() {
  if (config_.transparent)
    return;
  if (settings_.forgotten() > std::exchange(forgotten_, settings_.forgotten()))
    context_.log.write(log_level::warn, loggers::conversation,
                       "setting_forgotten",
                       {{"most", std::uint64_t{host_settings::max_known}}});
  notes_.settings(settings_.all(), std::exchange(line_end_, 0));
}

void dialogue::take_response(const codec::envelope& response) {
  auto success = response.subtype == "success";
  if (settings_.answered(response.request_id, success))
    note_settings();
  if (own_request(response.request_id))
    context_.log.write(
      log_level::debug, loggers::conversation, "control_answered",
      {{"request_id", response.request_id}, {"subtype", response.subtype}});
  if (child_ != child_state::starting)
    return;
  if (response.request_id == initialize_id_ && !initialized_)
    return begin_restore(success);
  if (initialized_ && !settings_.restoring())
    end_restore();
}

// -- what the host had set ----------------------------------------------------

// One that an earlier agent has left has it all, unless that was ended before
// it could say so.
void dialogue::initialize() {
  auto line
    = has_settings_ ? std::string{} : settings_.initialize_line(initialize_id_);
  if (line.empty())
    to_child.push(
      {0, bytes{codec::control_request_line(initialize_id_, "initialize")}});
  else
    send_line(std::move(line));
}

void dialogue::begin_restore(bool initialized) {
  initialized_ = true;
  if (has_settings_)
    return become_ready();
  for (auto& line : settings_.begin_restore(restore_id_, initialized))
    send_line(std::move(line));
  if (!settings_.restoring())
    end_restore();
}

void dialogue::end_restore() {
  if (!std::exchange(told_restored_, true))
    tell_restored();
  if (settings_.blocked().empty())
    become_ready();
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
    voice_->speak_of({});
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
    if (p.started && !std::exchange(p.answering, true))
      notes_.answering(p.uuid);
}

void dialogue::continue_prompt(prompt& p) {
  // Derived, not drawn: an exception here would have Claude's line relayed
  // again, as the whole delivery comes again.
  auto next = trace_id_of("continuation of " + p.known_as());
  p.continued_as = codec::make_uuid(next.high, next.low);
  p.again = p.answering = false;
  ++counters_.continued;
  context_.log.write(
    log_level::warn, loggers::conversation, "prompt_continued",
    {{"uuid", p.uuid}, {"continue_uuid", p.continued_as}, {"attempt", p.sent}});
  notes_.continued(p.uuid, p.continued_as);
  voice_->speak_of(p.trace);
  voice_->continued(p.uuid, p.continued_as, std::max(p.sent, 2U) - 1);
  if (child_ == child_state::ready) // else it is sent with all that is unheard
    send(p);
}

// An earlier agent may have died before the host had read it.
void dialogue::tell_continued() {
  if (std::exchange(told_continued_, true))
    return;
  for (const auto& p : results_ahead_)
    if (!p.continued_as.empty())
      voice_->continued(p.uuid, p.continued_as, 1);
  for (const auto& p : prompts_.in_flight())
    if (!p.continued_as.empty())
      voice_->continued(p.uuid, p.continued_as, std::max(p.sent, 2U) - 1);
}

// -- sessions that can't be resumed -------------------------------------------

// True if this `result` is about no prompt, but about the session.
bool dialogue::take_failed_resume(const codec::envelope& result) {
  // A kept one was resumed by an earlier agent, if at all, and if that has seen
  // it ready it has its session. It may be in the middle of a turn.
  auto resumes = started_.resumed || taken_up_;
  auto unready = child_ == child_state::starting;
  if (config_.transparent)
    unready = resumes && result.is_error && !has_spoken_;
  else if (taken_up_)
    unready
      = !has_settings_ && result.is_error && result.user_message_uuids.empty();
  if (resumes && result.is_error && refuses_session(result)) {
    session_refused_ = true;
    notes_.session({}, true, 0); // the next agent will not hear of it
  }
  if (resumes && result.is_error && (unready || session_refused_))
    resume_fault_ = !result.first_error.empty() ? result.first_error
                    : !result.result.empty()    ? result.result
                                                : result.subtype;
  return unready || session_refused_;
}

void dialogue::note_resumed() {
  resume_fault_.clear();
  if (std::exchange(failed_resumes_, 0) > 0)
    notes_.session(session_, anew_, 0);
}

// The child that could not resume it is gone. A disk may be back at the next
// attempt; a session that never comes back must not end the agent.
void dialogue::lose_session() {
  auto lost = session_.empty() ? config_.given_session : session_;
  if (!session_refused_ && ++failed_resumes_ <= config_.resume_retries) {
    context_.log.write(log_level::error, loggers::conversation, "resume_failed",
                       {{"session_id", lost},
                        {"failures", std::uint64_t{failed_resumes_}},
                        {"reason", resume_fault_}});
    return notes_.session(session_, anew_, failed_resumes_);
  }
  set_session({}, true);
  // A new session has nothing to go on with.
  for (auto& p : prompts_.in_flight())
    if (!std::exchange(p.continued_as, {}).empty())
      notes_.continued(p.uuid, {});
  context_.log.write(log_level::error, loggers::conversation, "session_lost",
                     {{"session_id", lost}, {"reason", resume_fault_}});
  voice_->session_lost(lost, resume_fault_);
}

// -- what is lost with a Claude -----------------------------------------------

// Prompts are sent again, requests are told by their ids, whether they were
// written or not. The rest has nobody who waits for its answer.
void dialogue::lose_control(bool for_good, std::string_view why) {
  auto unwritten = to_child.items(); // a copy, few lines
  to_child.clear();
  for (const auto& item : unwritten) {
    auto line = item.prompt == trace_id{}
                  ? codec::read_envelope(item.data.view())
                  : codec::envelope{};
    if (!line.type.empty() && line.type != "control_request"
        && line.type != "update_environment_variables" && line.type != "user")
      tell_lost(line.type, line.subtype, line.request_id,
                "Claude ended before it was written");
  }
  for (const auto& request : settings_.end_child(for_good))
    tell_lost("control_request", request.subtype, request.id, why);
}

void dialogue::lose_held_control(std::string_view why) {
  for (const auto& message : take_held_control()) {
    auto line = codec::read_envelope(message.line);
    tell_lost(line.type, line.subtype, line.request_id, why);
  }
}

void dialogue::tell_lost(std::string_view type, std::string_view subtype,
                         std::string_view id, std::string_view why) {
  if (own_request(id))
    return;
  ++counters_.control_lost;
  context_.log.write(log_level::warn, loggers::conversation, "control_lost",
                     {{"type", type},
                      {"subtype", subtype},
                      {"request_id", id},
                      {"reason", why}});
  if (type == "control_request") {
    voice_->speak_of({});
    voice_->control_failed(id, why);
  }
}

} // namespace container_agent
