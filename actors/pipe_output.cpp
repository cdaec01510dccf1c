#include "actors/pipe_output.hpp"

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
  resources_.sink.on_drained([self = pipe_output_actor{this}] {
    caf::anon_send(self, output_drained{});
  });
  // The deadlines of replies that still wait have ended with the one before.
  for (auto reply = resources_.sink.replies_done();
       reply < resources_.replies_begun; ++reply)
    await_reader(reply + 1);
  return {
    [this](const host_output& output) { take(output); },
    [this](const output_drained&) { settle(); },
    [this](const deadline_passed& deadline) { give_reply_up(deadline.id); },
    [this](const flush_output&) {
      flushing_ = true;
      settle();
    },
    [this](const get_output_status&) { return status(); },
    [this](const peers_changed& now) {
      if (replaced(now, &peers_changed::conversation))
        credit_.forget();
      meet(now);
      settle();
    },
  };
}

void pipe_output::on_exit() {
  resources_.sink.on_drained({});
  agent_actor::on_exit();
}

void pipe_output::take(const host_output& output) {
  auto& from = resources_.from_conversation;
  if (from.expects(output.sequence)) {
    write(output);
    from.take();
    credit_.took(output.data.size());
    if (output.ends_reply)
      end_reply();
  } else {
    credit_.asked();
  }
  settle();
}

void pipe_output::write(const host_output& output) {
  if (output.left_out)
    return resources_.sink.leave_out(output.data);
  resources_.sink.write(output.data);
  resources_.taken_bytes += output.data.size();
}

// In the FIFO may be more than what came from here: what an earlier agent has
// left there.
output_status pipe_output::status() const {
  std::uint64_t pending = resources_.sink.pending();
  std::uint64_t unread = resources_.sink.unread();
  auto left = std::min(pending + unread, resources_.taken_bytes);
  return {pending, resources_.dropped_replies, unread,
          resources_.taken_bytes - left};
}

void pipe_output::end_reply() {
  resources_.sink.end_reply();
  await_reader(++resources_.replies_begun);
}

void pipe_output::await_reader(std::uint64_t reply) {
  if (config_.reply_timeout.count() > 0
      && resources_.sink.replies_done() < reply)
    delayed_send(this, config_.reply_timeout, deadline_passed{reply});
}

void pipe_output::give_reply_up(std::uint64_t reply) {
  if (resources_.sink.replies_done() >= reply)
    return;
  auto lost = resources_.sink.drop_reply();
  ++resources_.dropped_replies;
  context_.log.write(log_level::error, name(), "reply_dropped",
                     {{"reply", reply},
                      {"bytes", std::uint64_t{lost}},
                      {"failed", resources_.dropped_replies},
                      {"reason", "nobody came to read it"}});
  settle();
}

void pipe_output::settle() {
  if (auto error = resources_.sink.error())
    return quit(
      make_error(agent_error::output_failed,
                 "writing the output pipe failed: " + error.message()));
  auto pending = resources_.sink.pending();
  if (auto window = credit_.due(resources_.from_conversation,
                                pending < max_pending ? 8 : 0))
    tell(peers().conversation, *window);
  if (flushing_ && pending == 0) {
    flushing_ = false;
    tell(peers().shutdown_coordinator, output_flushed{});
  }
}

} // namespace container_agent
