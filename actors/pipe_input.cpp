#include "actors/pipe_input.hpp"

#include "messages/errors.hpp"
#include "messages/type_ids.hpp"

#include <caf/send.hpp>

#include <utility>
#include <variant>

namespace container_agent {

pipe_input::pipe_input(caf::actor_config& config, line_reader& reader,
                       actor_context context)
  : agent_actor{config, context}, reader_{reader} {}

pipe_input::behavior_type pipe_input::make_behavior() {
  reader_.on_arrival(
    [self = pipe_input_actor{this}] { caf::anon_send(self, input_arrived{}); });
  return {
    [this](const host_line_window& window) {
      reader_.to_conversation.update(window);
      // A line that fills the queue must not be followed by all those for which
      // there was room before it.
      reader_.to_conversation.limit_to(window.limit);
      advance();
    },
    [this](const input_arrived&) { advance(); },
    [this](const stop_input& order) {
      if (reader_.stop(order.goes_on))
        context_.log.write(log_level::info, name(), "input_stopped", {});
      advance();
    },
    [this](const get_input_status&) {
      return input_status{reader_.unread(), reader_.trouble()};
    },
    [this](const peers_changed& now) {
      if (replaced(now, &peers_changed::conversation))
        reader_.to_conversation.rewind();
      meet(now);
      advance();
    },
  };
}

void pipe_input::on_exit() {
  reader_.on_arrival({});
  agent_actor::on_exit();
}

void pipe_input::advance() {
  if (retry_at_ && clock().now() >= *retry_at_) {
    retry_at_.reset();
    reader_.try_again();
  }
  reader_.advance();
  while (const auto* item = reader_.to_conversation.next())
    std::visit([this](const auto& x) { tell(peers().conversation, x); }, *item);
  note_trouble();
  if (auto error = reader_.take_error())
    quit(make_error(agent_error::input_failed,
                    "reading the input pipe failed: " + error.message()));
}

// Whoever writes to the host's end is blocked by the FIFO meanwhile.
void pipe_input::note_trouble() {
  if (reader_.held() && !retry_at_) {
    retry_at_ = clock().now() + retry_pause;
    delayed_send(this, retry_pause, input_arrived{});
  }
  auto why = reader_.trouble();
  if (why.empty() == !troubled_)
    return;
  troubled_ = !why.empty();
  if (troubled_)
    context_.log.write(log_level::error, name(), "input_held",
                       {{"reason", why}, {"effect", "no input is read"}});
  else
    context_.log.write(log_level::info, name(), "input_goes_on", {});
}

} // namespace container_agent
