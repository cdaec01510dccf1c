#pragma once

#include <array>

/// What a new process does for itself between fork(2) and exec(2), whoever has
/// forked it.
namespace container_agent::runtime {

/// All signals do what they do by default, whatever whoever started the agent
/// may have had ignored.
void default_signal_actions();

/// A signal that was held back until now ends the process here.
void unblock_all_signals();

/// These become stdin, stdout and stderr. Returns false with `errno` set.
bool take_streams(const std::array<int, 3>& descriptors);

/// Nothing but the three streams is left open for the program.
void close_all_but_three_on_exec();

} // namespace container_agent::runtime
