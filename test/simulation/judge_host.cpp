#include "test/simulation/judge.hpp"
#include "test/simulation/line_text.hpp"

#include <algorithm>
#include <utility>

// What the host reads, and what it is still owed.
namespace container_agent::simulation {

namespace {

// The agent's, in Claude's place.
constexpr std::string_view lost_request
  = R"({"type":"control_response","response":{"subtype":"error","request_id":")";

constexpr std::string_view own_part = "[The answer to this prompt:]\n";

constexpr std::string_view cancel = R"({"type":"control_cancel_request")";

// Not a result's text.
bool is_agents_own(std::string_view reply) {
  return reply.starts_with("error: no answer, ")
         || reply.starts_with("error: duplicate")
         || reply.starts_with("error: line ") || reply.starts_with('{');
}

std::string missing_from(std::string_view document, std::string_view ids_in,
                         const std::set<std::string>& ids) {
  for (const auto& id : ids)
    if (document.find(std::string{ids_in} + id + '"') == std::string_view::npos)
      return id;
  return {};
}

} // namespace

void judge::host_begins_at(std::uint64_t offset) {
  auto i = std::lower_bound(
    lines_.begin(), lines_.end(), offset,
    [](const logged_line& l, std::uint64_t o) { return l.offset < o; });
  auto next = static_cast<std::size_t>(i - lines_.begin());
  auto at = i == lines_.end() ? end_ : i->offset;
  if (at != offset)
    run_.violate("the host goes on at " + std::to_string(offset)
                 + ", where no line begins");
  for (auto skipped = next_line_; skipped < next; ++skipped)
    if (lines_[skipped].shown == shows::always)
      return run_.violate("the host goes on behind what it has not read: "
                          + shown(lines_[skipped].text));
  next_line_ = next;
}

void judge::host_read(std::string_view line) {
  while (next_line_ < lines_.size() && lines_[next_line_].text != line
         && lines_[next_line_].shown != shows::always)
    ++next_line_;
  if (next_line_ == lines_.size())
    return run_.violate("the host has read " + shown(line)
                        + ", which is not in the log");
  const auto& logged = lines_[next_line_];
  if (logged.text != line)
    return run_.violate("the host has read " + shown(line)
                        + " where the log has " + shown(logged.text));
  if (logged.shown == shows::never)
    return run_.violate("the host has read what is not for it: " + shown(line));
  auto again = next_line_++ < furthest_line_;
  if (again)
    return;
  furthest_line_ = next_line_;
  logged.from_claude ? note_claude_line(line) : note_own_line(line);
}

// An agent that died may have left something half told, of which the next one
// knows nothing.
void judge::note_own_line(std::string_view line) {
  auto id = member(line, "request_id");
  if (line.starts_with(cancel)) {
    questions.taken_back_by_agent(id);
    if (asked_.erase(id) == 0 && deaths_ == 0)
      run_.violate("a request is cancelled that is not open: " + shown(line));
  } else if (line.starts_with(lost_request)) {
    auto lost = requests.lost(id);
    if (!lost && run_.closing && deaths_ == 0) {
      input.deliver({}, true); // half a line may be a whole request
      lost = requests.lost(id);
    }
    if (!lost && deaths_ == 0)
      run_.violate("a request that is not open was lost: " + shown(line));
  }
}

// What the host, and so the agent, knows from a whole line of Claude's.
void judge::note_claude_line(std::string_view line) {
  if (line.starts_with(R"({"type":"control_request")")) {
    auto id = member(line, "request_id");
    asked_.insert(id);
    questions.shown(id, run_.calendar.now());
  } else if (line.starts_with(cancel)) {
    questions.taken_back_by_claude(member(line, "request_id"));
  } else if (line.starts_with(R"({"type":"control_response")")) {
    auto id = member(line, "request_id");
    questions.echoed(id);
    requests.answered(id, member(line, "subtype") == "success");
  } else if (line.find(R"("subtype":"background_tasks_changed")")
             != std::string_view::npos) {
    tasks_shown_.insert(member(line, "task_id"));
  }
}

// -- replies ------------------------------------------------------------------

void judge::owe_reply(const std::string& part) {
  if (!options_.replies)
    return;
  owed_replies_.push_back(part);
  match_replies();
}

void judge::host_read_reply(std::string_view text) {
  replies_.emplace_back(text);
  match_replies();
}

// A record may wait for the end of a line of Claude's, and come in another
// order for that.
void judge::match_replies() {
  std::erase_if(replies_, [this](std::string_view text) {
    if (auto at = text.find(own_part); at != std::string_view::npos)
      text.remove_prefix(at + own_part.size());
    auto cause = std::find_if(
      owed_replies_.begin(), owed_replies_.end(), [&](const auto& part) {
        return part.empty() ? !is_agents_own(text) : text.starts_with(part);
      });
    if (cause == owed_replies_.end())
      return false;
    owed_replies_.erase(cause);
    return true;
  });
}

// -- what it is told of Claude ------------------------------------------------

void judge::requests_listed(const std::vector<std::string>& ids) {
  if (ids.empty() && questions.empty())
    return;
  if (auto what = questions.fault_of(ids, run_.calendar.now()); !what.empty())
    run_.violate("the open requests are wrong: " + what);
}

// A document may be some seconds old when a client reads it, and more if actors
// fail meanwhile.
void judge::status_said(std::string_view document, bool at_once) {
  if (number(document, "answered") > answered_.size())
    run_.violate("more prompts are said to be answered than Claude has: "
                 + std::to_string(answered_.size()) + " of "
                 + std::string{document});
  constexpr time_span age{60'000'000};
  auto now = run_.calendar.now();
  auto complete = document.find("\"requests\"") != std::string_view::npos
                  && document.find("\"silent\"") == std::string_view::npos;
  if (!at_once || !complete)
    return;
  auto id
    = missing_from(document, "\"id\":\"", questions.waiting(now - age, now));
  if (!id.empty())
    run_.violate("the status does not list " + id
                 + ", for which Claude waits: " + std::string{document});
}

// -- the end ------------------------------------------------------------------

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
  if (auto id = requests.owed(); !id.empty())
    result += " what became of request " + id + ';';
  if (losses_told_ < sessions_lost_ && deaths_ == 0)
    result += " word of a session that was lost;";
  if (!owed_replies_.empty())
    result += " a reply with " + shown(owed_replies_.front()) + ';';
  if (!replies_.empty() && !replies_.front().starts_with("[Claude has added"))
    result += " the cause of the reply " + shown(replies_.front()) + ';';
  for (const auto& line : claude_lines_)
    if (!line.cut) {
      result += " Claude's line " + shown(line.text) + " in the log;";
      break;
    }
  if (options_.replies)
    return result;
  for (auto i = next_line_; i < lines_.size(); ++i)
    if (lines_[i].shown == shows::always) {
      result += " the line " + shown(lines_[i].text) + ';';
      break;
    }
  return result;
}

} // namespace container_agent::simulation
