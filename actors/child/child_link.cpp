#include "actors/child/child_link.hpp"

#include "actors/core/loggers.hpp"
#include "messages/agent_assert.hpp"

#include <algorithm>
#include <csignal>
#include <string_view>
#include <utility>

namespace container_agent {

namespace {

// Longer lines of stderr are cut in the log.
constexpr std::size_t max_error_line = 2048;

bool resumes(std::string_view argument) {
  return argument == "--resume" || argument == "-r";
}

bool picks_session(std::string_view argument) {
  return argument == "--continue" || argument == "-c"
         || argument == "--fork-session" || argument.starts_with("--resume=")
         || argument.starts_with("--session-id=");
}

} // namespace

std::string child_link_config::validate() const {
  if (command.program.empty())
    return "no command to run (--claude-command)";
  return {};
}

std::vector<std::string> session_arguments(std::vector<std::string> arguments,
                                           const launch_child& launch) {
  if (launch.session_id.empty() && !launch.anew)
    return arguments;
  std::vector<std::string> result;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    auto has_value
      = i + 1 < arguments.size() && !arguments[i + 1].starts_with('-');
    if (arguments[i] == "--session-id" || resumes(arguments[i]))
      i += has_value ? 1 : 0;
    else if (!picks_session(arguments[i]))
      result.push_back(std::move(arguments[i]));
  }
  if (!launch.session_id.empty()) {
    result.push_back("--resume");
    result.push_back(launch.session_id);
  }
  return result;
}

std::string session_in(const std::vector<std::string>& arguments) {
  constexpr std::string_view with_value = "--resume=";
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].starts_with(with_value))
      return arguments[i].substr(with_value.size());
    if (resumes(arguments[i]) && i + 1 < arguments.size()
        && !arguments[i + 1].starts_with('-'))
      return arguments[i + 1];
  }
  return {};
}

child_link::child_link(child_process& process, stream_log& events,
                       child_link_config config, actor_context context)
  : patience{config.launch_patience},
    process_{process},
    events_{events},
    config_{std::move(config)},
    context_{context},
    errors_{max_error_line} {}

void child_link::on_change(notification notify) {
  notify_ = std::move(notify);
}

child_process::launch_result child_link::launch(const launch_child& how) {
  AGENT_ASSERT(stage_ == stage::none);
  auto command = config_.command;
  command.arguments = session_arguments(std::move(command.arguments), how);
  process_.on_appeared([this] {
    appeared_ = true;
    if (notify_)
      notify_();
  });
  auto result = process_.launch(command, how.input_from);
  if (result.error || result.waiting)
    return result;
  patience.launched();
  attached_ = result.attached;
  resumed_ = !attached_ && !session_in(command.arguments).empty();
  midstream_ = result.midstream;
  input_from_ = result.attached ? result.input_from : how.input_from;
  given_to_ = input_from_;
  ++generation_;
  stage_ = stage::running;
  asked_to_end_ = output_ended_ = reading_output_ = false;
  killed_ = input_lost_ = held_ = false;
  renewal_ = {};
  reading_errors_ = errors_ended_ = false;
  auto tell = [this] {
    if (notify_)
      notify_();
  };
  process_.on_exit(tell);
  process_.input().on_moved(tell);
  return result;
}

void child_link::advance(std::uint64_t limit) {
  if (stage_ == stage::running && !process_.running()) {
    stage_ = stage::exited;
    // Kill what it started and left behind, so that the pipes are closed; their
    // content is still read to the end.
    if (auto error = process_.signal_group(SIGKILL))
      context_.log.write(log_level::error, loggers::claude_process,
                         "group_not_killed", {{"error", error.message()}});
  }
  if (stage_ == stage::running)
    check_input();
  if (stage_ == stage::running || stage_ == stage::exited) {
    read_errors();
    read_output(limit);
  }
  if (stage_ == stage::exited && output_ended_)
    conclude();
}

void child_link::abandon_output() {
  if (stage_ != stage::exited)
    return;
  context_.log.write(log_level::warn, loggers::claude_process,
                     "output_abandoned", {{"pid", process_.pid()}});
  process_.output().cancel();
  output_ended_ = true;
  conclude();
}

void child_link::retry() {
  held_ = false;
  events_.retry();
}

// Input that an ending child will not read is left for the next one.
void child_link::give_input(std::uint64_t end) {
  if (stage_ == stage::running && process_.running() && !renewing()
      && !asked_to_end_) {
    given_to_ = std::max(given_to_, end);
    process_.input().let_go(given_to_);
  }
}

void child_link::close_input() {
  asked_to_end_ = true;
  if (stage_ == stage::running)
    process_.close_input();
}

std::error_code child_link::signal_group(int signal) {
  asked_to_end_ = true;
  return stage_ == stage::none ? std::error_code{}
                               : process_.signal_group(signal);
}

