#include "actors/output/pipe_output.hpp"

#include "messages/errors.hpp"
#include "messages/type_ids.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace container_agent {

std::string pipe_output_config::validate() const {
  return reply_timeout.count() < 0 ? "the reply timeout must not be negative"
                                   : "";
}

pipe_output::pipe_output(caf::actor_config& config,
                         pipe_output_resources& resources,
                         pipe_output_config settings, actor_context context)
  : agent_actor{config, context}, resources_{resources}, config_{settings} {}

pipe_output::behavior_type pipe_output::make_behavior() {
  auto& outlet = resources_.outlet;
  outlet.on_moved(
    [self = pipe_output_actor{this}] { caf::anon_send(self, output_moved{}); });
  outlet.let_go(resources_.limit);
  // The timers for waiting replies ended with the actor before.
  resources_.replies_begun = outlet.replies_done();
  await_readers();
  return {
    [this](const host_output_grew& news) {
      resources_.limit = std::max(resources_.limit, news.end);
      resources_.outlet.let_go(resources_.limit);
      settle();
    },
    [this](const output_moved&) { settle(); },
    [this](const deadline_passed& deadline) { give_reply_up(deadline.id); },
    [this](const flush_output&) {
      flushing_ = true;
      settle();
    },
    [this](const get_output_status&) { return status(); },
    [this](const peers_changed& now) {
      if (replaced(now, &peers_changed::conversation))
        told_ = 0;
      meet(now);
      settle();
    },
  };
}

void pipe_output::on_exit() {
  resources_.outlet.on_moved({});
  agent_actor::on_exit();
}

// The FIFO may hold bytes from before the agent's start; those are not counted.
output_status pipe_output::status() const {
  auto& outlet = resources_.outlet;
  auto position = outlet.position();
  std::uint64_t unread = outlet.unread();
  auto gone = position - std::min(position, resources_.first);
  return {resources_.limit - std::min(resources_.limit, position),
          resources_.dropped_replies, unread, gone - std::min(gone, unread),
          position - std::min(position, unread)};
}

void pipe_output::await_readers() {
  auto& begun = resources_.replies_begun;
  while (begun < resources_.outlet.replies_known())
    await_reader(++begun);
}

void pipe_output::await_reader(std::uint64_t reply) {
  if (config_.reply_timeout.count() > 0
      && resources_.outlet.replies_done() < reply)
    delayed_send(this, config_.reply_timeout, deadline_passed{reply});
}

void pipe_output::give_reply_up(std::uint64_t reply) {
  if (resources_.outlet.replies_done() >= reply)
    return;
  auto lost = resources_.outlet.drop_reply();
  ++resources_.dropped_replies;
  context_.log.write(log_level::error, name(), "reply_dropped",
                     {{"reply", reply},
                      {"bytes", std::uint64_t{lost}},
                      {"failed", resources_.dropped_replies},
                      {"reason", "nobody came to read it"}});
  settle();
}

void pipe_output::settle() {
  if (auto error = resources_.outlet.error())
    return quit(
      make_error(agent_error::output_failed,
                 "writing the output pipe failed: " + error.message()));
  await_readers();
  auto position = resources_.outlet.position();
  auto all_gone = position >= resources_.limit;
  if (position >= told_ + told_step || (flushing_ && all_gone)) {
    told_ = position;
    tell(peers().conversation, host_output_window{position});
  }
  if (flushing_ && all_gone) {
    flushing_ = false;
    tell(peers().shutdown_coordinator, output_flushed{});
  }
}

} // namespace container_agent
