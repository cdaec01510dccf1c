#pragma once

#include "actors/session/conversation_fold.hpp"
#include "actors/session/dialogue.hpp"
#include "messages/codec/control_line.hpp"
#include "messages/records/agent_record.hpp"
#include "test/actors/claude_lines.hpp"
#include "test/support/actor_ports.hpp"
#include "test/support/memory_log.hpp"
#include "test/support/recording_log.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sstream>
#include <string>
#include <vector>

namespace container_agent::test {

/// A dialogue without actors: the test says what comes from host and child, and
/// looks at what goes out to them.
class dialogue_fixture : public testing::Test {
public:
  using json = nlohmann::json;

  fake_clock clock;
  counting_random random;
  recording_log log;
  actor_context context{clock, random, log};
  dialogue_config settings;

  memory_log input;
  memory_log to_child;
  memory_log events;
  memory_log replies;

  /// Made at the first use, from `settings`.
  dialogue& talk() {
    if (!talk_)
      make({}, false);
    return *talk_;
  }

  /// The agent was killed, and there is another one. `alive`: Claude is there.
  void next_agent(bool alive = true) {
    auto kept = fold_conversation(events, to_child);
    kept.deal_with_input(noted_input_);
    generation_ = 0;
    make(kept, alive);
  }

  // -- the host ---------------------------------------------------------------

  void host(const std::string& line,
            line_ending ending = line_ending::complete) {
    auto begin = input.end();
    input.put(line);
    if (ending == line_ending::complete)
      input.put("\n");
    talk().take(
      host_line{++lines_, line, ending, line.size(), begin, input.end()});
    talk().take_output();
  }

  /// No more will come.
  void end_input() {
    talk().take(input_grew{input.end(), 0, true});
    talk().take_input();
  }

  /// A prompt of the host with this uuid.
  void prompt(const std::string& uuid, const std::string& text = "hi") {
    host(user_line(uuid, text));
  }

  static std::string user_line(const std::string& uuid,
                               const std::string& text = "hi") {
    return R"({"type":"user","message":{"role":"user","content":")" + text
           + R"("},"uuid":")" + uuid + "\"}";
  }

  // -- Claude -----------------------------------------------------------------

  /// A child starts. It has not answered `initialize` yet.
  void start(bool resumed = false) {
    ++launches_;
    child_started child{++generation_, pid(), resumed};
    child.input_from = talk().launch_plan().input_from;
    talk().take(child);
    talk().take_output();
    initialize_ = "container_agent:initialize:" + std::to_string(generation_);
  }

  /// A child starts and is ready, and nobody has looked at what was said so
  /// far.
  void start_ready(bool resumed = false) {
    start(resumed);
    claude(claude::initialized(initialize_));
  }

  /// The child of an earlier agent is taken up; it was not ready yet.
  void attach(std::uint64_t input_from = 0) {
    take_up(input_from);
    auto request = json::parse(to_claude());
    initialize_ = request.at("request_id").get<std::string>();
  }

  /// The child of an earlier agent is taken up.
  void take_up(std::uint64_t input_from = 0) {
    child_started child{++generation_, pid(), false, true};
    child.input_from = input_from;
    talk().take(child);
    talk().take_output();
  }

  /// It answers now.
  void initialized() { claude(claude::initialized(initialize_)); }

  /// The same, with all that was said read and forgotten.
  void ready() {
    start_ready();
    to_claude();
    to_host();
  }

  void claude(const std::string& text) {
    talk(); // before: it reads on from where the log ends
    events.put(text);
    talk().take_output();
  }

  /// Claude runs the prompt, and answers it.
  void answer(const std::string& uuid, const std::string& text = "yes") {
    claude(claude::turn(uuid, "hi", text));
  }

  void crash(std::int32_t signal = 9) {
    child_ended end;
    end.pid = pid();
    end.signal = signal;
    end_child(end);
  }

  /// It ends so.
  void end_child(child_ended end) {
    end.generation = generation_;
    end.end = events.end();
    talk().take(end);
    talk().take_output();
  }

  std::int32_t pid() const {
    return 1000 + static_cast<std::int32_t>(launches_);
  }

  // -- what went out ----------------------------------------------------------

  /// What Claude was sent since the last call, and has got now.
  std::string to_claude() {
    auto result = to_child.shown(given_, to_child.end());
    given_ = to_child.end();
    talk().take(child_input_window{given_});
    return result;
  }

  /// What the host was sent since the last call.
  std::string to_host() {
    talk().take_output();
    auto& log = talk().logs().replies != nullptr ? replies : events;
    auto end = talk().shown_to();
    auto result = log.shown(shown_, end);
    left_out = log.struck(shown_, end);
    shown_ = end;
    return result;
  }

  /// The agent's own records of it; `relayed` keeps the rest.
  std::vector<json> records() {
    std::vector<json> result;
    relayed.clear();
    std::istringstream text{to_host()};
    for (std::string line; std::getline(text, line);) {
      if (line.starts_with(R"({"type":"container_agent")"))
        result.push_back(json::parse(line));
      else
        relayed += line + '\n';
    }
    return result;
  }

  /// The one record that there should be.
  json record() {
    auto all = records();
    EXPECT_EQ(all.size(), 1u) << json(all).dump();
    return all.empty() ? json{} : all.front();
  }

  /// The subtypes of all records, one after the other.
  std::string subtypes() {
    std::string result;
    for (const auto& r : records())
      result
        += (result.empty() ? "" : " ") + r.at("subtype").get<std::string>();
    return result;
  }

  std::string relayed;
  std::string left_out; ///< Claude's, that are not for the host

private:
  void make(const codec::kept_conversation& kept, bool alive) {
    auto logs = conversation_logs{input, to_child, events};
    logs.note_input = [this](std::uint64_t to) { noted_input_ = to; };
    if (is_text(settings.voice))
      logs.replies = &replies;
    replies.lines = false;
    talk_.reset();
    talk_ = std::make_unique<dialogue>(settings, logs, context, kept, alive);
  }

  std::unique_ptr<dialogue> talk_;
  std::uint64_t given_ = 0;
  std::uint64_t shown_ = 0;
  std::uint64_t lines_ = 0;
  std::uint64_t generation_ = 0;  // of this agent's children
  std::uint64_t launches_ = 0;    // of all agents'
  std::uint64_t noted_input_ = 0; // dealt with up to there
  std::string initialize_;
};

} // namespace container_agent::test
