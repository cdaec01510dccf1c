#include "main/runtime/lost_results.hpp"

#include "actors/loggers.hpp"
#include "messages/codec/agent_record.hpp"

#include <algorithm>

namespace container_agent::runtime {

namespace {

// Claude has done what was asked for, so it is not asked again.
std::string result_lost(const actor_context& context, const std::string& uuid) {
  constexpr auto reason = "result_lost";
  constexpr auto detail = "Claude and the agent died before the host had the "
                          "result; the session has it";
  context.log.write(log_level::error, loggers::conversation, "prompt_failed",
                    {{"uuid", uuid}, {"reason", reason}, {"detail", detail}});
  return codec::failed_record(context.clock.now(), uuid, reason, detail);
}

} // namespace

std::uint64_t end_of_lost_output(const codec::kept_conversation& notes,
                                 const move_note& note) {
  auto end = note.begin();
  for (const auto& p : notes.closed)
    end = std::max(end, p.result_end);
  return end;
}

std::string words_of_loss(const codec::kept_conversation& notes,
                          const move_note& note, move_note::standing output,
                          const actor_context& context) {
  std::string result;
  if (output == move_note::standing::torn)
    result += '\n';
  for (const auto& p : notes.closed)
    if (p.result_end > note.told() && p.result_end <= note.begin())
      result += result_lost(context, p.uuid);
  return result;
}

} // namespace container_agent::runtime
