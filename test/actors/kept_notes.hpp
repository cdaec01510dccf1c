#pragma once

#include "actors/ports.hpp"
#include "messages/codec/kept_conversation.hpp"

#include <string>

namespace container_agent::test {

/// A journal in memory: what the next agent would find.
class kept_notes : public journal {
public:
  codec::kept_conversation now;

  void accepted(const std::string& uuid, const bytes& line,
                std::uint64_t input) override {
    now.accept(uuid, line);
    now.input = input;
  }
  void sent(const std::string& uuid, std::uint32_t times, bool again) override {
    now.send(uuid, times, again);
  }
  void continued(const std::string& uuid, const std::string& as) override {
    now.continue_as(uuid, as);
  }
  void begun(const std::string& uuid) override { now.begin(uuid); }
  void answering(const std::string& uuid) override { now.answer(uuid); }
  void lifecycle() override { now.lifecycle = true; }
  void launched() override { now.launch(); }
  void ready() override { now.ready = true; }
  void settings(const std::vector<codec::host_setting>& all,
                std::uint64_t input) override {
    now.settings = all;
    now.input = input > 0 ? input : now.input;
  }
  void asks(const std::string& request) override { now.ask(request); }
  void asked(const std::string& request, std::string_view answer,
             std::uint64_t input) override {
    now.end_request(request, answer);
    now.input = input > 0 ? input : now.input;
  }
  void tasks(const std::vector<std::string>& ids) override { now.tasks = ids; }
  void closed(const std::string& uuid, std::uint64_t result_end) override {
    now.close(uuid, result_end);
  }
  void failed(const std::string& uuid, std::string_view why) override {
    now.close(uuid, 0, {}, why);
  }
  void forgotten(const std::string& uuid) override { now.forget(uuid); }
  void session(const std::string& id, bool anew,
               std::uint32_t failed) override {
    now.session_id = id;
    now.anew = anew;
    now.failed_resumes = failed;
  }
  void input_taken(std::uint64_t input) override { now.input = input; }
};

} // namespace container_agent::test
