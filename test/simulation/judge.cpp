#include "test/simulation/judge.hpp"

#include "messages/codec/input_message.hpp"
#include "test/simulation/line_text.hpp"

#include <algorithm>
#include <utility>

namespace container_agent::simulation {

namespace {

constexpr std::string_view cancel = R"({"type":"control_cancel_request")";

constexpr std::string_view own_record
  = R"({"type":"container_agent","subtype":")";

// The agent's, in Claude's place: a simulated Claude refuses nothing.
constexpr std::string_view lost_request
  = R"({"type":"control_response","response":{"subtype":"error","request_id":")";

// CAN: docs/keep-claude.md.
constexpr char cut_end = '\x18';

std::string shown(std::string_view line) {
  constexpr std::size_t most = 300;
  return "`" + std::string{line.substr(0, most)}
         + (line.size() > most ? "…" : "") + "`";
}

bool is_own(std::string_view line) {
  return line.starts_with(own_record) || line.starts_with(lost_request);
}

// Not a prompt's own failure: docs/protocol.md. Empty: it was not told.
bool may_run_again(std::string_view failure) {
  return failure.empty() || failure == "gave_up" || failure == "shutting_down";
}

bool begins_with(std::string_view text, std::string_view line) {
  return text == line || (!line.empty() && text.starts_with(line));
}

} // namespace

// -- Claude -------------------------------------------------------------------

void judge::launched(const std::string& resumed) {
  sent_.clear();
  if (resumed != session_)
    run_.violate("Claude was started with session \"" + resumed
                 + "\", and the conversation is in \"" + session_ + '"');
}

void judge::claude_was_sent(const std::string& uuid, const std::string& line) {
  if (!sent_.insert(uuid).second)
    run_.violate("prompt " + uuid + " was sent twice to one Claude");
  auto i = written_.find(uuid);
  auto noticed = line.find(codec::interrupted_notice) != std::string::npos;
  if (i != written_.end() && !i->second.empty() && !noticed
      && i->second != without_blanks(line))
    run_.violate("prompt " + uuid + " reached Claude as " + shown(line)
                 + ", and was written as " + shown(i->second));
}

void judge::claude_wrote(std::string line, const std::string& told_session) {
  if (!told_session.empty())
    sessions_.insert(session_ = told_session);
  if (std::exchange(written_line_ended_, false))
    return; // the host has got the start of it
  claude_lines_.push_back({std::move(line), false, ++lines_written_});
}

void judge::claude_cut(std::string part) {
  if (!std::exchange(written_line_ended_, false) && part.size() > max_held_)
    claude_lines_.push_back({std::move(part), true, ++lines_written_});
}

void judge::turn_ended(const std::string& uuid) {
  if (!turns_ended_.insert(uuid).second)
    run_.violate("prompt " + uuid + " ran to its end twice");
}

// -- agents that die ----------------------------------------------------------

void judge::agent_is_heard(const legacy& left, std::string_view half) {
  for (const auto& uuid : left.accepted)
    if (prompts_.try_emplace(uuid).second)
      ++open_prompts_;
  for (const auto& uuid : left.failed)
    if (prompts_[uuid].end.empty())
      end_prompt(uuid, "failed");
  using kind = expectation::kind;
  for (const auto& line : input.leave_reader())
    if (line.what == kind::prompt && line.end <= left.dealt_with
        && !left.told.contains(line.number)
        && (line.uuid.empty() || !prompts_.contains(line.uuid)))
      run_.violate("an agent has dealt with line " + std::to_string(line.number)
                   + ", and nobody knows of it");
  statuses_ = 0;
  stopping_ = false;
  ++blank_lines_;
  ++deaths_;
  line_ended_ = false;
  if (is_own(half) || own_record.starts_with(half)
      || lost_request.starts_with(half) || is_agents_cancel(half))
    torn_ = half;
}

std::uint64_t judge::output_is_lost(const std::string& session,
                                    const std::vector<std::string>& unseen) {
  if (!sessions_.contains(session))
    run_.violate("the journal knows of a session that nobody told: " + session);
  session_ = session;
  for (const auto& uuid : unseen)
    turns_ended_.erase(uuid);
  ++losses_;
  return lines_written_;
}

void judge::loss_is_heard(std::uint64_t lines, std::string_view half) {
  std::deque<claude_line> left;
  for (auto& line : std::exchange(claude_lines_, {}))
    if (line.number > lines)
      left.push_back(std::move(line));
    else if (left.empty() && !half.empty() && line.text.starts_with(half))
      left.push_back({std::string{half}, true, line.number});
  claude_lines_ = std::move(left);
}

