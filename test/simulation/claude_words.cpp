#include "test/actors/claude_lines.hpp"
#include "test/simulation/claude_life.hpp"

#include <utility>

// Turns that the words of a prompt decide, not chance: those of the Messages
// API's stand-in (test/support/messages_api.hpp).
namespace container_agent::simulation {

namespace claude = test::claude;

namespace {

/// Claude Code refuses what is more than the model takes.
constexpr std::size_t longest_prompt = 6'500'000;

std::string first_word(const std::string& text) {
  return text.substr(0, text.find(' '));
}

} // namespace

void claude_life::obey_words() {
  auto word = first_word(last_.text);
  if (plan_.logs)
    script_.push_back({"Debugger attached.\n", {}});
  if (word == "RUN" || word == "RUN-HELD" || word == "TOUCH"
      || word == "BACKGROUND")
    return use_tool();
  if (word == "HELD")
    script_.push_back({{}, {}, {}, gate::answer});
  if (word == "ERROR" || last_.size > longest_prompt)
    return answer("API Error: 400", true);
  answer(word == "HALF" ? R"(half \ud83d a pair)" : "done");
}

// Behind a tool an answer names nobody.
void claude_life::answer(const std::string& text, bool is_error) {
  auto uuids = turn_;
  auto all = uuids;
  all.insert(all.end(), joined_.begin(), joined_.end());
  if (!replayed_)
    script_.push_back({replay(), [this] { replayed_ = true; }});
  if (last_.text != "/clear")
    script_.push_back(
      {claude::assistant(text, session_,
                         used_tool_ ? std::vector<std::string>{} : uuids,
                         is_error),
       [this, uuids] { answered(uuids); }});
  std::string over;
  for (const auto& uuid : joined_)
    over += claude::lifecycle(uuid, "completed", session_);
  script_.push_back({over, {}});
  last_failed_ = is_error;
  auto how = is_error ? R"("is_error":true,"subtype":"success",)"
                      : R"("is_error":false,"subtype":"success",)";
  push_result(claude::result_line(how + (R"("result":")" + text) + R"(",)", all,
                                  session_),
              is_error ? "cancelled" : "completed");
}

void claude_life::use_tool() {
  tool_ = "tool-" + std::to_string(turns_);
  used_tool_ = true;
  auto uuids = turn_;
  script_.push_back({replay(), [this] { replayed_ = true; }});
  script_.push_back({claude::tool_use(tool_, session_, uuids), [this, uuids] {
                       answered(uuids);
                       call_hooks();
                     }});
}

std::string claude_life::next_request(const char* kind) {
  return session_ + '-' + kind + '-'
         + std::to_string(++sessions_[session_].requests);
}

std::string claude_life::next_task() {
  return session_ + "-task-" + std::to_string(++sessions_[session_].tasks);
}

void claude_life::call_hooks() {
  if (!hooks_)
    return ask_for_tool();
  auto id = next_request("hook");
  script_.push_back({claude::hook_callback(id), {}, id});
  on_answer_ = [this](const std::string& line) {
    line.find(R"("deny")") != std::string::npos ? end_tool(true)
                                                : ask_for_tool();
  };
}

void claude_life::ask_for_tool() {
  if (mode_ == "bypassPermissions")
    return run_tool();
  if (!plan_.asks_host) {
    script_.push_back(
      {claude::system("permission_denied", R"(,"tool_name":"Bash")", session_),
       {}});
    return end_tool(true);
  }
  auto id = next_request("ask");
  script_.push_back({claude::can_use_tool(id), {}, id});
  on_answer_ = [this](const std::string& line) {
    line.find(R"("allow")") != std::string::npos ? run_tool() : end_tool(true);
  };
}

void claude_life::run_tool() {
  if (last_.text.starts_with("BACKGROUND")) {
    auto task = next_task();
    script_.push_back({{}, [this, task] { begin_task(task); }});
  } else if (last_.text.find("gate") != std::string::npos) {
    script_.push_back({{}, {}, {}, gate::tool});
  }
  end_tool(false);
}

void claude_life::end_tool(bool is_error) {
  script_.push_back({claude::tool_result(tool_, is_error, session_), [this] {
                       tool_.clear();
                       join_prompts();
                     }});
}

// What has come while the tool ran is told to the model behind it.
void claude_life::join_prompts() {
  std::string replays;
  std::string started;
  for (const auto& prompt : std::exchange(waiting_, {})) {
    joined_.push_back(prompt.uuid);
    replays += claude::replay(prompt.uuid, "hi", session_);
    started += claude::lifecycle(prompt.uuid, "started", session_);
  }
  script_.push_back({replays + started, {}});
  if (last_.text.starts_with("RUN-HELD"))
    script_.push_back({{}, {}, {}, gate::answer});
  answer("done");
}

void claude_life::release_answers() {
  answers_released_ = true;
  if (waits_ != gate::answer)
    return;
  waits_ = gate::none;
  run_script();
}

void claude_life::release_tool() {
  if (!sessions_[session_].open_task.empty())
    return end_task("completed");
  if (waits_ != gate::tool)
    return;
  waits_ = gate::none;
  run_script();
}

void claude_life::begin_task(const std::string& task) {
  sessions_[session_].open_task = task;
  say(claude::task_started(task, session_));
}

void claude_life::end_task(const char* status) {
  auto task = std::exchange(sessions_[session_].open_task, {});
  say(claude::task_told(task, status, session_) + claude::no_tasks(session_));
  if (std::string_view{status} != "completed")
    return;
  ++own_turns_;
  begin_turn();
}

} // namespace container_agent::simulation
