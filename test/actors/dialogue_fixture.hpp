#pragma once

#include "actors/dialogue.hpp"
#include "messages/codec/agent_record.hpp"
#include "test/actors/claude_lines.hpp"
#include "test/actors/kept_notes.hpp"
#include "test/actors/outboxes.hpp"
#include "test/support/actor_ports.hpp"
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

  /// Made at the first use, from `settings`.
  dialogue& talk() {
    if (!talk_)
      talk_ = std::make_unique<dialogue>(settings, context, &notes);
    return *talk_;
  }

  /// What the dialogue has noted for a later agent.
  kept_notes notes;

  /// The agent was killed, and there is another one. The host has what Claude
  /// has said before this position.
  void next_agent(std::uint64_t output_begin = 0) {
    auto kept = notes.now;
    talk_.reset();
    generation_ = 0;
    talk().restore(kept, output_begin, true);
  }

  // -- the host ---------------------------------------------------------------

  void host(const std::string& line,
            line_ending ending = line_ending::complete) {
    talk().take(host_line{0, ++lines_, bytes{line}, ending, line.size()});
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
    talk().take(child_started{++generation_, pid(), resumed});
    initialize_ = "container_agent:initialize:" + std::to_string(generation_);
  }

  /// A child starts and is ready, and nobody has looked at what was said so
  /// far.
  void start_ready(bool resumed = false) {
    start(resumed);
    claude(claude::initialized(initialize_));
  }

  /// The child of an earlier agent is taken up, and has not answered yet.
  void attach() {
    talk().take(child_started{++generation_, pid(), false, true});
    auto request = json::parse(to_claude());
    initialize_ = request.at("request_id").get<std::string>();
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
    talk().take(child_output{0, bytes{text}, text.ends_with('\n')});
  }

  /// Claude runs the prompt, and answers it.
  void answer(const std::string& uuid, const std::string& text = "yes") {
    claude(claude::turn(uuid, "hi", text));
  }

  void crash(std::int32_t signal = 9) {
    child_ended end;
    end.pid = pid();
    end.signal = signal;
    talk().take(end);
  }

  std::int32_t pid() const {
    return 1000 + static_cast<std::int32_t>(generation_);
  }

  // -- what went out ----------------------------------------------------------

  /// What Claude was sent since the last call.
  std::string to_claude() { return bytes_in(talk().to_child); }

  /// What the host was sent since the last call.
  std::string to_host() {
    std::string result;
    left_out.clear();
    for (const auto& item : empty_out(talk().to_host))
      (item.left_out ? left_out : result) += item.data.view();
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
  std::unique_ptr<dialogue> talk_;
  std::uint64_t lines_ = 0;
  std::uint64_t generation_ = 0;
  std::string initialize_;
};

} // namespace container_agent::test
