#include "actors/health/health_state.hpp"

#include <algorithm>
#include <string_view>

namespace container_agent {

namespace {

bool silent(const codec::status_facts& facts, std::string_view actor) {
  return std::find(facts.silent.begin(), facts.silent.end(), actor)
         != facts.silent.end();
}

std::string death(const codec::status_facts& facts) {
  if (silent(facts, "supervisor"))
    return "the supervisor does not answer";
  if (silent(facts, "conversation") && silent(facts, "claude_process"))
    return "neither conversation nor claude_process answers";
  return {};
}

std::string absence(const codec::status_facts& facts, bool was_ready,
                    const health_limits& limits) {
  if (facts.conversation.ready)
    return {};
  if (was_ready)
    return facts.child.running ? "Claude runs but is not ready again yet"
                               : "Claude is away";
  if (facts.uptime >= limits.slow_start)
    return "Claude has not become ready in "
           + std::to_string(facts.uptime.count()) + " s";
  return {};
}

std::string fault(const codec::status_facts& facts, bool was_ready,
                  const health_limits& limits) {
  if (facts.shutdown.phase != "running")
    return "the agent is stopping: " + facts.shutdown.phase;
  if (!facts.silent.empty())
    return facts.silent.front() + " does not answer";
  if (!facts.input.trouble.empty())
    return "the input is not read: " + facts.input.trouble;
  if (!facts.conversation.trouble.empty())
    return "what is said can't be kept: " + facts.conversation.trouble;
  if (!facts.conversation.blocked.empty())
    return facts.conversation.blocked;
  if (auto away = absence(facts, was_ready, limits); !away.empty())
    return away;
  if (auto count = facts.supervisor.restarts_in_window; count > 0)
    return "restarted within the window, times: " + std::to_string(count);
  if (over_limit(facts, limits))
    return "Claude uses " + in_mebibytes(facts.claude->resident_bytes)
           + ", over its limit of " + in_mebibytes(limits.max_claude_rss);
  if (facts.loop_lag && *facts.loop_lag >= limits.max_lag)
    return "the event loop was " + std::to_string(facts.loop_lag->count())
           + " ms late";
  return {};
}

// Requests to the host come first, because only the host can answer them.
std::string occupation(const conversation_status& c) {
  if (!c.requests.empty()) {
    const auto& first = c.requests.front();
    auto name = !first.tool.empty() ? first.tool : first.subtype;
    auto more = c.requests_open - 1;
    return "waits for the host to answer " + (name.empty() ? "a request" : name)
           + (more > 0 ? " and " + std::to_string(more) + " more" : "");
  }
  if (c.in_flight > 0)
    return "a turn is in flight";
  if (c.own_turn)
    return "Claude works on a turn of its own";
  if (c.tasks == 0)
    return {};
  return c.tasks == 1 ? "a background task runs"
                      : std::to_string(c.tasks) + " background tasks run";
}

} // namespace

bool over_limit(const codec::status_facts& facts, const health_limits& limits) {
  return limits.max_claude_rss > 0 && facts.claude
         && facts.claude->resident_bytes > limits.max_claude_rss;
}

std::string in_mebibytes(std::uint64_t size) {
  constexpr std::uint64_t mebibyte = 1024 * 1024;
  return std::to_string(size / mebibyte) + " MiB";
}

health_verdict judge(const codec::status_facts& facts, bool was_ready,
                     const health_limits& limits) {
  const auto& c = facts.conversation;
  if (auto dead = death(facts); !dead.empty())
    return {"failed", false, false, dead};
  if (const auto& lost = facts.supervisor.gave_up; !lost.empty())
    return {"failed", true, false, "restarting " + lost + " was given up"};
  if (auto found = fault(facts, was_ready, limits); !found.empty())
    return {"degraded", true,
            c.ready && facts.shutdown.phase == "running"
              && facts.input.trouble.empty() && c.trouble.empty(),
            found};
  if (!c.ready)
    return {"starting", true, false, "Claude is starting"};
  if (auto work = occupation(c); !work.empty())
    return {"busy", true, true, work};
  return {"ready", true, true, "Claude takes prompts"};
}

} // namespace container_agent
