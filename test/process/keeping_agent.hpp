#pragma once

#include "test/process/child_fixture.hpp"

#include <string>

namespace container_agent::test {

/// An agent's part of a kept child, of which another one can take over.
struct keeping_agent {
  storage::log input;
  storage::log events;
  storage::position_page positions;
  runtime::claude_child child;
  bool ended = false;
  bool output_ended = false;

  keeping_agent(runtime::event_loop& loop, const std::string& directory,
                std::uint64_t segment = 16 * 1024 * 1024, bool keep = true)
    : input{{directory, "claude_input", true, segment}},
      events{{directory, "events", true, segment}},
      positions{directory + "/positions"},
      child{loop, {input, events, &positions}, {keep, directory}} {
    child.on_exit([this] { ended = true; });
  }

  void collect() {
    child.output().move([this](const inlet::result& moved) {
      output_ended = moved.at_end;
      if (!moved.at_end && !moved.error)
        collect();
    });
  }

  void say(std::string_view lines) {
    input.append(lines);
    child.input().let_go(input.end());
  }

  std::string said() const { return text_in(events, 0, events.end()); }
};

} // namespace container_agent::test
