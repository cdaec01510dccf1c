#pragma once

namespace container_agent {

class message_hook;

/// The hook that all messages of all actors pass, or null. It has its own file,
/// so that a program linked for tests can bring another one.
message_hook* installed_hook();

} // namespace container_agent
