#include "test/actors/claude_lines.hpp"
#include "test/simulation/claude_life.hpp"

#include <utility>

// What a simulated Claude says in a turn.
namespace container_agent::simulation {

namespace claude = test::claude;

namespace {

std::string failed_result(const std::vector<std::string>& uuids,
                          const std::string& session) {
  return claude::result_line(
    R"("is_error":true,"subtype":"success","result":"API Error: 500",)", uuids,
    session);
}

} // namespace

// What can't be read may be back later, or never.
bool claude_life::can_resume() {
  auto& session = sessions_[session_];
  if (plan_.unreadable > 0 && session.on_disk)
    session.unreadable
      = dice_.one_in(session.unreadable ? 2 : plan_.unreadable);
  return session.on_disk && !session.unreadable;
}

// As after a very early crash: the transcript was never written. Or it can't be
// read.
void claude_life::refuse(const std::string& session) {
  refusing_ = true;
  auto why = sessions_[session].unreadable
               ? "Failed to resume session: EISDIR"
               : "No conversation found with session ID: " + session;
  pipes_.errors.give(why + '\n');
  later(plan_.latency, [this, session, why] {
    say(claude::not_resumed(session, why), [this] {
      later(time_span{5000}, [this] { die({1, 0}); });
    });
  });
}

void claude_life::begin_turn() {
  if (turn_runs_ || (waiting_.empty() && own_turns_ == 0))
    return;
  turn_runs_ = true;
  result_said_ = used_tool_ = replayed_ = false;
  turn_.clear();
  joined_.clear();
  if (own_turns_ > 0) {
    --own_turns_;
    return begin_own_turn();
  }
  // Prompts that wait together are merged into one turn.
  do {
    take_up(std::move(waiting_.front()));
    waiting_.pop_front();
  } while (!waiting_.empty() && (plan_.obeys_words || dice_.one_in(2)));
  write_script();
  run_script();
}

void claude_life::take_up(prompt next) {
  if (!next.uuid.empty())
    turn_.push_back(next.uuid);
  last_ = std::move(next);
}

// A task is over. If it died with another process, nothing is said of it.
void claude_life::begin_own_turn() {
  script_.push_back({claude::init(session_, mode_), {}});
  if (!std::exchange(stale_, false))
    script_.push_back({claude::assistant("a task has ended", session_), {}});
  script_.push_back({claude::own_result("noted", session_), {}});
  script_.push_back({"", [this] { end_turn(); }});
  run_script();
}

// The replay of the last prompt.
std::string claude_life::replay() const {
  return claude::replay(last_.uuid.empty() ? "without-uuid" : last_.uuid, "hi",
                        session_);
}

std::string claude_life::clear() {
  session_ = "session-" + std::to_string(sessions_.size() + 1);
  sessions_[session_].on_disk = true;
  return R"({"type":"conversation_reset","trigger":"clear"})"
         + std::string{"\n"} + claude::no_tasks(session_);
}

void claude_life::write_script() {
  ++turns_;
  std::string started;
  for (const auto& uuid : turn_)
    if (uuid != turn_.back())
      started += claude::replay(uuid, "hi", session_);
  for (const auto& uuid : turn_)
    started += claude::lifecycle(uuid, "started", session_);
  if (last_.text == "/clear")
    started += clear();
  auto saved = [this] { sessions_[session_].on_disk = true; };
  auto saved_early = plan_.obeys_words || dice_.one_in(2);
  script_.push_back({started, {}});
  script_.push_back({claude::init(session_, mode_, turn_),
                     saved_early ? saved : std::function<void()>{}});
  if (plan_.obeys_words)
    return obey_words();
  script_.push_back({replay(), [this, saved] {
                       replayed_ = true;
                       saved();
                     }});
  write_chatter();
  if (dice_.one_in(plan_.permission))
    write_tool_use();
  if (dice_.one_in(plan_.task))
    write_task();
  if (dice_.one_in(plan_.stall))
    return script_.push_back({"\n", [this] { wedged_ = true; }});
  write_result();
}

// Whatever it is answered, the tool is used.
void claude_life::write_tool_use() {
  tool_ = "tool-" + std::to_string(turns_);
  auto uuids = turn_;
  script_.push_back({claude::tool_use(tool_, session_, uuids),
                     [this, uuids] { answered(uuids); }});
  if (hooks_) {
    auto id = next_request("hook");
    script_.push_back({claude::hook_callback(id), {}, id});
  }
  if (mode_ != "bypassPermissions") {
    auto id = next_request("ask");
    script_.push_back({claude::can_use_tool(id), {}, id});
  }
  script_.push_back(
    {claude::tool_result(tool_, false, session_), [this] { tool_.clear(); }});
}

// It is followed by a turn of Claude's own, but for some.
void claude_life::write_task() {
  if (!sessions_[session_].open_task.empty())
    return;
  auto task = next_task();
  script_.push_back({{}, [this, task] {
                       begin_task(task);
                       if (dice_.one_in(plan_.endless))
                         return;
                       later(time_span{30'000'000}, [this, task] {
                         if (sessions_[session_].open_task == task)
                           end_task(dice_.one_in(8) ? "killed" : "completed");
                       });
                     }});
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
  if (dice_.one_in(plan_.cancelled)) {
    std::string cancelled;
    for (const auto& uuid : uuids)
      cancelled += claude::lifecycle(uuid, "cancelled", session_);
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
      {claude::assistant(text, session_), [this, uuids] { answered(uuids); }});
  push_result(result, "completed");
  if (dice_.one_in(plan_.own_turn))
    ++own_turns_;
}

// The result of the turn that runs, and what follows it.
void claude_life::push_result(const std::string& result, const char* state) {
  auto uuids = turn_;
  std::string over;
  for (const auto& uuid : uuids)
    over += claude::lifecycle(uuid, state, session_);
  uuids.insert(uuids.end(), joined_.begin(), joined_.end());
  script_.push_back({result, [this, uuids] {
                       answered(uuids);
                       for (const auto& uuid : uuids)
                         judge_.turn_ended(uuid);
                     }});
  script_.push_back({over, [this] { end_turn(); }});
}

void claude_life::answered(const std::vector<std::string>& uuids) {
  for (const auto& uuid : uuids)
    sessions_[session_].answered.insert(uuid);
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
  permission_.clear();
  on_answer_ = {};
  waits_ = gate::none;
  std::string text = replayed_ ? "" : replay();
  if (!tool_.empty())
    text += claude::tool_result(std::exchange(tool_, {}), true, session_);
  text += claude::request_interrupted(session_);
  script_.push_back({text, {}});
  push_result(claude::interrupted(turn_, session_), "cancelled");
  last_failed_ = true;
  wedged_ = fate_.deaf || output_closed_;
  run_script();
}

// SIGINT
void claude_life::asked_to_stop() {
  told_to_end_ = stopped_ = true;
  if (!permission_.empty())
    say(claude::cancelled_request(std::exchange(permission_, {})));
  interrupt();
  end_if_told();
}

void claude_life::told_to_terminate() {
  hear_of_end();
  if (auto task = std::exchange(sessions_[session_].open_task, {});
      !task.empty())
    say(claude::task_told(task, "stopped", session_)
        + claude::no_tasks(session_));
}

// Goes on with the turn, unless something has to come first.
void claude_life::run_script() {
  if (dead_ || stepping_ || script_.empty() || !unsaid_.empty()
      || !permission_.empty() || waits_ != gate::none)
    return;
  stepping_ = true;
  later(plan_.latency, [this] {
    stepping_ = false;
    if (!script_.empty() && unsaid_.empty() && permission_.empty()
        && waits_ == gate::none)
      next_step();
  });
}

void claude_life::next_step() {
  if (auto& first = script_.front(); first.waits != gate::none) {
    waits_ = std::exchange(first.waits, gate::none);
    if (waits_ == gate::answer && answers_released_)
      release_answers();
    return;
  }
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
  if (now.then)
    now.then();
  run_script();
  end_if_told();
}

void claude_life::hear_of_end() {
  const auto& task = sessions_[session_].open_task;
  if (!std::exchange(heard_of_end_, true) && !refusing_ && !task.empty())
    judge_.told_to_end_in(task);
}

bool claude_life::waits_for_hook() const {
  return waits_for_host() && permission_.find("-hook-") != std::string::npos;
}

void claude_life::end_if_told() {
  if (dead_ || !told_to_end())
    return;
  hear_of_end();
  // An open permission request fails.
  if (!permission_.empty()) {
    permission_.clear();
    if (auto next = std::exchange(on_answer_, {}))
      next({});
    run_script();
  }
  if (turn_runs_ || !waiting_.empty() || own_turns_ > 0 || !unsaid_.empty()
      || !sessions_[session_].open_task.empty() || std::exchange(ending_, true))
    return;
  later(time_span{40'000}, [this] {
    die({last_failed_ && !stopped_ ? 1 : 0, 0});
  });
}

} // namespace container_agent::simulation
