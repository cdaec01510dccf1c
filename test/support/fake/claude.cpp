#include "test/support/fake/claude.hpp"

// What comes in, and what outlives a process.
namespace container_agent::test::fake {

int claude::run() {
  say.mode = args.mode;
  if (!args.resume.empty())
    take_up_session();
  for (;;) {
    while (!queue_.empty() || tasks_over_ > 0)
      tasks_over_ > 0 ? run_own_turn() : run_turn();
    say.out.flush();
    switch (in_.wait(-1, task_.command.fd())) {
      case input::event::line: take_line(in_.line()); break;
      case input::event::eof: say.out.flush(); return last_failed_ ? 1 : 0;
      case input::event::task_fd: read_task(); break;
      default:
        end_if_signalled();
        if (sigint_came != 0)
          return 0;
    }
  }
}

void claude::end_if_signalled() {
  if (sigterm_came == 0)
    return;
  end_task("stopped");
  die(143);
}

void claude::take_up_session() {
  if (args.conforming)
    answered_ = kept.answered_in(say.session_id);
  for (const auto& task : kept.open_tasks_in(say.session_id)) {
    kept.note(say.session_id, "task " + task);
    say.task_over(task, "stopped");
    stale_ = true;
  }
}

void claude::take_line(const std::string& line) {
  if (args.record_stdin)
    kept.append("stdin", line);
  if (line.find_first_not_of(" \t\r") == std::string::npos)
    return;
  auto message = json::parse(line, nullptr, false);
  if (message.is_discarded() || message.is_null())
    refuse("Error parsing streaming input line (type=unknown, "
           + std::to_string(line.size()) + " chars): SyntaxError");
  auto type = message.is_object() ? message.value("type", json()) : json();
  if (type == "user")
    take_user(message);
  else if (type == "control_request")
    take_control_request(message);
  else if (type == "control_response")
    take_control_response(message, line);
  else if (type == "assistant")
    say.out.line(line);
  // All others are ignored in silence.
  if (stale_ && tasks_over_ == 0)
    ++tasks_over_;
}

void claude::take_control_response(const json& message,
                                   const std::string& line) {
  const auto response = message.value("response", json::object());
  if (asked_.empty() || response.value("request_id", "") != asked_)
    return;
  permission_ = response.value("response", json::object());
  // An accepted answer is echoed.
  say.out.line(line);
}

void claude::take_control_request(const json& message) {
  if (!message.contains("request"))
    refuse("Error: Missing request on control_request");
  auto id = message.value("request_id", json());
  auto subtype = message["request"].value("subtype", "undefined");
  json answer = {{"subtype", "success"}, {"request_id", id}};
  if (subtype == "initialize") {
    if (!args.initialize)
      return;
    answer["response"]
      = {{"commands", json::array()},        {"agents", json::array()},
         {"output_style", "default"},        {"models", json::array()},
         {"account", json::object()},        {"pid", ::getpid()},
         {"claude_code_version", "2.1.330"}, {"session_state", "idle"}};
    say.emit({{"type", "control_response"}, {"response", answer}});
    take_hooks(message["request"]);
    if (std::exchange(initialized_, true))
      task_.id.empty() ? say.tasks_changed({}) : say.tasks_changed({task_.id});
    return say.out.flush();
  } else if (subtype == "interrupt") {
    interrupted_ = true;
    cancel_asked(true);
    auto queued = json::array();
    for (const auto& waiting : queue_)
      queued.push_back(waiting["uuid"]);
    answer["response"] = {{"still_queued", queued}};
  } else if (subtype == "end_session") {
    say.emit({{"type", "control_response"}, {"response", answer}});
    if (!in_turn_)
      die(0);
    interrupted_ = ending_ = true;
    return;
  } else if (subtype == "stop_task") {
    answer["response"] = json::object();
    if (message["request"].value("task_id", "") == task_.id) {
      task_.command.abandon();
      end_task("stopped");
    }
  } else if (subtype == "set_permission_mode") {
    set_mode(message["request"].value("mode", ""), answer);
  } else if (subtype == "set_model") {
    // Told to the model, and so to everybody, if there is a conversation.
    if (turns_ > 0)
      say.replay({{"role", "user"}, {"content", "<local-command-stdout>"}},
                 new_uuid(), true);
  } else if (subtype.rfind("set_", 0) != 0
             && subtype != "apply_flag_settings") {
    refuse_request(answer, "unsupported_request",
                   "Unsupported control request subtype: " + subtype);
  }
  say.emit({{"type", "control_response"}, {"response", answer}});
  say.out.flush();
}

void claude::refuse_request(json& answer, const char* code,
                            const std::string& why) {
  answer["subtype"] = "error";
  answer["error"] = why;
  answer["error_code"] = code;
}

void claude::set_mode(const std::string& mode, json& answer) {
  if (mode == "bypassPermissions" && !args.bypass_allowed)
    return refuse_request(answer, "bypass_not_launched",
                          "Cannot set permission mode to " + mode);
  static const std::set<std::string> modes{
    "acceptEdits", "auto", "bypassPermissions", "default", "dontAsk", "plan"};
  if (modes.count(mode) == 0 || kept.count("refused-modes", mode) > 0)
    return refuse_request(answer, "invalid_mode", "Cannot set permission mode");
  say.mode = mode;
  answer["response"] = {{"mode", mode}};
}

void claude::take_hooks(const json& request) {
  const auto hooks = request.value("hooks", json::object());
  if (hooks.contains("PreToolUse"))
    for (const auto& matcher : hooks["PreToolUse"])
      for (const auto& id : matcher["hookCallbackIds"])
        hooks_.push_back(id);
}

void claude::take_user(json& message) {
  auto body = message.value("message", json());
  auto role = body.is_object() ? body.value("role", "undefined")
                               : std::string{"undefined"};
  if (role != "user")
    refuse("Error: Expected message role 'user', got '" + role + "'");
  auto uuid = message.value("uuid", json());
  auto id = uuid.is_string() ? uuid.get<std::string>() : std::string{};
  message["uuid"] = id;
  std::string text;
  if (!text_of(message, text)) {
    say.lifecycle(id, "completed");
  } else if (!id.empty() && answered_.count(id) != 0) {
    // Known to the transcript that was resumed.
    say.replay(body, id, true);
    say.lifecycle(id, "completed");
  } else if (!id.empty() && !seen_.insert(id).second) {
    // Nothing is said of a prompt that still waits.
    auto waits = [&](const json& other) { return other["uuid"] == id; };
    if (std::none_of(queue_.begin(), queue_.end(), waits))
      say.replay(body, id, true);
    last_failed_ = false;
  } else {
    if (!args.terse)
      say.lifecycle(id, "queued");
    queue_.push_back(message);
    return;
  }
  say.out.flush();
}

} // namespace container_agent::test::fake
