#include "actors/core/loggers.hpp"
#include "actors/session/dialogue.hpp"

#include <string>
#include <string_view>

// Prompts that come again.
namespace container_agent {

namespace {

// Such a prompt failed because of the agent's own state, not because of
// Claude's answer. Claude Code may still know the prompt; it then ends as
// `no_result`.
bool may_run_again(std::string_view failure) {
  return failure == "gave_up" || failure == "shutting_down";
}

} // namespace

// Handles a prompt whose uuid was accepted before. Returns true if it shares
// the end of the earlier one, false if it is to be accepted like a new one.
bool dialogue::take_again(const std::string& uuid) {
  const auto* failure = prompts_.failure(uuid);
  if (failure != nullptr && may_run_again(*failure))
    return false;
  context_.log.write(log_level::info, loggers::conversation, "prompt_duplicate",
                     {{"uuid", uuid}});
  concerns(trace_id_of(uuid));
  voice_->duplicate(uuid, failure != nullptr ? *failure : std::string{});
  return true;
}

} // namespace container_agent
