#pragma once

#include "actors/child/claude_process.hpp"

#include "test/support/actor_fixture.hpp"

#include <string>

namespace container_agent::test {

class claude_processes : public actor_fixture {
public:
  memory_log to_child;
  memory_log output_log;
  fake_child child{events, to_child, output_log};
  child_link link{child, output_log, {{"claude", {"-p"}, {}, {}}}, context};
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

  /// Output without end is wanted.
  void allow() {
    tell(process, child_output_window{1'000'000'000});
    settle();
  }

  /// The child's stdin shall get this.
  void give(std::string_view text) {
    to_child.put(text);
    tell(process, child_input_grew{to_child.end(), {}});
    settle();
  }

  /// What the child has said since the last call, as far as it was told of.
  std::string output() {
    for (const auto& news : conversation.take_all<child_output_grew>())
      told_ = news.end;
    auto result = output_log.shown(seen_, told_);
    seen_ = told_;
    return result;
  }

private:
  std::uint64_t told_ = 0;
  std::uint64_t seen_ = 0;
};

} // namespace container_agent::test