// -- the host -----------------------------------------------------------------

void judge::host_read(std::string_view line) {
  auto torn = std::exchange(torn_, {});
  if (!torn.empty() && line == torn && !line.ends_with('}'))
    return; // the next agent has ended it
  if (is_own(line))
    take_record(line);
  else if (is_agents_cancel(line))
    take_cancel(line);
  else
    take_claude_line(line);
}

// Claude takes its own requests back in the same words. `line` may be half.
bool judge::is_agents_cancel(std::string_view line) const {
  return line.starts_with(cancel)
         && std::none_of(claude_lines_.begin(), claude_lines_.end(),
                         [line](const claude_line& c) {
                           return !c.cut && c.text.starts_with(line);
                         });
}

// What an agent has lost with a dead Claude's output, nobody has read. And the
// next agent of a dead one takes back what that had noted, which may stand in
// Claude's pipe yet: then it comes later and is taken back once more.
void judge::take_cancel(std::string_view line) {
  if (asked_.erase(member(line, "request_id")) == 0 && losses_ == 0
      && deaths_ == 0)
    run_.violate("a request is cancelled that is not open: " + shown(line));
}

void judge::take_record(std::string_view line) {
  if (line.starts_with(lost_request))
    return take_lost_request(line);
  auto rest = line.substr(own_record.size());
  auto subtype = rest.substr(0, rest.find('"'));
  if (!line.ends_with('}'))
    return run_.violate("a torn record: " + shown(line));
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
    if (++statuses_ > input.status_requests())
      run_.violate("a status that nobody has asked for: " + shown(line));
  } else if (subtype == "stopping") {
    if (std::exchange(stopping_, true))
      run_.violate("the agent says twice that it is stopping");
  }
}

