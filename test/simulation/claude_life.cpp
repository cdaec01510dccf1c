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
    session_{std::move(resume)} {
  judge_.claude_writes = [this] { return part_out_; };
  pipes_.input.on_data([this] { read_input(); });
  pipes_.output.on_room([this] { pump(); });
  wedged_ = fate_.deaf;
  if (session_.empty())
    session_ = "session-" + std::to_string(sessions_.size() + 1);
  else if (!sessions_[session_].on_disk)
    refuse(session_);
}

void claude_life::dying() {
  if (unsaid_lines_.empty() || !unsaid_lines_.front().for_agent)
    judge_.claude_cut(std::exchange(part_out_, {}));
}

// What it was sent and has not read, nobody will know of.
void claude_life::closing_input() {
  wedged_ = wedged_ || pipes_.input.available() > 0 || !part_in_.empty();
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
    take_input(plan_.input.longest);
    if (dead_)
      return;
    if (pipes_.input.available() > 0)
      read_input();
    end_if_told();
  });
}

void claude_life::take_input(std::size_t most) {
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
  auto content = without_blanks(line);
  if (!content.starts_with('{') || !content.ends_with('}')) {
    run_.violate("Claude was sent a line that it ends at: "
                 + line.substr(0, 200));
    return die({1, 0});
  }
  auto type = member(line, "type");
  if (type == "user") {
    auto at = line.rfind("\"uuid\":");
    take_prompt(member(std::string_view{line}.substr(at), "uuid"), line);
  } else if (type == "control_request") {
    take_request(member(line, "request_id"), member(line, "subtype"));
  } else if (type == "control_response"
             && member(line, "request_id") == permission_
             && !permission_.empty()) {
    permission_.clear();
    run_script();
  }
}

void claude_life::take_prompt(const std::string& uuid,
                              const std::string& line) {
  judge_.claude_was_sent(uuid, line);
  auto& session = sessions_[session_];
  if (!session.finished.contains(uuid)) {
    waiting_.push_back(uuid);
    say(claude::lifecycle(uuid, "queued", session_));
    return begin_turn();
  }
  auto replay = claude::replay(uuid, "again", session_);
  if (!finished_here_.contains(uuid))
    replay += claude::lifecycle(uuid, "completed", session_);
  say(replay);
}

void claude_life::take_request(const std::string& id, const std::string& what) {
  auto own = id.starts_with("container_agent:");
  auto answer = claude::initialized(id);
  if (what == "initialize")
    answer.insert(answer.find("]"), std::string(plan_.answer_bytes, ' '));
  told_to_end_ = told_to_end_ || what == "end_session";
  if (what != "interrupt") {
    later(plan_.latency, [this, answer, own] { say(answer, {}, own); });
    return;
  }
  say(answer, {}, own);
  interrupt();
}

// -- what goes out ------------------------------------------------------------

void claude_life::say(std::string_view lines, std::function<void()> then,
                      bool for_agent) {
  auto count = std::count(lines.begin(), lines.end(), '\n');
  for (; count > 1; --count)
    unsaid_lines_.push_back({for_agent, {}});
  unsaid_lines_.push_back({for_agent, std::move(then)});
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
    judge_.claude_cut(std::exchange(part_out_, {}));
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

void claude_life::line_is_out() {
  auto text = std::exchange(part_out_, {});
  auto line = std::move(unsaid_lines_.front());
  unsaid_lines_.pop_front();
  run_.tell("Claude", [&] { return "has written " + text.substr(0, 200); });
  auto names_session = text.starts_with(R"({"type":"command_lifecycle")")
                       || text.starts_with(R"({"type":"system")")
                       || text.find(R"("is_error":false)") != std::string::npos;
  if (!line.for_agent)
    judge_.claude_wrote(std::move(text), names_session ? session_ : "");
  if (line.then)
    line.then();
}

} // namespace container_agent::simulation
