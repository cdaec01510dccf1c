#include "main/client.hpp"

#include "main/control_client.hpp"
#include "main/option_types.hpp"
#include "main/status_table.hpp"

#include <nlohmann/json.hpp>

namespace container_agent {

namespace {

using codec::control_command;

early_exit fine(const std::string& line) {
  return {0, line + '\n'};
}

early_exit bad(const std::string& line) {
  return {1, line + '\n'};
}

codec::control_answer ask(control_client& agent,
                          const codec::control_request& request) {
  auto answer = agent.ask(request);
  if (!answer.ok)
    throw client_error{answer.error};
  return answer;
}

std::string status_of(const client_options& settings) {
  control_client agent{settings.socket, settings.timeout};
  return ask(agent, {control_command::status, false, {}}).document;
}

struct question {
  std::string_view yes;
  std::string_view no;
};

question asked_by(const client_options& settings) {
  if (settings.live)
    return {"live", "not live"};
  if (settings.ready)
    return {"ready", "not ready"};
  return {"healthy", "unhealthy"};
}

early_exit health(const client_options& settings) {
  auto words = asked_by(settings);
  auto no = [&](const std::string& why) {
    return bad(std::string{words.no} + ": " + why);
  };
  try {
    auto facts = nlohmann::json::parse(status_of(settings));
    auto state = facts.at("state").get<std::string>();
    auto live = facts.at("live").get<bool>();
    auto good = settings.ready  ? facts.at("ready").get<bool>()
                : settings.live ? live
                                : live && state != "failed";
    auto text = state + ", " + facts.at("why").get<std::string>();
    return good ? fine(std::string{words.yes} + ": " + text) : no(text);
  } catch (const client_error& error) {
    return no(error.what());
  } catch (const nlohmann::json::exception&) {
    return no("the agent's status document says nothing of it");
  }
}

early_exit status(const client_options& settings) {
  auto document = status_of(settings);
  return settings.json ? fine(document) : early_exit{0, status_table(document)};
}

early_exit stop(const client_options& settings) {
  control_client agent{settings.socket, settings.timeout};
  auto answer = ask(agent, {control_command::stop, false, {}});
  // Its own time for all steps of the end, and ours for what comes after them.
  auto limit = answer.at_most + settings.timeout;
  if (agent.await_end(limit))
    return fine("stopped");
  return bad("container-agent: the agent (process "
             + std::to_string(agent.pid()) + ") was asked to stop and is still "
             + "there after " + format_duration(limit));
}

early_exit restart(const client_options& settings) {
  control_client agent{settings.socket, settings.timeout};
  ask(agent, {control_command::restart_claude, settings.now, {}});
  return fine(settings.now ? "Claude is being restarted"
                           : "Claude will be restarted between two turns");
}

early_exit dispatch(const client_options& settings) {
  if (settings.command == "health")
    return health(settings);
  if (settings.command == "status")
    return status(settings);
  if (settings.command == "stop")
    return stop(settings);
  return restart(settings);
}

} // namespace

early_exit ask_agent(const client_options& settings) {
  auto prefix = settings.command == "health"
                  ? std::string{asked_by(settings).no} + ": "
                  : std::string{"container-agent: "};
  if (settings.socket.empty())
    return bad(prefix + "there is nobody to ask with --control-socket none");
  try {
    return dispatch(settings);
  } catch (const client_error& error) {
    return bad(prefix + error.what());
  }
}

} // namespace container_agent
