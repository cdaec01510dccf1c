#include "main/client/client.hpp"

#include "main/cli/value_text.hpp"
#include "main/client/control_client.hpp"
#include "main/client/status_table.hpp"
#include "main/fifo/fifo_lock.hpp"
#include "main/server/health_line.hpp"

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

health_question asked_by(const client_options& settings) {
  if (settings.live)
    return health_question::live;
  return settings.ready ? health_question::ready : health_question::healthy;
}

// An agent that runs without a socket holds the lock of its input all the same.
std::string unheard_of(const client_options& settings, std::string otherwise) {
  constexpr std::string_view another = "another ";
  auto holder = runtime::fifo_lock{settings.input}.holder();
  if (holder.empty())
    return otherwise;
  if (holder.starts_with(another))
    holder.replace(0, another.size(), "an ");
  auto text = "an agent runs, without a control socket that could be asked: "
              + settings.input + ": " + holder;
  if (!settings.socket.empty())
    text += "; nobody listens at " + settings.socket;
  return text;
}

early_exit health(const client_options& settings) {
  auto asked = asked_by(settings);
  auto [good, text] = judge_health(asked, status_of(settings));
  return good ? fine(text) : bad(text);
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

early_exit interrupt(const client_options& settings) {
  control_client agent{settings.socket, settings.timeout};
  return fine(ask(agent, {control_command::interrupt, false, {}}).done);
}

early_exit dispatch(const client_options& settings) {
  if (settings.command == "health")
    return health(settings);
  if (settings.command == "status")
    return status(settings);
  if (settings.command == "stop")
    return stop(settings);
  if (settings.command == "interrupt")
    return interrupt(settings);
  return restart(settings);
}

} // namespace

early_exit ask_agent(const client_options& settings) {
  auto prefix = settings.command == "health"
                  ? std::string{bad_health(asked_by(settings))} + ": "
                  : std::string{"container-agent: "};
  if (settings.socket.empty())
    return bad(prefix
               + unheard_of(settings, "there is nobody to ask with "
                                      "--control-socket none"));
  try {
    return dispatch(settings);
  } catch (const nobody_listens& error) {
    return bad(prefix + unheard_of(settings, error.what()));
  } catch (const client_error& error) {
    return bad(prefix + error.what());
  }
}

} // namespace container_agent