// Killed between two instructions an agent may leave a result that was just
// moved to be told as lost, or one to be told as lost twice.
void judge::take_failed(std::string_view line) {
  auto uuid = member(line, "uuid");
  auto i = prompts_.find(uuid);
  auto reason = member(line, "reason");
  auto again
    = i != prompts_.end() && !i->second.end.empty()
      && ((losses_ > 0 && reason == "result_lost")
          || (asked_again_.erase(uuid) > 0
              && (i->second.failure.empty() || i->second.failure == reason)));
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

void judge::take_lost_request(std::string_view line) {
  auto id = member(line, "request_id");
  if (!line.ends_with('}'))
    run_.violate("a torn line of the agent's: " + shown(line));
  if (!id.starts_with("host-") || !lost_requests_.insert(id).second)
    run_.violate("a request that is not open was lost: " + shown(line));
}

// The host's prompts, whatever Claude knows them by.
std::vector<std::string> judge::hosts_answered_by(std::string_view line) const {
  auto uuids = answered_by(line);
  for (auto& uuid : uuids)
    if (auto i = continued_.find(uuid); i != continued_.end())
      uuid = i->second;
  return uuids;
}

void judge::take_accepted(std::string_view line) {
  const auto* expected = input.next();
  if (expected == nullptr || expected->what != expectation::kind::prompt)
    return run_.violate("accepted, but that prompt is not next: "
                        + shown(line));
  auto uuid = member(line, "uuid");
  auto duplicate = line.find("\"duplicate\":true") != std::string_view::npos;
  if (!expected->uuid.empty() && expected->uuid != uuid)
    return run_.violate("accepted as another prompt than " + expected->uuid
                        + ": " + shown(line));
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
  if (duplicate)
    return;
  prompts_[uuid] = {};
  ++open_prompts_;
}

void judge::take_rejected(std::string_view line) {
  const auto* expected = input.next(number(line, "line"));
  if (expected == nullptr || number(line, "line") != expected->number)
    return run_.violate("rejected, but that line is not next: " + shown(line));
  auto reason = member(line, "reason");
  using kind = expectation::kind;
  auto untimely = reason == "claude_unavailable"
                  || (expected->what == kind::prompt
                      && (reason == "queue_full" || reason == "shutting_down"));
  auto fits
    = expected->what == kind::rejected ? reason == expected->reason : untimely;
  if (!fits)
    return run_.violate("rejected for the wrong reason, \"" + expected->reason
                        + "\" is right: " + shown(line));
  input.close();
}

// An agent that was killed had failed the prompts: the next one keeps the
// result to itself.
bool judge::comes_too_late(std::string_view line) const {
  auto uuids = hosts_answered_by(line);
  return deaths_ > 0 && !uuids.empty()
         && std::all_of(uuids.begin(), uuids.end(), [this](const auto& uuid) {
              auto i = prompts_.find(uuid);
              return i != prompts_.end() && i->second.end == "failed";
            });
}

// What a Claude that has died left unfinished may be missing. The next one may
// have written the same line whole: then it is taken for that one, and what was
// left unfinished may still come.
void judge::choose_claude_line(std::string_view line) {
  while (!claude_lines_.empty() && claude_lines_.front().text != line
         && comes_too_late(claude_lines_.front().text))
    claude_lines_.pop_front();
  auto whole = std::find_if(claude_lines_.begin(), claude_lines_.end(),
                            [](const claude_line& c) { return !c.cut; });
  if (whole != claude_lines_.end() && whole->text == line)
    std::rotate(claude_lines_.begin(), whole, whole + 1);
  while (!claude_lines_.empty() && claude_lines_.front().cut
         && !begins_with(claude_lines_.front().text, line))
    claude_lines_.pop_front();
  auto part = claude_lines_.empty() && claude_writes ? claude_writes() : "";
  if (!part.empty())
    claude_lines_.push_back({std::move(part), true, lines_written_ + 1});
}

void judge::take_claude_line(std::string_view line) {
  if (line_ended_)
    return run_.violate("the host has read " + shown(line)
                        + " behind a line that was ended");
  if (line.ends_with(cut_end)) // a kept Claude's, which has died
    line.remove_suffix(1);
  choose_claude_line(line);
  if (line.empty() && blank_lines_ > 0
      && (claude_lines_.empty() || !claude_lines_.front().text.empty())) {
    --blank_lines_;
    return;
  }
  if (claude_lines_.empty())
    return run_.violate("the host has read a line that Claude has not written: "
                        + shown(line));
  // When its time is up, the agent ends the line that it is passing on, and no
  // other may follow.
  if (claude_lines_.front().text != line
      && begins_with(claude_lines_.front().text, line)) {
    line_ended_ = true;
    written_line_ended_ = claude_lines_.front().number > lines_written_;
    claude_lines_.pop_front();
    return;
  }
  if (claude_lines_.front().text != line)
    return run_.violate("the host has read " + shown(line)
                        + " where Claude wrote "
                        + shown(claude_lines_.front().text));
  auto front = std::move(claude_lines_.front());
  claude_lines_.pop_front();
  if (front.cut) {
    written_line_ended_ = front.number > lines_written_;
    line_ended_ = line_ended_ || written_line_ended_;
    return;
  }
  if (line.starts_with(R"({"type":"control_request")"))
    asked_.insert(member(line, "request_id"));
  auto uuids = hosts_answered_by(line);
  // Killed in the midst of failing them all: then it is told for the others.
  auto failed = [this](const std::string& uuid) {
    auto i = prompts_.find(uuid);
    return deaths_ > 0 && i != prompts_.end() && i->second.end == "failed";
  };
  auto some = !std::all_of(uuids.begin(), uuids.end(), failed);
  for (const auto& uuid : uuids)
    if (!some || !failed(uuid))
      end_prompt(uuid, "result");
}

void judge::end_prompt(const std::string& uuid, const std::string& how) {
  auto i = prompts_.find(uuid);
  if (i == prompts_.end())
    return run_.violate(how + " for a prompt that was not accepted: " + uuid);
  if (!i->second.end.empty())
    return run_.violate("prompt " + uuid + " ended twice: " + i->second.end
                        + ", then " + how);
  i->second.end = how;
  --open_prompts_;
}

void judge::output_ended(std::string_view rest) {
  if (!rest.empty())
    run_.violate("the output ends in a torn line: " + shown(rest));
}

std::string judge::owed_prompts() const {
  for (const auto& [uuid, state] : prompts_)
    if (state.end.empty())
      return " an end of prompt " + uuid + ';';
  return {};
}

std::string judge::owed() const {
  auto result = owed_prompts();
  if (auto line = input.owed(); line > 0)
    result += " a record for line " + std::to_string(line) + ';';
  if (statuses_ < input.status_requests())
    result += " a status;";
  if (line_ended_)
    result += " the rest of a line that was ended;";
  for (const auto& line : claude_lines_)
    if (!line.cut && !comes_too_late(line.text)) {
      result += " Claude's line " + shown(line.text) + ';';
      break;
    }
  return result;
}

} // namespace container_agent::simulation
