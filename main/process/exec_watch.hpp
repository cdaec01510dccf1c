#pragma once

#include "actors/core/ports.hpp"
#include "main/loop/event_loop.hpp"
#include "main/loop/file_watch.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>

namespace container_agent::runtime {

/// Tells when it is worth looking for a running program again, without polling:
/// when its file is opened, as execve(2) does (inotify(7)), appears or is
/// replaced, and when one of the processes in the way ends.
class exec_watch {
public:
  /// After its file was opened the program runs, but it may take a moment to
  /// look as expected: a shell opens FIFOs for it, a script starts the real
  /// program. There are therefore several looks, after these delays.
  static constexpr std::array delays{
    std::chrono::milliseconds{10}, std::chrono::milliseconds{50},
    std::chrono::milliseconds{250}, std::chrono::milliseconds{1000}};

  /// Time between two looks if nothing can be watched (no inotify).
  static constexpr std::chrono::seconds slow_look{2};

  exec_watch(event_loop& loop, file_watch& files, event_log& log);
  exec_watch(const exec_watch&) = delete;
  exec_watch& operator=(const exec_watch&) = delete;
  ~exec_watch();

  /// Begins to watch, or replaces the processes `in_the_way`. `look` is called
  /// from the loop.
  void start(const child_command& command,
             std::span<const std::int32_t> in_the_way, notification look);

  void stop();

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace container_agent::runtime