std::string child_link::not_renewed() const {
  if (!guest() && !process_.only_attaches())
    return {};
  return "Claude is not the agent's, which only attaches to it; end it where "
         "it "
         "was started"
         + (guest() ? " (process " + std::to_string(process_.pid()) + ')' : "");
}

std::size_t child_link::let_go() {
  asked_to_end_ = true;
  auto position = process_.input().position();
  auto unwritten = given_to_ - std::min(given_to_, position);
  process_.let_go();
  return unwritten;
}

void child_link::kill_harder() {
  context_.log.write(log_level::error, loggers::claude_process,
                     "claude_outlives_kill",
                     {{"pid", process_.pid()},
                      {"advice", "something that it has started may wait for a "
                                 "disk or a network that has gone"}});
  process_.kill_harder();
}

// A Claude Code that has closed its stdin will never accept another prompt, so
// it is killed. Any other program may still have output.
void child_link::check_input() {
  auto error = process_.input().error();
  if (!error || asked_to_end_ || renewing())
    return;
  if (config_.raw) {
    if (!std::exchange(input_lost_, true))
      context_.log.write(
        log_level::warn, loggers::claude_process, "stdin_lost",
        {{"pid", process_.pid()}, {"reason", error.message()}});
    return;
  }
  kill("stdin_lost", error.message());
}

void child_link::renew(const renew_child& how) {
  if (stage_ != stage::running)
    return; // it has ended, and the next one comes anyway
  renewal_ = how;
  if (how.at_once)
    kill("claude_killed", how.reason);
  else
    process_.close_input();
}

void child_link::kill(std::string_view event, std::string_view why) {
  context_.log.write(log_level::error, loggers::claude_process, event,
                     {{"pid", process_.pid()}, {"reason", why}});
  killed_ = true;
  if (auto error = process_.signal_group(SIGKILL))
    context_.log.write(log_level::error, loggers::claude_process,
                       "group_not_killed", {{"error", error.message()}});
}

child_started child_link::description() const {
  return {generation_, process_.pid(), resumed_,
          attached_,   midstream_,     input_from_};
}

void child_link::read_output(std::uint64_t limit) {
  if (reading_output_ || output_ended_ || held_ || events_.end() >= limit)
    return;
  process_.output().move(
    [this](const inlet::result& result) { take_output(result); });
  reading_output_ = true; // last: if the call throws, it is repeated
}

void child_link::take_output(const inlet::result& result) {
  reading_output_ = false;
  ++reads_;
  if (result.moved > 0)
    output_end_ = events_.end();
  held_ = result.error && !events_.trouble().empty();
  if (held_ != told_held_ && (held_ || result.moved > 0)) {
    told_held_ = held_;
    if (held_)
      context_.log.write(log_level::error, loggers::claude_process,
                         "output_held", {{"error", result.error.message()}});
    else
      context_.log.write(log_level::info, loggers::claude_process,
                         "output_goes_on", {});
  }
  if (result.error && !held_)
    context_.log.write(log_level::error, loggers::claude_process,
                       "output_unreadable",
                       {{"error", result.error.message()}});
  output_ended_ = result.at_end || (result.error && !held_);
  if (notify_)
    notify_();
}

// Reads all of stderr at once, because a child must not block on writing to it.
// The log gets at most `max_error_line` bytes of a line.
void child_link::read_errors() {
  if (reading_errors_ || errors_ended_)
    return;
  process_.error_output().read(
    [this](const byte_source::result& r) { take_errors(r); });
  reading_errors_ = true;
}

void child_link::take_errors(const byte_source::result& result) {
  reading_errors_ = false;
  if (!result.data.empty())
    errors_.feed(result.data);
  errors_ended_ = result.at_end || result.error;
  log_errors(errors_ended_);
  read_errors();
}

void child_link::log_errors(bool at_end) {
  auto log = [this](const codec::framed_line& line) {
    if (line.what == codec::framed_line::kind::too_long)
      context_.log.write(log_level::warn, loggers::claude_process,
                         "claude_stderr", {{"left_out_bytes", line.size}});
    else if (!line.text.empty())
      context_.log.write(log_level::warn, loggers::claude_process,
                         "claude_stderr", {{"text", line.text}});
  };
  while (auto line = errors_.next())
    log(*line);
  if (!at_end)
    return;
  if (auto line = errors_.end())
    log(*line);
}

void child_link::conclude() {
  AGENT_ASSERT(stage_ == stage::exited && output_ended_);
  child_ended end;
  AGENT_ASSERT(generation_ > last_end_.generation);
  end.generation = generation_;
  end.end = events_.end();
  auto exit = process_.exit_status();
  end.pid = process_.pid();
  end.exit_code = exit.exit_code;
  end.signal = exit.signal;
  end.kind = exit.kind;
  end.asked = asked_to_end_;
  if (!end.asked)
    end.renewal = renewal_.reason;
  end.awaits_next = awaits_next();
  end.taken = process_.input().position();
  last_end_ = end;
  stage_ = stage::concluded;
}

} // namespace container_agent
