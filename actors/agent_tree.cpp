#include "actors/agent_tree.hpp"

#include "actors/child/claude_process.hpp"
#include "actors/input/pipe_input.hpp"
#include "actors/session/conversation.hpp"
#include "messages/type_ids.hpp"

#include <memory>
namespace container_agent {

std::vector<child_spec> agent_children(const agent_resources& lent,
                                       const agent_tree_config& config,
                                       actor_context context) {
  using p = peers_changed;
  std::vector<child_spec> result;
  result.push_back(make_child_spec<pipe_output>("pipe_output", &p::pipe_output,
                                                std::ref(lent.output),
                                                config.output, context));
  result.push_back(make_child_spec<health_monitor>(
    "health_monitor", &p::health_monitor, std::make_shared<health_history>(),
    lent.processes, config.health, context));
  result.push_back(make_child_spec<shutdown_coordinator>(
    "shutdown_coordinator", &p::shutdown_coordinator, std::ref(lent.shutdown),
    context));
  if (lent.control != nullptr)
    result.push_back(make_child_spec<control>("control", &p::control,
                                              std::ref(*lent.control),
                                              config.control, context));
  result.push_back(make_child_spec<conversation>(
    "conversation", &p::conversation, std::ref(lent.protocol),
    config.conversation, context));
  result.push_back(make_child_spec<claude_process>(
    "claude_process", &p::claude_process, std::ref(lent.child), context));
  result.back().type
    = config.once ? restart_type::temporary : restart_type::transient;
  result.back().gave_up = exit_code::gave_up_on_claude;
  result.back().on_give_up = config.on_give_up;
  result.back().ended_code
    = [&link = lent.child] { return shell_code(link.exit_status()); };
  result.back().not_renewed
    = [&link = lent.child] { return link.not_renewed(); };
  result.push_back(make_child_spec<pipe_input>("pipe_input", &p::pipe_input,
                                               std::ref(lent.input), context));
  for (auto& spec : result)
    spec.policy = config.restarts;
  return result;
}

} // namespace container_agent
