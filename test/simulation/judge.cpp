#include "test/simulation/judge.hpp"

#include "messages/codec/input_message.hpp"
#include "test/simulation/line_text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

// Claude, and the log of events; what the host reads is in judge_host.cpp.
namespace container_agent::simulation {

namespace {

constexpr std::string_view own_record
  = R"({"type":"container_agent","subtype":")";

// Not a prompt's own failure: docs/protocol.md. Empty: it was not told.
bool may_run_again(std::string_view failure) {
  return failure.empty() || failure == "gave_up" || failure == "shutting_down";
}

// An answer to a request of the agent's own.
bool is_own_answer(std::string_view line) {
  return line.starts_with(R"({"type":"control_response")")
         && member(line, "request_id").starts_with("container_agent:");
}

} // namespace

judge::judge(run_context& run, std::size_t max_line, agent_options options)
  : input{max_line},
    questions{options.permission_timeout, options.mortal},
    run_{run},
    options_{options} {
  if (!options.replies) // there nobody tells of them
    input.on_control = [this](const expectation& request) {
      requests.delivered(request.uuid);
      requests_end_[request.uuid] = request.end;
    };
}

// -- Claude -------------------------------------------------------------------

void judge::launched(const std::string& resumed) {
  sent_.clear();
  requests.launched();
  questions.launched();
  launched_ = true;
  if (resumed.empty() && failed_resumes_ > options_.resume_retries)
    lose_session(); // it was given up, though the record may still wait
  else if (resumed.empty())
    refused_session_.clear();
  if (std::exchange(session_gone_, false))
    ++sessions_lost_;
  if (resumed != session_)
    run_.violate("Claude was started with session \"" + resumed
                 + "\", and the conversation is in \"" + session_ + '"');
}

// That there is no such session: the next one begins anew. Or that it can't be
// read: that is tried again.
void judge::hear_of_session(const claude_line& line, bool cut) {
  if (!line.session.empty()) {
    session_ = line.session;
    refused_session_.clear();
    // What it says of an earlier one's tasks is no sign that it is ready.
    if (line.text.find("task_notification") == std::string::npos)
      failed_resumes_ = 0;
  } else if (cut && !launched_) {
    // A Claude that died with its agent has said it: nobody knows of it.
  } else if (line.text.find("Failed to resume session") != std::string::npos) {
    ++failed_resumes_;
  } else if (line.text.find("No conversation found") != std::string::npos) {
    lose_session();
  }
}

void judge::lose_session() {
  session_gone_ = session_gone_ || !session_.empty();
  refused_session_ = std::exchange(session_, {});
  failed_resumes_ = 0;
}

void judge::claude_ended() {
  questions.ended();
  requests.ended();
}

// The host, and so the agent, must have read of the task.
void judge::told_to_end_in(const std::string& task) {
  auto now = run_.calendar.now();
  auto over = [now](time_span since, time_span limit) {
    return limit.count() > 0 && now - since >= limit;
  };
  auto time_is_up
    = run_.ends_since && over(*run_.ends_since, options_.drain_timeout);
  if (tasks_shown_.contains(task) && !run_.hurried && !time_is_up
      && !over(task_sign_, options_.stall_timeout))
    run_.violate("Claude was told to end while " + task + " ran");
}

void judge::claude_was_sent(const std::string& uuid, const std::string& line) {
  if (auto what = requests.lacking(); !what.empty() && !run_.closing)
    run_.violate("prompt " + uuid + " was sent to a Claude whose " + what);
  if (!sent_.insert(uuid).second)
    run_.violate("prompt " + uuid + " was sent twice to one Claude");
  auto i = written_.find(uuid);
  auto noticed = line.find(codec::interrupted_notice) != std::string::npos;
  if (i != written_.end() && !i->second.empty() && !noticed
      && i->second != without_blanks(line))
    run_.violate("prompt " + uuid + " reached Claude as " + shown(line)
                 + ", and was written as " + shown(i->second));
}

void judge::claude_wrote(const std::string& line,
                         const std::string& told_session) {
  note_written(line);
  claude_lines_.push_back(
    {line.substr(std::exchange(ended_, 0)), false, told_session});
}

