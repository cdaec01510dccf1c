#include "test/support/fake/claude.hpp"

// Turns, the tools that they use, and tasks in the background.
namespace container_agent::test::fake {

namespace {

/// Claude Code refuses what is more than the model takes.
constexpr std::size_t longest_prompt = 6'500'000;

} // namespace

void claude::wait_in_turn(turn& t, int other_fd) {
  say.out.flush();
  interrupted_ = false;
  for (;;) {
    if (interrupted_ || sigint_came != 0) {
      t.interrupted = true;
      return;
    }
    if (!permission_.is_null())
      return;
    auto event = in_.wait(other_fd, task_.command.fd());
    end_if_signalled();
    if (event == input::event::line) {
      take_line(in_.line());
      say.out.flush();
    } else if (event == input::event::task_fd) {
      read_task();
      say.out.flush();
    } else if (event == input::event::other_fd) {
      return;
    } else if (event == input::event::eof) {
      if (!asked_.empty())
        return;
      ::pause();
    }
  }
}

void claude::ask_permission(turn& t) {
  auto answer = ask_host(t, [this](auto& id) { say.can_use_tool(id); });
  if (!t.interrupted)
    t.answer
      = "permission: " + (answer.is_null() ? "stream closed" : answer.dump());
}

void claude::wait_held(turn& t) {
  int fd = ::open("answers", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0)
    return;
  wait_in_turn(t, fd);
  ::close(fd);
}

void claude::use_tool(turn& t, const std::string& command, bool background) {
  auto id = "toolu_" + new_uuid().substr(0, 8);
  replay(t);
  say.speak({{"type", "tool_use"},
             {"id", id},
             {"name", "Bash"},
             {"input", {{"command", command}}}},
            t.uuids);
  t.used_tool = true;
  save(t);
  say.out.flush();
  t.open_tool = id;
  if (!may_use_tool(t) || t.interrupted)
    return;
  if (background) {
    start_task(command);
  } else {
    shell_command shell;
    shell.start(command);
    do
      wait_in_turn(t, shell.fd());
    while (!t.interrupted && !shell.read_on());
    t.answer = "The tool said: " + shell.output;
  }
  if (t.interrupted)
    return;
  end_tool(t, false);
  let_prompts_join(t);
}

void claude::save(const turn& t) {
  kept.begin_session(say.session_id);
  for (const auto& uuid : t.uuids)
    kept.note(say.session_id, uuid);
}

void claude::begin_to_answer(turn& t) {
  say.assistant("Let me see.", t.uuids);
  say.out.flush();
  save(t);
}

void claude::cancel_asked(bool tell) {
  if (tell && !asked_.empty())
    say.emit({{"type", "control_cancel_request"}, {"request_id", asked_}});
  asked_.clear();
}

bool claude::may_use_tool(turn& t) {
  auto refused = [&](const char* why) {
    t.answer = why;
    if (!t.interrupted)
      end_tool(t, true);
    return false;
  };
  for (const auto& hook : hooks_) {
    auto answer = ask_host(t, [&](auto& id) { say.hook_callback(id, hook); });
    auto output = answer.is_object()
                    ? answer.value("hookSpecificOutput", json::object())
                    : json::object();
    if (t.interrupted || output.value("permissionDecision", "") == "deny")
      return refused("a hook refuses");
  }
  if (say.mode == "bypassPermissions")
    return true;
  if (!args.asks_host) {
    say.system("permission_denied", {{"tool_name", "Bash"}});
    return refused("nobody can be asked");
  }
  auto answer = ask_host(t, [this](auto& id) { say.can_use_tool(id); });
  return (answer.is_object() && answer.value("behavior", "") == "allow")
         || refused("the host refuses");
}

void claude::let_prompts_join(turn& t) {
  for (const auto& prompt : queue_) {
    t.joined.push_back(prompt["uuid"]);
    kept.append("runs", t.joined.back());
    say.replay(prompt["message"], t.joined.back(), true);
  }
  queue_.clear();
  for (const auto& uuid : t.joined)
    say.lifecycle(uuid, "started");
}

void claude::start_task(const std::string& command) {
  task_.id = new_uuid().substr(0, 8);
  kept.note(say.session_id, "task " + task_.id);
  say.tasks_changed({task_.id});
  say.system("task_started", {{"task_id", task_.id}});
  task_.command.start(command);
  task_runs = 1;
}

void claude::read_task() {
  if (!task_.command.read_on())
    return;
  end_task("completed");
  ++tasks_over_;
}

void claude::end_task(const char* status) {
  kept.note(say.session_id, "task " + task_.id);
  say.task_over(std::exchange(task_.id, {}), status);
  say.tasks_changed({});
  task_runs = 0;
}

void claude::run_own_turn() {
  --tasks_over_;
  say.init(std::filesystem::current_path().string(), {});
  if (!std::exchange(stale_, false))
    say.assistant("a task is over", {});
  say.answered("a task is over", false, {}, "task-notification");
  say.out.flush();
}

void claude::run_turn() {
  turn t;
  std::deque<json> prompts;
  prompts.swap(queue_);
  for (const auto& prompt : prompts) {
    std::string text;
    text_of(prompt, text);
    t.text += (t.text.empty() ? "" : "\n") + text;
    t.last_uuid = prompt["uuid"].get<std::string>();
    kept.append("runs", t.last_uuid);
    if (!t.last_uuid.empty())
      t.uuids.push_back(t.last_uuid);
    if (&prompt != &prompts.back())
      say.replay(prompt["message"], t.last_uuid, true);
  }
  t.answer = "echo: " + t.text;
  if (args.terse && t.text.size() > 4096)
    t.answer = "echo: " + t.text.substr(0, 20);
  message_ = prompts.back()["message"];
  in_turn_ = true;
  begin_turn(t);
  obey(t);
  if (!t.silent)
    finish(t);
  in_turn_ = false;
  // Before it counts as done: one that is killed in between has answered.
  say.out.flush();
  if (!t.used_tool)
    save(t);
  auto failed = t.interrupted || t.is_error;
  for (const auto& uuid : t.uuids) {
    seen_.insert(uuid);
    kept.append("completed", uuid);
    say.lifecycle(uuid, failed ? "cancelled" : "completed");
  }
  for (const auto& uuid : t.joined) {
    kept.note(say.session_id, uuid);
    kept.append("completed", uuid);
  }
  last_failed_ = failed;
  say.out.flush();
  ++turns_;
  if (sigint_came != 0)
    die(0);
  if (ending_)
    die(1);
  if (t.exit_after >= 0)
    die(t.exit_after);
}

void claude::clear(turn& t) {
  say.session_id = new_uuid();
  say.emit({{"type", "conversation_reset"},
            {"new_conversation_id", say.session_id},
            {"trigger", "clear"}});
  say.tasks_changed({});
  t.wordless = true;
}

void claude::begin_turn(turn& t) {
  if (args.terse) {
    kept.begin_session(say.session_id);
    return;
  }
  for (const auto& uuid : t.uuids)
    say.lifecycle(uuid, "started");
  if (t.text == "/clear")
    clear(t);
  say.init(std::filesystem::current_path().string(), t.uuids);
  kept.begin_session(say.session_id);
}

void claude::obey(turn& t) {
  if (!args.terse && t.text.size() > longest_prompt) {
    t.is_error = true;
    t.answer = "Prompt is too long";
  }
  // Long prompts, and all under --terse, are no commands.
  if (args.terse || t.text.size() > 4096)
    return;
  std::size_t begin = 0;
  for (;;) {
    auto end = t.text.find(" ; ", begin);
    perform(*this, t, t.text.substr(begin, end - begin));
    if (end == std::string::npos || t.interrupted)
      return;
    begin = end + 3;
  }
}

void claude::replay(turn& t) {
  if (!args.replay || args.terse || std::exchange(t.replayed, true))
    return;
  auto message = message_;
  if (t.uuids.size() > 1)
    message["content"] = t.text;
  say.replay(message, t.last_uuid, false);
}

void claude::finish(turn& t) {
  replay(t);
  if (t.interrupted) {
    t.answer = "not wanted";
    if (!t.open_tool.empty())
      end_tool(t, true);
    say.request_interrupted();
    return say.aborted(t.uuids);
  }
  // Behind a tool an answer names nobody.
  static const std::vector<std::string> nobody;
  if (!args.terse && !t.wordless)
    say.assistant(t.answer, t.used_tool ? nobody : t.uuids, t.is_error);
  for (const auto& uuid : t.joined)
    say.lifecycle(uuid, "completed");
  auto answers = t.uuids;
  answers.insert(answers.end(), t.joined.begin(), t.joined.end());
  say.answered(t.answer, t.is_error, answers);
}

} // namespace container_agent::test::fake
