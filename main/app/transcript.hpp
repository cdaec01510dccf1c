#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace container_agent {

/// Whether Claude Code, with this environment (NAME=VALUE), finds the session's
/// transcript, `projects/<folder>/<session>.jsonl` in its own folder. Without
/// it, it can't resume the session. True if that can't be told.
bool has_transcript(const std::vector<std::string>& environment,
                    std::string_view session);

} // namespace container_agent
