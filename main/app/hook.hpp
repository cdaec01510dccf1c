#pragma once

namespace container_agent {

class message_hook;

/// The hook through which all messages of all actors pass, or null. Alone in
/// its file, so that a program that tests link can bring its own instead.
message_hook* installed_hook();

} // namespace container_agent
