#include "actors/input/pipe_input.hpp"

#include "messages/agent_assert.hpp"
#include "messages/errors.hpp"
#include "messages/type_ids.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace container_agent {

pipe_input::pipe_input(caf::actor_config& config,
                       pipe_input_resources& resources, actor_context context)
  : agent_actor{config, context}, resources_{resources} {}

pipe_input::behavior_type pipe_input::make_behavior() {
  // A move requested by the actor before would notify nobody.
  resources_.source.cancel();
  resources_.moving = false;
  return {
    [this](const input_window& window) {
      AGENT_ASSERT(window.taken <= resources_.log.end());
      window_ = window;
      advance();
    },
    [this](const input_arrived&) {
      told_ = false;
      advance();
    },
    [this](const stop_input& order) {
      if (!std::exchange(resources_.finished, true)) {
        resources_.goes_on = order.goes_on;
        resources_.source.cancel();
        resources_.moving = false;
        told_ = false;
        context_.log.write(log_level::info, name(), "input_stopped", {});
      }
      advance();
    },
    [this](const get_input_status&) {
      return input_status{resources_.source.unread(), resources_.log.trouble()};
    },
    [this](const peers_changed& now) {
      if (replaced(now, &peers_changed::conversation)) {
        told_ = false;
        window_ = {};
      }
      meet(now);
      advance();
    },
  };
}

void pipe_input::on_exit() {
  resources_.source.cancel();
  resources_.moving = false;
  agent_actor::on_exit();
}

void pipe_input::advance() {
  if (retry_at_ && clock().now() >= *retry_at_) {
    retry_at_.reset();
    resources_.held = false;
    resources_.log.retry();
  }
  if (!std::exchange(told_, true))
    tell_end();
  note_trouble();
  if (auto error = std::exchange(resources_.error, {}))
    return quit(
      make_error(agent_error::input_failed,
                 "reading the input pipe failed: " + error.message()));
  move();
}

// Does not move bytes across a cut: they belong to another line, and the
// conversation must hear of each cut.
void pipe_input::move() {
  auto& r = resources_;
  if (r.finished)
    return;
  // If the last writer leaves within a line or message, the rest will never
  // come, so its leaving must be noticed. Otherwise writers may come and go
  // unnoticed.
  r.source.report_end(r.exit_on_eof || window_.half
                      || r.log.line_start() < r.log.end());
  if (r.moving || r.held || r.log.end() >= window_.limit
      || window_.taken < r.cut_at)
    return;
  r.source.move([self = pipe_input_actor{this}, &r](const auto& result) {
    r.moving = false;
    r.held = result.error && !r.log.trouble().empty();
    if (result.error && !r.held)
      r.error = result.error;
    if (result.at_end) {
      r.cut_at = r.log.end();
      r.finished = r.finished || r.exit_on_eof;
    }
    caf::anon_send(self, input_arrived{});
  });
  r.moving = true; // last: if the call throws, it is repeated
}

void pipe_input::tell_end() {
  const auto& r = resources_;
  AGENT_ASSERT(r.cut_at <= r.log.end());
  tell(peers().conversation,
       input_grew{r.log.end(), r.cut_at, r.finished && !r.goes_on});
}

// While the log's disk is full, the FIFO fills up and blocks the host's
// writers.
void pipe_input::note_trouble() {
  auto why = resources_.log.trouble();
  if (resources_.held && !retry_at_) {
    retry_at_ = clock().now() + retry_pause;
    delayed_send(this, retry_pause, input_arrived{});
  }
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
