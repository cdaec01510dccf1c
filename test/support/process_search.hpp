#pragma once

#include "test/support/deadline.hpp"

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace container_agent::test {

/// A variable, NAME=VALUE, that no other process has: put into the environment
/// of a child, it marks all that comes from it, wherever that may have gone.
std::string new_mark();

/// The processes that live with this variable in their environment. (One that
/// has just been forked and has not got its own memory yet may be missed.)
std::vector<pid_t> processes_marked(std::string_view mark);

/// Waits until there is none of them. Throws std::runtime_error past the
/// deadline.
void wait_none_marked(std::string_view mark, deadline until = deadline{});

/// The zombies among the children of `pid`.
std::vector<pid_t> zombies_of(pid_t pid);

/// A shell's command that leaves `count` processes, all of them ignoring
/// SIGTERM, SIGINT and SIGHUP: by turns simply forked, forked twice, in a
/// session of their own, and both. Each writes "here" when it is there.
std::string leave_stubborn_processes(int count);

} // namespace container_agent::test
