#pragma once

#include "test/support/fake/arguments.hpp"
#include "test/support/fake/io.hpp"
#include "test/support/fake/state.hpp"
#include "test/support/fake/voice.hpp"

#include <csignal>
#include <cstdio>
#include <deque>
#include <set>
#include <string>
#include <vector>

namespace container_agent::test::fake {

inline volatile std::sig_atomic_t sigint_came = 0;

inline void on_sigint(int) {
  sigint_came = 1;
}

inline void on_sigterm(int) {
  ::_exit(143);
}

inline void handle(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  ::sigaction(signal, &action, nullptr);
}

/// One turn that runs. Prompts that were queued together when the turn before
/// ended are one turn: so does Claude Code.
struct turn {
  std::vector<std::string> uuids; ///< Of those prompts that have one.
  std::string last_uuid;          ///< Of the last prompt; may be empty.
  std::string text;               ///< All texts, joined by LF.
  std::string answer;
  bool interrupted = false;
  bool is_error = false; ///< As after an API error.
  bool silent = false;   ///< Its result was said already, or never will be.
  int exit_after = -1;
};

/// What a word in a prompt makes it do; in fake_claude.cpp.
class claude;
void perform(claude& self, turn& t, const std::string& command);

/// The text of a prompt; `false` for a content that Claude Code swallows.
inline bool text_of(const json& message, std::string& text) {
  const auto& content = message["message"]["content"];
  if (content.is_string()) {
    text = content.get<std::string>();
    return true;
  }
  if (content.is_null())
    return true;
  if (!content.is_array())
    return false;
  for (const auto& part : content) {
    if (!part.is_object())
      return false;
    if (part.value("type", "") != "text")
      continue;
    if (!part.contains("text") || !part["text"].is_string())
      return false;
    text += part["text"].get<std::string>();
  }
  return true;
}

/// Claude Code's side of stream-json: reads, queues, runs turns.
class claude {
public:
  claude(int argc, char** argv)
    : argc{argc}, argv{argv}, args{parse(argc, argv)} {}

  int argc;
  char** argv;
  arguments args;
  voice say;
  state kept;

  int run() {
    if (!args.resume.empty())
      completed_ = kept.completed_in(say.session_id);
    for (;;) {
      while (!queue_.empty())
        run_turn();
      say.out.flush();
      switch (in_.wait()) {
        case input::event::line: take_line(in_.line()); break;
        case input::event::eof: say.out.flush(); return last_failed_ ? 1 : 0;
        default:
          if (sigint_came != 0)
            return 0;
      }
    }
  }

  [[noreturn]] void die(int code) {
    say.out.flush();
    ::_exit(code);
  }

  /// Reads on in the middle of a turn: until an interrupt, SIGINT, the answer
  /// to a permission, or something on `other_fd`. The end of stdin ends only
  /// the wait for a permission.
  void wait_in_turn(turn& t, int other_fd) {
    say.out.flush();
    interrupted_ = false;
    for (;;) {
      if (interrupted_ || sigint_came != 0) {
        t.interrupted = true;
        return;
      }
      if (!permission_.is_null())
        return;
      auto event = in_.wait(other_fd);
      if (event == input::event::line) {
        take_line(in_.line());
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

  void ask_permission(turn& t) {
    asked_ = new_uuid();
    say.can_use_tool(asked_);
    wait_in_turn(t, -1);
    if (t.interrupted)
      say.emit({{"type", "control_cancel_request"}, {"request_id", asked_}});
    else if (permission_.is_null())
      t.answer = "permission: stream closed";
    else
      t.answer = "permission: " + permission_.dump();
    asked_.clear();
    permission_ = nullptr;
  }

private:
  [[noreturn]] void refuse(const std::string& why) {
    std::fprintf(stderr, "%s\n", why.c_str());
    die(1);
  }

  void take_line(const std::string& line) {
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
  }

  void take_control_response(const json& message, const std::string& line) {
    const auto response = message.value("response", json::object());
    if (asked_.empty() || response.value("request_id", "") != asked_)
      return;
    permission_ = response.value("response", json::object());
    // An accepted answer is echoed.
    say.out.line(line);
  }

  void take_control_request(const json& message) {
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
    } else if (subtype == "interrupt") {
      interrupted_ = true;
      auto queued = json::array();
      for (const auto& waiting : queue_)
        queued.push_back(waiting["uuid"]);
      answer["response"] = {{"still_queued", queued}};
    } else if (subtype == "end_session") {
      say.emit({{"type", "control_response"}, {"response", answer}});
      die(0);
    } else if (subtype.rfind("set_", 0) != 0) {
      answer = {{"subtype", "error"},
                {"request_id", id},
                {"error", "Unsupported control request subtype: " + subtype},
                {"error_code", "unsupported_request"}};
    }
    say.emit({{"type", "control_response"}, {"response", answer}});
    say.out.flush();
  }

  void take_user(json& message) {
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
    } else if (!id.empty() && completed_.count(id) != 0) {
      // Known to the transcript that was resumed.
      say.replay(body, id, true);
      say.lifecycle(id, "completed");
    } else if (!id.empty() && !seen_.insert(id).second) {
      say.replay(body, id, true);
    } else {
      if (!args.terse)
        say.lifecycle(id, "queued");
      queue_.push_back(message);
      return;
    }
    say.out.flush();
  }

  /// Takes all that is queued, as one turn.
  void run_turn() {
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
    begin_turn(t);
    obey(t);
    if (!t.silent)
      finish(t, prompts.back()["message"]);
    // Before it counts as done: one that is killed in between has answered.
    say.out.flush();
    auto failed = t.interrupted || t.is_error;
    for (const auto& uuid : t.uuids) {
      seen_.insert(uuid);
      kept.complete(say.session_id, uuid);
      say.lifecycle(uuid, failed ? "cancelled" : "completed");
    }
    last_failed_ = failed;
    say.out.flush();
    if (sigint_came != 0)
      die(0);
    if (t.exit_after >= 0)
      die(t.exit_after);
  }

  void begin_turn(const turn& t) {
    if (args.terse) {
      kept.begin_session(say.session_id);
      return;
    }
    for (const auto& uuid : t.uuids)
      say.lifecycle(uuid, "started");
    say.init(std::filesystem::current_path().string(), t.uuids);
    kept.begin_session(say.session_id);
  }

  void obey(turn& t) {
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

  void finish(const turn& t, json message) {
    // The replay is held back until there is an answer.
    if (args.replay && !args.terse) {
      if (t.uuids.size() > 1)
        message["content"] = t.text;
      say.replay(message, t.last_uuid, false);
    }
    if (t.interrupted) {
      if (sigint_came == 0)
        say.request_interrupted();
      say.aborted(t.uuids);
    } else {
      if (!args.terse)
        say.assistant(t.answer, t.uuids);
      say.answered(t.answer, t.is_error, t.uuids);
    }
  }

  input in_;
  std::deque<json> queue_;
  std::set<std::string> seen_;      ///< By this process.
  std::set<std::string> completed_; ///< By those before it.
  bool interrupted_ = false;
  bool last_failed_ = false;
  std::string asked_; ///< The permission request that waits.
  json permission_;   ///< Its answer.
};

} // namespace container_agent::test::fake
