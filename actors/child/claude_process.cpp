#include "actors/child/claude_process.hpp"

#include "messages/errors.hpp"
#include "messages/type_ids.hpp"

#include <caf/send.hpp>

#include <csignal>
#include <utility>

namespace container_agent {

namespace {

std::string text_of(const child_exit& exit) {
  if (exit.kind != exit_kind::known)
    return "ended; how is not known, as it was no child of the agent";
  return exit.signal != 0
           ? "ended by signal " + std::to_string(exit.signal)
           : "ended with exit code " + std::to_string(exit.exit_code);
}

} // namespace

claude_process::claude_process(caf::actor_config& config, child_link& link,
                               actor_context context)
  : agent_actor{config, context}, link_{link} {}

namespace {

// The subject of a `deadline_passed`: one of these, or the number of the read
// that waits for a dead child's output.
constexpr std::uint64_t terminate_renewed = ~std::uint64_t{0};
constexpr std::uint64_t kill_renewed = terminate_renewed - 1;
constexpr std::uint64_t kill_mute = terminate_renewed - 2;
constexpr std::uint64_t kill_survivor = terminate_renewed - 3;
constexpr std::uint64_t retry_launch = terminate_renewed - 4;
constexpr std::uint64_t retry_write = terminate_renewed - 5;

} // namespace

claude_process::behavior_type claude_process::make_behavior() {
  if (link_.renewing()) // the timer ended with the actor before
    await(renewal_timeout, terminate_renewed);
  link_.on_change([self = claude_process_actor{this}] {
    caf::anon_send(self, child_changed{});
  });
  return {
    [this](const launch_child& how) { start_child(how); },
    [this](const child_input_grew& news) {
      link_.give_input(news.end);
      advance();
    },
    [this](const child_output_window& window) {
      output_limit_ = window.limit;
      advance();
    },
    [this](const renew_child& how) { renew(how); },
    [this](const child_changed&) {
      if (awaited_ && link_.appeared())
        start_child(launch_child{*awaited_});
      advance();
    },
    [this](const close_child_input&) {
      if (awaited_)
        return quit();
      context_.log.write(log_level::info, name(), "stdin_closed", {});
      link_.close_input();
      advance();
    },
    [this](const signal_child& s) {
      if (awaited_)
        return quit();
      if (link_.guest()) {
        context_.log.write(
          log_level::warn, name(), "claude_let_go",
          {{"unwritten_bytes", std::uint64_t{link_.let_go()}}});
        return advance();
      }
      context_.log.write(log_level::warn, name(), "group_signalled",
                         {{"signal", s.signal}});
      if (auto error = link_.signal_group(s.signal))
        context_.log.write(log_level::error, name(), "signal_failed",
                           {{"signal", s.signal}, {"error", error.message()}});
      advance();
    },
    [this](const deadline_passed& deadline) {
      take_deadline(deadline.id);
      advance();
    },
    [this](const get_child_status&) {
      auto child = link_.description();
      return child_status{link_.running(), child.pid, child.generation};
    },
    [this](const peers_changed& now) { take_peers(now); },
  };
}

void claude_process::on_exit() {
  link_.on_change({});
  agent_actor::on_exit();
}

void claude_process::start_child(const launch_child& how) {
  if (link_.occupied() || how.after < link_.last_end().generation) {
    tell_child();
    return advance();
  }
  auto result = link_.launch(how);
  if (result.error)
    return launch_has_failed(how, result);
  if (result.waiting) {
    context_.log.write(log_level::info, name(), "launch_waits", {});
    awaited_ = how;
    return;
  }
  awaited_.reset();
  tell(peers().conversation, link_.description());
  advance();
}

void claude_process::launch_has_failed(
  const launch_child& how, const child_process::launch_result& result) {
  auto awaited = link_.patience.since().has_value();
  auto wait = link_.patience.failed(result.error, clock().now());
  if (!wait)
    return quit(make_error(agent_error::launch_failed, result.what));
  if (!awaited)
    context_.log.write(log_level::warn, name(), "program_awaited",
                       {{"reason", result.what}});
  awaited_ = how;
  if (!std::exchange(retry_due_, true))
    await(*wait, retry_launch);
}

void claude_process::take_peers(const peers_changed& now) {
  auto new_conversation = replaced(now, &peers_changed::conversation);
  meet(now);
  if (!new_conversation)
    return;
  told_output_ = told_input_ = 0;
  tell_child();
  advance();
}

// Sends what a conversation must know of the children; it may be a new one that
// has missed it.
void claude_process::tell_child() {
  if (link_.last_end().generation != 0)
    tell(peers().conversation, child_ended{link_.last_end()});
  if (link_.occupied() && !link_.concluded())
    tell(peers().conversation, link_.description());
}

void claude_process::advance() {
  link_.advance(output_limit_);
  if (link_.held() && !std::exchange(write_due_, true))
    await(retry_pause, retry_write);
  tell_progress();
  watch_lingering();
  end_if_concluded();
}

void claude_process::tell_progress() {
  if (!link_.occupied())
    return;
  if (auto gone = link_.input_position(); gone != told_input_) {
    told_input_ = gone;
    tell(peers().conversation, child_input_window{gone});
  }
  if (auto end = link_.output_end(); end != told_output_) {
    told_output_ = end;
    tell(peers().conversation, child_output_grew{end});
  }
}

void claude_process::await(std::chrono::milliseconds time, std::uint64_t what) {
  delayed_send(this, time, deadline_passed{what});
}

void claude_process::take_deadline(std::uint64_t what) {
  switch (what) {
    case terminate_renewed: return hurry_renewal(SIGTERM);
    case kill_renewed: return hurry_renewal(SIGKILL);
    case kill_mute:
      mute_ = false; // the next child may become mute, too
      if (link_.mute())
        link_.kill("stdout_lost", "it has closed its stdout and lives on");
      return;
    case kill_survivor:
      survivor_watched_ = false;
      if (link_.outlives_kill())
        link_.kill_harder();
      return;
    case retry_write: write_due_ = false; return link_.retry();
    case retry_launch:
      retry_due_ = false;
      if (awaited_)
        start_child(launch_child{*awaited_});
      return;
    default: break;
  }
  // Silence counts only while a read is outstanding.
  if (link_.awaits_output() && what == link_.reads() + 1)
    link_.abandon_output();
  lingering_since_ = 0;
}

void claude_process::renew(const renew_child& how) {
  auto begun = link_.renewing();
  link_.renew(how);
  if (link_.renewing() && !begun && !how.at_once)
    await(renewal_timeout, terminate_renewed);
  advance();
}

void claude_process::hurry_renewal(int signal) {
  if (!link_.renewing() || link_.asked_to_end())
    return;
  if (signal == SIGKILL)
    return link_.kill("claude_killed", "it did not end when it should");
  if (auto error = link_.terminate())
    context_.log.write(log_level::error, name(), "signal_failed",
                       {{"signal", signal}, {"error", error.message()}});
  await(renewal_timeout, kill_renewed);
}

void claude_process::watch_lingering() {
  if (link_.outlives_kill() && !std::exchange(survivor_watched_, true))
    await(kill_timeout, kill_survivor);
  if (link_.mute() && !std::exchange(mute_, true))
    await(mute_timeout, kill_mute);
  if (!link_.lingers() || !link_.awaits_output() || lingering_since_ != 0)
    return;
  lingering_since_ = link_.reads() + 1; // never 0
  delayed_send(this, linger_timeout, deadline_passed{lingering_since_});
}

void claude_process::end_if_concluded() {
  if (!link_.concluded())
    return;
  tell(peers().conversation, child_ended{link_.last_end()});
  auto exit = link_.exit_status();
  auto asked = link_.asked_to_end();
  auto renewal = link_.renewal();
  auto awaits_next = link_.awaits_next();
  link_.reset();
  if (asked)
    return quit();
  if (awaits_next) // the conversation asks for it
    return;
  if (!renewal.reason.empty())
    return quit(make_error(renewal.fault ? agent_error::child_ended
                                         : agent_error::child_renewed,
                           renewal.reason));
  quit(make_error(agent_error::child_ended, text_of(exit)));
}

} // namespace container_agent
