#include "test/actors/claude_lines.hpp"
#include "test/simulation/claude_life.hpp"

#include <utility>

// What a simulated Claude says in a turn.
namespace container_agent::simulation {

namespace claude = test::claude;

namespace {

std::string control_cancel(const std::string& id) {
  return R"({"type":"control_cancel_request","request_id":")" + id + "\"}\n";
}

std::string failed_result(const std::vector<std::string>& uuids,
                          const std::string& session) {
  return claude::result_line(
    R"("is_error":true,"subtype":"success","result":"API Error: 500",)", uuids,
    session);
}

} // namespace

// As after a very early crash: the transcript was never written.
void claude_life::refuse(const std::string& session) {
  refusing_ = true;
  pipes_.errors.give("No conversation found with session ID: " + session
                     + '\n');
  later(plan_.latency, [this, session] {
    say(claude::no_conversation(session), [this] {
      judge_.session_refused();
      later(time_span{5000}, [this] { die({1, 0}); });
    });
  });
}

void claude_life::begin_turn() {
  if (turn_runs_ || waiting_.empty())
    return;
  turn_runs_ = true;
  result_said_ = false;
  turn_.clear();
  // Prompts that wait together are merged into one turn.
  do {
    turn_.push_back(waiting_.front());
    waiting_.pop_front();
  } while (!waiting_.empty() && dice_.one_in(2));
  write_script();
  run_script();
}

void claude_life::write_script() {
  ++turns_;
  std::string started;
  std::string replays;
  for (const auto& uuid : turn_) {
    started += claude::lifecycle(uuid, "started", session_);
    replays += claude::replay(uuid, "hi", session_);
  }
  auto saved = [this] { sessions_[session_].on_disk = true; };
  auto saved_early = dice_.one_in(2);
  script_.push_back({started, {}});
  script_.push_back(
    {claude::init(session_), saved_early ? saved : std::function<void()>{}});
  script_.push_back({replays, saved});
  write_chatter();
  if (dice_.one_in(plan_.permission)) {
    auto id = session_ + "-ask-" + std::to_string(turns_);
    script_.push_back({claude::can_use_tool(id), {}, id});
  }
  if (dice_.one_in(plan_.stall))
    return script_.push_back({"\n", [this] { wedged_ = true; }});
  write_result();
}

void claude_life::write_chatter() {
  for (auto count = dice_.below(4); count > 0; --count)
    script_.push_back(
      {claude::assistant("thought " + std::to_string(count), session_), {}});
  if (dice_.one_in(plan_.garbage))
    script_.push_back({dice_.pick<std::string>(
                         {"Debugger attached.\n", "\n", "{\"broken\n",
                          "{\"type\":\"new_event\",\"session_id\":\"x\"}\n"}),
                       {}});
  if (dice_.one_in(plan_.long_line))
    script_.push_back(
      {claude::assistant(std::string(plan_.long_line_bytes, 'y'), session_),
       {}});
}

void claude_life::write_result() {
  auto uuids = turn_;
  std::string completed;
  std::string cancelled;
  for (const auto& uuid : uuids) {
    completed += claude::lifecycle(uuid, "completed", session_);
    cancelled += claude::lifecycle(uuid, "cancelled", session_);
  }
  if (dice_.one_in(plan_.cancelled)) {
    script_.push_back({cancelled, [this] { end_turn(); }});
    return;
  }
  auto text = "done " + std::to_string(turns_);
  auto result = dice_.one_in(plan_.error)
                  ? failed_result(uuids, session_)
                  : claude::result(uuids, text, session_);
  // The transcript is written at some moment before the result has gone out.
  if (dice_.one_in(2))
    script_.push_back(
      {claude::assistant(text, session_), [this, uuids] { finish(uuids); }});
  script_.push_back({result, [this, uuids] {
                       finish(uuids);
                       for (const auto& uuid : uuids)
                         judge_.turn_ended(uuid);
                     }});
  script_.push_back({completed, {}});
  if (dice_.one_in(plan_.own_turn))
    script_.push_back({claude::init(session_)
                         + claude::assistant("a task has ended", session_)
                         + claude::result({}, "noted", session_),
                       {}});
  script_.push_back({"", [this] { end_turn(); }});
}

void claude_life::finish(const std::vector<std::string>& uuids) {
  for (const auto& uuid : uuids) {
    sessions_[session_].finished.insert(uuid);
    finished_here_.insert(uuid);
  }
}

void claude_life::end_turn() {
  turn_runs_ = false;
  begin_turn();
}

void claude_life::interrupt() {
  // Behind its result a turn can't be interrupted any more.
  if (!turn_runs_ || result_said_)
    return;
  script_.clear();
  std::string cancelled;
  if (!permission_.empty())
    cancelled += control_cancel(std::exchange(permission_, {}));
  auto uuids = turn_;
  script_.push_back(
    {cancelled + claude::interrupted(uuids, session_), [this, uuids] {
       finish(uuids);
       for (const auto& uuid : uuids)
         judge_.turn_ended(uuid);
     }});
  std::string over;
  for (const auto& uuid : uuids)
    over += claude::lifecycle(uuid, "cancelled", session_);
  script_.push_back({over, [this] { end_turn(); }});
  wedged_ = fate_.deaf || output_closed_;
  run_script();
}

// Goes on with the turn, unless something has to come first.
void claude_life::run_script() {
  if (dead_ || stepping_ || script_.empty() || !unsaid_.empty()
      || !permission_.empty())
    return;
  stepping_ = true;
  later(plan_.latency, [this] {
    stepping_ = false;
    if (!script_.empty() && unsaid_.empty() && permission_.empty())
      next_step();
  });
}

void claude_life::next_step() {
  auto now = std::move(script_.front());
  script_.pop_front();
  if (now.text.find(R"("type":"result")") != std::string::npos
      || now.text.find(R"("state":"cancelled")") != std::string::npos)
    result_said_ = true;
  // A permission request fails at once when nobody can answer it any more.
  if (!told_to_end())
    permission_ = now.permission;
  if (!now.text.empty())
    return say(now.text, std::move(now.then));
  now.then();
  run_script();
  end_if_told();
}

void claude_life::end_if_told() {
  if (dead_ || !told_to_end())
    return;
  if (!permission_.empty()) {
    permission_.clear();
    run_script();
  }
  if (turn_runs_ || !waiting_.empty() || !unsaid_.empty()
      || std::exchange(ending_, true))
    return;
  later(time_span{40'000}, [this] { die({0, 0}); });
}

} // namespace container_agent::simulation
