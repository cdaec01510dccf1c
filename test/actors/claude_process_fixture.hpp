#pragma once

#include "actors/claude_process.hpp"

#include "test/support/actor_fixture.hpp"

#include <string>

namespace container_agent::test {

class claude_processes : public actor_fixture {
public:
  fake_child child{events};
  child_link link{child, {{"claude", {"-p"}, {}, {}}}, context};
  probe<conversation_actor> conversation
    = make_probe(&peers_changed::conversation);
  claude_process_actor process;

  void start() {
    process = spawn<claude_process>(link, context);
    introduce(process);
  }

  void launch(launch_child how = {}) {
    tell(process, std::move(how));
    settle();
  }

  /// Credit for output without end.
  void allow(std::uint64_t taken = 0) {
    tell(process, child_output_window{taken, 1000});
    settle();
  }

  std::string output() {
    std::string result;
    for (const auto& piece : conversation.take_all<child_output>())
      result += piece.data.view();
    return result;
  }
};

} // namespace container_agent::test