void judge::note_written(const std::string& line) {
  if (line.starts_with(R"({"type":"control_request")"))
    questions.asked(member(line, "request_id"), run_.calendar.now());
  if (line.starts_with(R"({"type":"control_cancel_request")"))
    questions.withdrawn(member(line, "request_id"));
  if (line.find(R"("subtype":"task_)") != std::string::npos
      || line.find(R"("subtype":"background_tasks)") != std::string::npos)
    task_sign_ = run_.calendar.now();
  for (auto& uuid : answered_by(line))
    answered_.insert(std::move(uuid));
}

// Nothing but the LF may be missing.
void judge::claude_cut(std::string part, const std::string& told_session) {
  if (nlohmann::json::accept(part))
    note_written(part);
  part.erase(0, std::exchange(ended_, 0));
  if (!part.empty())
    claude_lines_.push_back({std::move(part), true, told_session});
}

// What it ended with is not known, so a turn may run again.
void judge::claude_lost(std::string_view unread) {
  for (auto left = unread.size(); left > 0 && !claude_lines_.empty();) {
    auto& last = claude_lines_.back();
    for (const auto& uuid : answered_by(last.text))
      turns_ended_.erase(uuid);
    auto size = last.text.size() + (last.cut ? 0 : 1);
    if (left < size) {
      last.text.resize(size - left); // all but the LF, perhaps
      last.cut = true;
      return;
    }
    left -= size;
    claude_lines_.pop_back();
  }
}

void judge::turn_ended(const std::string& uuid) {
  if (!turns_ended_.insert(uuid).second)
    run_.violate("prompt " + uuid + " ran to its end twice");
}

// -- the log of events --------------------------------------------------------

void judge::events_grew(std::string_view data, bool from_claude) {
  for (auto end = data.find('\n'); end != std::string_view::npos;
       end = data.find('\n')) {
    if (part_.empty())
      part_is_claudes_ = from_claude;
    part_ += data.substr(0, end);
    data.remove_prefix(end + 1);
    if (part_is_claudes_ != from_claude)
      run_.violate("a record within a line of Claude's: " + shown(part_));
    take_logged(std::exchange(part_, {}), from_claude, false);
  }
  if (data.empty())
    return;
  if (part_.empty())
    part_is_claudes_ = from_claude;
  part_ += data;
  if (!from_claude)
    run_.violate("a torn record: " + shown(part_));
}

void judge::line_ended() {
  take_logged(std::exchange(part_, {}), true, true);
}

void judge::take_logged(std::string text, bool from_claude, bool cut) {
  logged_line line{end_, std::move(text), from_claude};
  end_ += line.text.size() + 1;
  if (from_claude)
    take_claude_line(line, cut);
  else
    take_record(line);
  lines_.push_back(std::move(line));
}

void judge::take_record(logged_line& logged) {
  std::string_view line{logged.text};
  if (!line.ends_with('}'))
    return run_.violate("a torn record: " + shown(line));
  if (!line.starts_with(own_record)) { // in Claude's place
    requests.dealt_with(member(line, "request_id"));
    return;
  }
  if (number(line.substr(0, 120), "offset") > logged.offset)
    run_.violate("a record's offset is not behind it: " + shown(line));
  auto rest = line.substr(own_record.size());
  auto subtype = rest.substr(0, rest.find('"'));
  if (subtype == "checkpoint") {
    logged.shown = shows::never;
    note_dealt_with(line, number(line, "input"));
  }
  if (subtype == "accepted")
    return take_accepted(line);
  if (subtype == "rejected")
    return take_rejected(line);
  if (subtype == "failed")
    return take_failed(line);
  if (subtype == "continued")
    return take_continued(line);
  if (subtype == "resent") {
    auto i = prompts_.find(member(line, "uuid"));
    if (i == prompts_.end() || !i->second.end.empty())
      run_.violate("a prompt that is not open was resent: " + shown(line));
  } else if (subtype == "status") {
    if (run_.closing && statuses_ == input.status_requests())
      input.deliver({}, true); // half a line may be a whole request
    if (++statuses_ > input.status_requests())
      run_.violate("a status that nobody has asked for: " + shown(line));
    owe_reply("{");
    status_said(line, false);
  } else if (subtype == "session_lost") {
    ++losses_told_;
    if (failed_resumes_ > options_.resume_retries)
      lose_session(); // it was given up
    refused_session_.clear();
  } else if (subtype == "stopping") {
    if (std::exchange(stopping_, true))
      run_.violate("the agent says twice that it is stopping");
  }
}

void judge::given_to_claude(std::string_view lines) {
  for (; !lines.empty(); lines.remove_prefix(lines.find('\n') + 1))
    requests.dealt_with(
      member(lines.substr(0, lines.find('\n')), "request_id"));
}

// What it was told of the session, and not told on, has died with the one
// before.
void judge::agent_begins(std::uint64_t noted_input, bool claude_lives) {
  ++deaths_;
  dealt_with_ = std::max(dealt_with_, noted_input);
  held_from_ = std::max(held_from_, noted_input);
  launched_ = launched_ && claude_lives;
  if (auto line = input.next_reader(dealt_with_); line > 0)
    run_.violate("an agent has dealt with line " + std::to_string(line)
                 + ", and nobody knows of it");
  std::set<std::string> again;
  for (const auto& [id, end] : requests_end_)
    if (end > held_from_)
      again.insert(id);
  if (auto id = requests.forget(again); !id.empty())
    run_.violate("request " + id + " is lost with an agent");
  statuses_ = 0;
  stopping_ = false;
  failed_resumes_ = 0;
  run_.closing = false;
  if (!refused_session_.empty()) {
    session_ = std::exchange(refused_session_, {});
    session_gone_ = false;
  }
}

void judge::note_dealt_with(std::string_view line, std::uint64_t to) {
  if (to <= dealt_with_)
    return;
  dealt_with_ = held_from_ = to;
  if (line.find("\"held_from\":") != std::string_view::npos)
    held_from_ = number(line, "held_from");
}

// Killed between two instructions an agent may leave a duplicate without its
// failure.
void judge::take_failed(std::string_view line) {
  auto uuid = member(line, "uuid");
  auto i = prompts_.find(uuid);
  auto reason = member(line, "reason");
  owe_reply("error: no answer, " + reason);
  auto again = i != prompts_.end() && !i->second.end.empty()
               && asked_again_.erase(uuid) > 0
               && (i->second.failure.empty() || i->second.failure == reason);
  if (!again)
    end_prompt(uuid, "failed");
  prompts_[uuid].failure = reason;
}

void judge::take_continued(std::string_view line) {
  auto uuid = member(line, "uuid");
  auto i = prompts_.find(uuid);
  if (i == prompts_.end() || !i->second.end.empty())
    run_.violate("a prompt that is not open was continued: " + shown(line));
  continued_[member(line, "continue_uuid")] = uuid;
}

// At its end the agent takes half a line for one that is cut.
void judge::take_accepted(std::string_view line) {
  if (run_.closing && input.next() == nullptr)
    input.deliver({}, true);
  const auto* expected = input.next();
  if (expected == nullptr || expected->what != expectation::kind::prompt)
    return run_.violate("accepted, but that prompt is not next: "
                        + shown(line));
  auto uuid = member(line, "uuid");
  auto duplicate = line.find("\"duplicate\":true") != std::string_view::npos;
  if (!expected->uuid.empty() && expected->uuid != uuid)
    return run_.violate("accepted as another prompt than " + expected->uuid
                        + ": " + shown(line));
  if (!duplicate && number(line, "input_to") != expected->end)
    run_.violate("accepted, but it does not end at "
                 + std::to_string(expected->end) + ": " + shown(line));
  note_dealt_with(line, number(line, "input_to"));
  input.close();
  auto i = prompts_.find(uuid);
  auto known = i != prompts_.end();
  auto failed = known && i->second.end == "failed";
  if (!duplicate && failed && may_run_again(i->second.failure))
    known = false;
  if (duplicate != known)
    return run_.violate("a prompt's duplicate is a new one, or the reverse: "
                        + shown(line));
  if (failed && duplicate)
    asked_again_.insert(uuid); // the old end comes again
  else if (duplicate)
    owe_reply("error: duplicate");
  if (!duplicate)
    prompts_[uuid] = {};
}

void judge::take_rejected(std::string_view line) {
  auto line_number = number(line, "line");
  if (run_.closing && input.next(line_number) == nullptr)
    input.deliver({}, true);
  const auto* expected = input.next(line_number);
  if (expected == nullptr || line_number != expected->number)
    return run_.violate("rejected, but line "
                        + std::to_string(expected ? expected->number : 0)
                        + " is next: " + shown(line));
  auto reason = member(line, "reason");
  owe_reply("error: line " + std::to_string(line_number) + " rejected, "
            + reason);
  using kind = expectation::kind;
  auto untimely = reason == "claude_unavailable"
                  || (expected->what == kind::prompt
                      && (reason == "queue_full" || reason == "shutting_down"));
  auto fits
    = expected->what == kind::rejected ? reason == expected->reason : untimely;
  if (!fits)
    return run_.violate("rejected for the wrong reason, \"" + expected->reason
                        + "\" is right: " + shown(line));
  if (expected->what == kind::passed_on) {
    requests.lost(expected->uuid);
    requests.dealt_with(expected->uuid);
  }
  note_dealt_with(line, number(line, "input_to"));
  input.close();
}

// The host's prompts, whatever Claude knows them by.
std::vector<std::string> judge::hosts_answered_by(std::string_view line) const {
  auto uuids = answered_by(line);
  for (auto& uuid : uuids)
    if (auto i = continued_.find(uuid); i != continued_.end())
      uuid = i->second;
  return uuids;
}

bool judge::has_failed(const std::string& uuid) const {
  auto i = prompts_.find(uuid);
  return i != prompts_.end() && i->second.end == "failed";
}

// What comes too late, for prompts that were failed when an agent died or
// ended, is not for the host.
void judge::take_claude_line(logged_line& logged, bool cut) {
  const auto& line = logged.text;
  logged.shown = cut ? shows::perhaps : shows::always;
  if (cut && run_.closing && ends_early(line))
    return;
  if (claude_lines_.empty() || claude_lines_.front().text != line
      || claude_lines_.front().cut != cut)
    return run_.violate("the log has " + shown(line) + (cut ? ", cut," : "")
                        + " where Claude wrote "
                        + (claude_lines_.empty()
                             ? "nothing"
                             : shown(claude_lines_.front().text)));
  auto front = std::move(claude_lines_.front());
  claude_lines_.pop_front();
  if (run_.closing)
    logged.shown = shows::perhaps;
  auto whole = nlohmann::json::accept(line);
  if (line.starts_with('{') && !whole)
    logged.shown
      = shows::perhaps; // the next agent takes it for one that is cut
  if (is_own_answer(line) && whole)
    logged.shown = shows::never;
  if (cut && !whole)
    return; // else nothing but the LF is missing
  hear_of_session(front, cut);
  auto uuids = hosts_answered_by(line);
  auto may_be_late = deaths_ > 0 || run_.closing;
  auto failed
    = [&](const auto& uuid) { return may_be_late && has_failed(uuid); };
  auto late = !uuids.empty() && std::all_of(uuids.begin(), uuids.end(), failed);
  if (late)
    logged.shown = shows::never;
  else if (line.find(R"("type":"result")") != std::string::npos
           && line.starts_with("{") && !uuids.empty())
    owe_reply({});
  for (const auto& uuid : uuids)
    if (!failed(uuid))
      end_prompt(uuid, "result");
}

// At its end an agent that nobody brings more of Claude's line ends that.
bool judge::ends_early(const std::string& line) {
  if (claude_lines_.empty()) {
    ended_ += line.size();
    return true;
  }
  auto& front = claude_lines_.front();
  if (!front.text.starts_with(line) || (front.cut && front.text == line))
    return false;
  front.text.erase(0, line.size());
  return true;
}

void judge::end_prompt(const std::string& uuid, const std::string& how) {
  auto i = prompts_.find(uuid);
  if (i == prompts_.end())
    return run_.violate(how + " for a prompt that was not accepted: " + uuid);
  if (!i->second.end.empty())
    return run_.violate("prompt " + uuid + " ended twice: " + i->second.end
                        + ", then " + how);
  i->second.end = how;
}

} // namespace container_agent::simulation
