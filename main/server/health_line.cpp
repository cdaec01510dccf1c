#include "main/server/health_line.hpp"

#include <nlohmann/json.hpp>

namespace container_agent {

namespace {

std::string_view good_health(health_question asked) {
  switch (asked) {
    case health_question::live: return "live";
    case health_question::ready: return "ready";
    case health_question::healthy: break;
  }
  return "healthy";
}

} // namespace

std::string_view bad_health(health_question asked) {
  switch (asked) {
    case health_question::live: return "not live";
    case health_question::ready: return "not ready";
    case health_question::healthy: break;
  }
  return "unhealthy";
}

health_line judge_health(health_question asked, std::string_view document) {
  auto say = [&](bool good, const std::string& why) {
    auto begin = good ? good_health(asked) : bad_health(asked);
    return health_line{good, std::string{begin} + ": " + why};
  };
  try {
    auto facts = nlohmann::json::parse(document);
    auto state = facts.at("state").get<std::string>();
    auto live = facts.at("live").get<bool>();
    auto good = live && state != "failed";
    if (asked == health_question::live)
      good = live;
    else if (asked == health_question::ready)
      good = facts.at("ready").get<bool>();
    return say(good, state + ", " + facts.at("why").get<std::string>());
  } catch (const nlohmann::json::exception&) {
    return say(false, "the agent's status document says nothing of it");
  }
}

} // namespace container_agent
