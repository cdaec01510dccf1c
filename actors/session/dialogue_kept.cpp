#include "actors/session/dialogue.hpp"

#include "actors/core/loggers.hpp"
#include "actors/session/conversation_fold.hpp"

#include <algorithm>
#include <utility>
#include <variant>

// What goes from one agent to the next.
namespace container_agent {

void dialogue::restore(const codec::kept_conversation& kept, bool alive) {
  // A line that lacked only its end counts, and the fold had not seen it.
  if (!alive && events_.end_whole_line()) {
    auto again = fold_conversation(logs_.events, logs_.to_child);
    again.input = std::max(again.input, kept.input);
    again.held_from = std::max(again.held_from, kept.held_from);
    return restore(again, alive);
  }
  session_.recall(kept.session_id, kept.anew);
  settings_.recall(kept.settings);
  for (const auto& p : kept.closed)
    prompts_.recall(p);
  for (const auto& p : kept.prompts)
    restore_prompt(p, alive);
  for (const auto& request : kept.open_requests)
    open_requests_.open(request.id, request.about);
  take_held(kept);
  events_.recall(kept.left_out);
  child_.recall(kept, alive);
  if (alive) {
    tasks_.set_running(kept.tasks);
    return end_restored(kept.prompts);
  }
  child_ended end;
  end.pid = kept.pid;
  end.kind = exit_kind::unknown;
  auto cut = events_.begin_behind();
  cancel_requests();
  if (kept.pid != 0)
    voice_->claude_exited(end, {}, cut);
  end_restored(kept.prompts);
  if (config_.session_gone && !session_.id().empty())
    forget_session(session_.id(), "its transcript is not there");
}

void dialogue::restore_prompt(const codec::kept_prompt& p, bool alive) {
  prompts_.forget(p.uuid); // it had failed, and was accepted again
  auto line = line_of(p);
  if (line.empty()) {
    prompts_.remember(trace_id_of(p.uuid));
    return fail(
      {p.uuid, {}}, "input_lost",
      "what the host had written is not in the log of the input any more");
  }
  prompt known{p.uuid, std::move(line), p.sent,
               p.begun && (alive || !p.ended.empty())};
  known.input_from = p.input.from;
  known.input_to = p.input.to;
  known.continued_as = p.continued_as;
  known.again = p.again;
  known.answering = p.answering;
  if (p.sent > 0)
    prompts_.push_in_flight(std::move(known));
  else
    prompts_.push(std::move(known));
}

// The earlier agent was killed between reading that Claude is done with a
// prompt and telling the host what comes of it.
void dialogue::end_restored(const std::deque<codec::kept_prompt>& kept) {
  for (const auto& p : kept)
    if (!p.ended.empty())
      if (auto* flying = prompts_.find_in_flight(p.known_as()))
        end_without_result(*flying, p.ended);
}

// Claude may have been given the first of them, which it bears.
void dialogue::take_held(const codec::kept_conversation& kept) {
  using kind = codec::input_message::kind;
  auto from = std::max(kept.held_from, logs_.input.begin());
  for_each_message(from, std::min(kept.input, logs_.input.end()),
                   [this](const host_line& line) {
                     auto outcome = codec::read_input(line.text, config_.input);
                     auto* message
                       = std::get_if<codec::input_message>(&outcome);
                     if (message == nullptr || message->what == kind::prompt
                         || message->what == kind::status_request)
                       return;
                     take_control(line, std::move(*message));
                   });
}

template <class Call>
void dialogue::for_each_message(std::uint64_t from, std::uint64_t to,
                                Call call) const {
  if (from >= to)
    return;
  input_reader reader{logs_.input, config_.lines, from};
  reader.grew({to, to, true});
  for (const auto* line = reader.front(); line != nullptr && line->end <= to;
       line = reader.front()) {
    call(*line);
    reader.pop();
  }
}

void dialogue::sync_events() {
  if (!config_.sync)
    return;
  for (auto* log : {&logs_.input, &logs_.to_child, &logs_.events})
    if (auto error = log->sync())
      context_.log.write(log_level::error, loggers::conversation,
                         "state_not_synced", {{"error", error.message()}});
}

// As it was made when it was accepted; empty if it is not there.
std::string dialogue::line_of(const codec::kept_prompt& prompt) const {
  if (prompt.input.from < logs_.input.begin()
      || prompt.input.to > logs_.input.end())
    return {};
  std::string text;
  for_each_message(prompt.input.from, prompt.input.to,
                   [&text](const host_line& line) { text = line.text; });
  auto outcome = codec::read_input(text, config_.input);
  auto* message = std::get_if<codec::input_message>(&outcome);
  if (message == nullptr || message->what != codec::input_message::kind::prompt)
    return {};
  auto line = message->uuid.empty()
                ? codec::with_uuid(message->line, prompt.uuid)
                : std::move(message->line);
  return line + '\n';
}

codec::kept_conversation dialogue::kept() const {
  codec::kept_conversation result;
  auto keep = [&result](const prompt& p) {
    result.prompts.push_back({.uuid = p.uuid,
                              .input = {p.input_from, p.input_to},
                              .sent = p.sent,
                              .begun = p.started,
                              .continued_as = p.continued_as,
                              .again = p.again,
                              .answering = p.answering});
  };
  for (const auto& p : prompts_.in_flight())
    keep(p);
  for (const auto& p : prompts_.waiting_ones())
    keep(p);
  result.closed = prompts_.remembered();
  result.session_id = session_.id();
  result.anew = session_.anew();
  result.settings = settings_.all();
  result.left_out = events_.left_out();
  result.input = input_.position();
  result.held_from = outbox_.first_input(result.input);
  result.to_child = logs_.to_child.end();
  child_.describe(result);
  for (const auto& request : open_requests_.all())
    result.open_requests.push_back(
      {request.id, {request.subtype, request.tool, request.summary}});
  result.tasks = tasks_.running();
  return result;
}

void dialogue::release() {
  auto first = prompts_.first_input();
  auto needed = outbox_.first_input(input_.position());
  logs_.input.release(std::min(first.value_or(needed), needed));
  logs_.to_child.release(
    std::min(to_child_gone_, checkpoints_.to_child_from()));
  if (logs_.replies != nullptr)
    logs_.replies->release(shown_gone_);
  logs_.events.release(
    std::min(events_.needed_from(shown_gone_), checkpoints_.events_from()));
}

} // namespace container_agent
