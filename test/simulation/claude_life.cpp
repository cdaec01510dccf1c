#include "test/simulation/claude_life.hpp"

#include "test/actors/claude_lines.hpp"
#include "test/simulation/line_text.hpp"

#include <algorithm>
#include <utility>

// A process's life, and what comes in and goes out; its turns are in
// claude_turns.cpp.
namespace container_agent::simulation {

namespace claude = test::claude;

claude_life::claude_life(run_context& run, judge& bench,
                         claude_sessions& sessions, const claude_plan& plan,
                         std::string resume, child_pipes pipes)
  : child_life{run, plan, pipes},
    judge_{bench},
    sessions_{sessions},
    session_{std::move(resume)},
    mode_{plan.mode} {
  pipes_.input.on_data([this] { read_input(); });
  pipes_.output.on_room([this] { pump(); });
  wedged_ = fate_.deaf;
  if (fate_.deaf)
    judge_.requests.hears_nothing();
  if (session_.empty())
    session_ = "session-" + std::to_string(sessions_.size() + 1);
  else if (!can_resume())
    refuse(session_);
  auto& task = sessions_[session_].open_task;
  if (refusing_ || task.empty())
    return;
  // It has died with the process before.
  say(claude::task_told(std::exchange(task, {}), "stopped", session_));
  stale_ = true;
}

void claude_life::dying() {
  judge_.claude_ended();
  cut_line();
}

// What it was sent and has not read, nobody will know of.
void claude_life::closing_input() {
  if (pipes_.input.available() == 0 && part_in_.empty())
    return;
  wedged_ = true;
  judge_.requests.hears_nothing();
}

bool claude_life::idle() const {
  return dead_
         || (!turn_runs_ && waiting_.empty() && unsaid_.empty()
             && part_in_.empty() && pipes_.input.available() == 0);
}

// -- what comes in ------------------------------------------------------------

void claude_life::read_input() {
  if (dead_ || fate_.deaf || input_closed_ || refusing_
      || std::exchange(reading_, true))
    return;
  later(std::min(plan_.latency, time_span{20'000}), [this] {
    reading_ = false;
    if (input_closed_)
      return;
    read_input(plan_.input.longest);
    if (dead_)
      return;
    if (pipes_.input.available() > 0)
      read_input();
    end_if_told();
  });
}

void claude_life::read_input(std::size_t most) {
  auto data = pipes_.input.take(most);
  read_ += data.size();
  if (fate_.dies_after_input && read_ >= *fate_.dies_after_input)
    return die(fate_.end);
  part_in_ += data;
  std::size_t begin = 0;
  for (auto end = part_in_.find('\n'); end != std::string::npos;
       end = part_in_.find('\n', begin)) {
    take_line(part_in_.substr(begin, end - begin));
    begin = end + 1;
    if (dead_)
      return;
  }
  part_in_.erase(0, begin);
}

void claude_life::take_line(const std::string& line) {
  run_.tell("Claude", [&] { return "reads " + line.substr(0, 200); });
  judge_.claude_reads();
  auto content = without_blanks(line);
  if (!content.starts_with('{') || !content.ends_with('}')) {
    run_.violate("Claude was sent a line that is no message: "
                 + line.substr(0, 200));
    // JSON of another kind does no harm.
    if (content.empty() || content.starts_with('[') || content == "7")
      return;
    return die({1, 0});
  }
  auto type = member(line, "type");
  auto has
    = [&](const char* what) { return line.find(what) != std::string::npos; };
  if ((type == "user" && !has(R"("role":"user")"))
      || (type == "control_request" && !has(R"("request":{)")))
    return die({1, 0});
  if (type == "user") {
    auto at = line.rfind("\"uuid\":");
    take_prompt(at == std::string::npos
                  ? std::string{}
                  : member(std::string_view{line}.substr(at), "uuid"),
                line);
  } else if (type == "control_request") {
    take_request(line);
  } else if (type == "control_response"
             && member(line, "request_id") == permission_
             && !permission_.empty()) {
    take_answer(line);
  }
}

void claude_life::take_answer(const std::string& line) {
  judge_.questions.got_answer(permission_);
  permission_.clear();
  say(line + '\n');
  if (auto next = std::exchange(on_answer_, {}))
    next(line);
  run_script();
}

void claude_life::take_prompt(const std::string& uuid,
                              const std::string& line) {
  judge_.claude_was_sent(uuid, line);
  // Content of another shape is swallowed.
  if (line.find(R"("content":7)") != std::string::npos)
    return say(claude::lifecycle(uuid, "completed", session_));
  auto waits = [&](const prompt& other) { return other.uuid == uuid; };
  if (uuid.empty()
      || (!sessions_[session_].answered.contains(uuid)
          && !seen_here_.contains(uuid))) {
    seen_here_.insert(uuid);
    waiting_.push_back({uuid, member(line, "content"), line.size()});
    if (!uuid.empty())
      say(claude::lifecycle(uuid, "queued", session_));
    return begin_turn();
  }
  if (std::any_of(waiting_.begin(), waiting_.end(), waits))
    return;
  last_failed_ = false;
  auto again = claude::replay(uuid, "again", session_);
  if (!seen_here_.contains(uuid))
    again += claude::lifecycle(uuid, "completed", session_);
  say(again);
}

void claude_life::take_request(const std::string& line) {
  // If two members have the same name, the last one counts.
  auto at = line.rfind("\"request_id\":");
  auto id = at == std::string::npos
              ? std::string{}
              : member(std::string_view{line}.substr(at), "request_id");
  auto what = member(line, "subtype");
  auto own = id.starts_with("container_agent:");
  if (what == "interrupt" || what == "end_session") {
    if (!permission_.empty())
      say(claude::cancelled_request(std::exchange(permission_, {})));
    std::vector<std::string> waiting;
    for (const auto& one : waiting_)
      waiting.push_back(one.uuid);
    say(what == "interrupt" ? claude::interrupt_taken(id, waiting)
                            : claude::initialized(id));
    told_to_end_ = told_to_end_ || what == "end_session";
    interrupt();
    return end_if_told();
  }
  if (what == "stop_task" && !sessions_[session_].open_task.empty())
    end_task("stopped");
  if (what == "stop_task" || !ignores(id, own))
    answer_soon(answer_to(id, what, line), what);
}

// The agent waits for its own requests, and for all that a Claude is given
// before its first prompt.
bool claude_life::ignores(const std::string& id, bool own) {
  if (!dice_.one_in(plan_.ignores))
    return false;
  run_.tell("Claude", [&] { return "ignores " + id; });
  judge_.requests.ignores(id);
  wedged_ = wedged_ || own || seen_here_.empty();
  return true;
}

// In the order of the requests.
void claude_life::answer_soon(std::string answer, const std::string& what) {
  answers_.push_back({std::move(answer), what});
  later(plan_.latency, [this] {
    auto now = std::move(answers_.front());
    answers_.pop_front();
    if (now.what == "set_model" && turns_ > 0)
      say(claude::replay("local-command", "model", session_));
    say(now.text);
    if (now.what == "initialize")
      initialized();
  });
}

std::string claude_life::answer_to(const std::string& id,
                                   const std::string& what,
                                   const std::string& line) {
  auto sets = what.starts_with("set_");
  if ((sets || what == "initialize") && dice_.one_in(plan_.refuses)) {
    judge_.requests.refused(what);
    return claude::refused(id, "failed");
  }
  auto answer = claude::initialized(id);
  if (what == "initialize") {
    auto has_hooks = line.find("hookCallbackIds") != std::string::npos;
    hooks_ = hooks_ || has_hooks;
    if (has_hooks)
      judge_.requests.took(what, request_text(line));
    answer.insert(answer.find("]"), std::string(plan_.answer_bytes, ' '));
  } else if (what == "set_permission_mode") {
    answer = set_mode(id, member(line, "mode"));
    if (answer.find("\"success\"") == std::string::npos)
      return answer;
  } else if (!sets && what != "apply_flag_settings" && what != "stop_task") {
    return claude::refused(id, "unsupported_request");
  }
  if (sets)
    judge_.requests.took(what, request_text(line));
  return answer;
}

std::string claude_life::set_mode(const std::string& id,
                                  const std::string& mode) {
  if (mode == "bypassPermissions" && !plan_.bypass_allowed)
    return claude::refused(id, "bypass_not_launched");
  static const std::set<std::string> modes{"acceptEdits", "bypassPermissions",
                                           "default", "plan"};
  if (!modes.contains(mode))
    return claude::refused(id, "invalid_mode");
  mode_ = mode;
  return claude::initialized(id);
}

// What follows the answer.
void claude_life::initialized() {
  const auto& task = sessions_[session_].open_task;
  if (std::exchange(initialized_, true))
    say(task.empty() ? claude::no_tasks(session_)
                     : claude::one_task(task, session_));
  if (stale_) {
    ++own_turns_;
    begin_turn();
  }
}

// -- what goes out ------------------------------------------------------------

void claude_life::say(std::string_view lines, std::function<void()> then) {
  for (auto count = std::count(lines.begin(), lines.end(), '\n'); count > 1;
       --count)
    unsaid_lines_.emplace_back();
  unsaid_lines_.push_back(std::move(then));
  unsaid_ += lines;
  pump();
}

// Writes a piece, of any length, when the pipe has room for it.
void claude_life::pump() {
  if (dead_ || unsaid_.empty() || pumping_)
    return;
  auto most
    = std::min({unsaid_.size(), pipes_.output.room(), plan_.output.longest});
  if (most == 0 && !output_closed_)
    return;
  pumping_ = true;
  run_.calendar.soon([this] {
    pumping_ = false;
    if (dead_ || unsaid_.empty())
      return;
    auto room = output_closed_ ? unsaid_.size() : pipes_.output.room();
    auto most = std::min({unsaid_.size(), room, plan_.output.longest});
    auto size = dice_.one_in(3) ? dice_.between(most == 0 ? 0 : 1, most) : most;
    auto piece = unsaid_.substr(0, size);
    unsaid_.erase(0, size);
    account(piece);
    if (!dead_ && !unsaid_.empty())
      return pump();
    run_script();
    end_if_told();
  });
}

void claude_life::account(std::string_view piece) {
  if (fate_.dies_after_output
      && written_ + piece.size() >= *fate_.dies_after_output)
    piece = piece.substr(0, *fate_.dies_after_output - written_);
  if (fate_.closes_output_after && !output_closed_
      && written_ + piece.size() >= *fate_.closes_output_after) {
    cut_line();
    judge_.requests.hears_nothing(); // it says so to nobody
    output_closed_ = wedged_ = true;
    pipes_.output.end();
  }
  written_ += piece.size();
  if (output_closed_)
    return;
  pipes_.output.give(piece);
  for (auto end = piece.find('\n'); end != std::string_view::npos;
       end = piece.find('\n')) {
    part_out_ += piece.substr(0, end);
    piece.remove_prefix(end + 1);
    line_is_out();
  }
  part_out_ += piece;
  if (fate_.dies_after_output && written_ >= *fate_.dies_after_output)
    die(fate_.end);
}

std::string claude_life::told_session(std::string_view line) const {
  auto names_it = line.starts_with(R"({"type":"command_lifecycle")")
                  || line.starts_with(R"({"type":"system")")
                  || line.find(R"("is_error":false)") != std::string::npos;
  return names_it ? session_ : "";
}

void claude_life::cut_line() {
  auto session = told_session(part_out_);
  judge_.claude_cut(std::exchange(part_out_, {}), session);
}

void claude_life::line_is_out() {
  auto text = std::exchange(part_out_, {});
  auto then = std::move(unsaid_lines_.front());
  unsaid_lines_.pop_front();
  run_.tell("Claude", [&] { return "has written " + text.substr(0, 200); });
  judge_.claude_wrote(text, told_session(text));
  if (then)
    then();
}

} // namespace container_agent::simulation
