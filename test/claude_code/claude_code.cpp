#include "test/claude_code/claude_code.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <stdexcept>

namespace container_agent::test {

namespace {

std::string text_in(const json& line, const char* name) {
  auto i = line.find(name);
  return i != line.end() && i->is_string() ? i->get<std::string>() : "";
}

json permission(const json& request, const json& decision) {
  return {{"type", "control_response"},
          {"response",
           {{"subtype", "success"},
            {"request_id", request.at("request_id")},
            {"response", decision}}}};
}

} // namespace

std::filesystem::path claude_code_command() {
  return std::filesystem::path{CLAUDE_CODE_DIR} / "node_modules/.bin/claude";
}

std::string new_uuid() {
  static unsigned last = 0;
  std::array<char, 37> text{};
  std::snprintf(text.data(), text.size(), "%08x-0000-4000-8000-%012x",
                static_cast<unsigned>(::getpid()), ++last);
  return text.data();
}

bool answers(const json& line, std::string_view uuid) {
  if (text_in(line, "type") != "result" || !line.contains("user_message_uuids"))
    return false;
  const auto& uuids = line["user_message_uuids"];
  return std::find(uuids.begin(), uuids.end(), uuid) != uuids.end();
}

bool is_lifecycle(const json& line, std::string_view uuid,
                  std::string_view state) {
  return text_in(line, "type") == "command_lifecycle"
         && text_in(line, "command_uuid") == uuid
         && text_in(line, "state") == state;
}

json interrupt_request(std::string_view request_id) {
  return {{"type", "control_request"},
          {"request_id", request_id},
          {"request", {{"subtype", "interrupt"}}}};
}

json allow(const json& request) {
  return permission(request,
                    {{"behavior", "allow"},
                     {"updatedInput", request.at("request").at("input")}});
}

json deny(const json& request, std::string_view why) {
  return permission(request, {{"behavior", "deny"}, {"message", why}});
}

claude_code::claude_code() {
  std::filesystem::create_directory(home());
  std::filesystem::create_directory(work());
}

void claude_code::SetUp() {
  ASSERT_EQ(::access(claude_code_command().c_str(), X_OK), 0)
    << "Claude Code is not installed at " << claude_code_command()
    << ": run tools/install-claude-code.sh";
}

agent_options claude_code::options(std::vector<std::string> args,
                                   std::vector<std::string> claude_args) const {
  agent_options result;
  result.claude_command = claude_code_command();
  result.pass_state_dir = false;
  result.args = {"--cwd", work(), "--restart-delay", "1ms"};
  for (const auto& variable :
       {"HOME=" + home().string(), "ANTHROPIC_BASE_URL=" + api_.url(),
        std::string{"ANTHROPIC_API_KEY=dummy"},
        std::string{"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1"},
        std::string{"DISABLE_AUTOUPDATER=1"}, std::string{"IS_SANDBOX=1"}}) {
    result.args.push_back("--env");
    result.args.push_back(variable);
  }
  result.args.insert(result.args.end(), args.begin(), args.end());
  result.claude_args = std::move(claude_args);
  return result;
}

void claude_code::forget_conversations() const {
  std::filesystem::remove_all(home() / ".claude" / "projects");
}

pid_t claude_pid(const agent_process& agent) {
  if (agent.child_pid() <= 1)
    throw std::logic_error("no `ready` was read yet");
  return agent.child_pid();
}

json wait_for_result(agent_process& agent, const std::string& uuid) {
  return agent.wait_for([&](const json& line) { return answers(line, uuid); },
                        "the result of prompt " + uuid,
                        deadline{turn_patience});
}

json claude_code::ask(agent_process& agent, const std::string& text,
                      const std::string& uuid) {
  agent.prompt(text, uuid);
  return wait_for_result(agent, uuid);
}

void claude_code::begin_slow_turn(agent_process& agent, const std::string& text,
                                  const std::string& uuid) {
  auto runs = api_.runs(text).started;
  agent.prompt(text, uuid);
  agent.wait_for(
    [&](const json& line) { return is_lifecycle(line, uuid, "started"); },
    "the turn of " + text, deadline{turn_patience});
  api_.wait_started(text, runs + 1, turn_patience);
}

std::vector<json> seen(const agent_process& agent) {
  std::vector<json> lines;
  for (const auto& line : agent.passed_over())
    if (auto parsed = json::parse(line, nullptr, false); !parsed.is_discarded())
      lines.push_back(std::move(parsed));
  return lines;
}

} // namespace container_agent::test
