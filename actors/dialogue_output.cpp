#include "actors/dialogue.hpp"

#include "actors/loggers.hpp"
#include "messages/codec/line_framer.hpp"
#include "messages/visible_text.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

// What Claude says: relayed, and understood as far as it matters.
namespace container_agent {

namespace {

// Left by a kept Claude that died: its agent, or the one after, meets it.
bool is_cut(std::string_view line) {
  return line.ends_with(codec::cut_line_end.front());
}

} // namespace

std::uint64_t dialogue::output_credit() const {
  return to_host.size() < max_unsent_output ? 4 : 0;
}

void dialogue::take(const child_output& output) {
  if (closed_)
    return; // it might hold the result of a prompt that was failed
  ++signs_;
  const auto& flying = prompts_.in_flight();
  voice_->speak_of(flying.empty() ? trace_id{} : flying.front().trace);
  // Lines are passed on in runs, as they came; the agent's own records go
  // between lines, and answers to its own requests are left out.
  auto all = output.data.view();
  std::size_t run = 0;
  std::size_t at = 0;
  auto flush = [&](std::size_t end) {
    if (end > run)
      voice_->claude_lines(output.data.part(run, end - run));
  };
  while (at < all.size()) {
    auto end = all.find('\n', at);
    if (end == std::string_view::npos) {
      scanner_.feed(all.substr(at));
      half_mark_ = is_cut(all);
      break;
    }
    scanner_.feed(all.substr(at, end - at));
    auto line = scanner_.finish();
    auto begin = std::exchange(at, end + 1);
    auto text = all.substr(begin, end - begin);
    auto kept = output.data.origin() != bytes::nowhere;
    answer_end_ = kept ? output.data.origin() + at : 0;
    if (line_unseen_ && unseen_end_ == 0)
      unseen_end_ = answer_end_;
    auto half_mark = std::exchange(half_mark_, false) && text.empty();
    auto death = kept && (half_mark || is_cut(text));
    auto cut = death && (begin > 0 || !voice_->in_line());
    if (death) {
      flush(begin); // what it says of that death comes behind
      run = begin;
      forget_begun();
    }
    if (!cut
        && (!line.is_object || line.type == "assistant"
            || line.type == "stream_event")) {
      if (!line.is_object && !is_blank_line(text))
        context_.log.write(log_level::warn, loggers::conversation,
                           "claude_output_not_json",
                           {{"bytes", std::uint64_t{text.size()}}});
      if (line.type == "assistant")
        note_answering();
      continue;
    }
    auto own = line.type == "control_response" && own_request(line.request_id);
    auto late = comes_too_late(line) && (begin > 0 || !voice_->in_line());
    if (late)
      context_.log.write(log_level::warn, loggers::conversation,
                         "late_result_dropped",
                         {{"uuid", line.user_message_uuids.front()}});
    auto unwanted = cut || own || late;
    flush(unwanted ? begin : at);
    if (unwanted)
      voice_->left_out(output.data.part(begin, at - begin));
    run = at;
    if (!cut)
      take_line(line, text);
    else if (text.size() > 1)
      context_.log.write(log_level::info, loggers::conversation,
                         "half_line_dropped",
                         {{"bytes", std::uint64_t{text.size() - 1}}});
  }
  flush(all.size());
}

// What came before was another Claude's.
void dialogue::forget_begun() {
  lifecycle_reported_ = false;
  if (std::exchange(session_refused_, false)
      || session_ != started_with_.session_id)
    set_session(started_with_.session_id, started_with_.anew);
  for (auto& p : prompts_.in_flight()) {
    p.started = false;
    p.again = true;
  }
  resume_fault_.clear();
  notes_.launched();
  cancel_requests();
  tasks_.clear();
}

void dialogue::take_line(const codec::envelope& line, std::string_view text) {
  if (!line.session_id.empty()
      && (line.type == "system" || line.type == "command_lifecycle"
          || line.type == "result")
      && !line.is_error && line.session_id != session_)
    set_session(line.session_id, false);
  if (line.type != "result" && !std::exchange(has_spoken_, true)
      && config_.transparent)
    note_resumed();
  if (line.type == "result")
    take_result(line);
  else if (line.type == "command_lifecycle")
    take_lifecycle(line);
  else if (line.type == "user" && line.is_replay)
    take_replay(line);
  else if (line.type == "system")
    take_system(line, text);
  else if (line.type == "control_request")
    begin_request(line.request_id, text);
  else if (line.type == "control_cancel_request")
    end_request(line.request_id);
  else if (line.type == "control_response")
    take_response(line);
}

void dialogue::take_result(const codec::envelope& result) {
  line_unseen_ = false; // what was unseen was about an earlier turn, if any
  context_.log.write(log_level::debug, loggers::conversation, "result_received",
                     {{"subtype", result.subtype},
                      {"is_error", result.is_error},
                      {"session_id", result.session_id}});
  if (take_failed_resume(result))
    return;
  tasks_.end_turn(!result.origin.empty());
  if (result.origin.empty())
    debts_.result(result.user_message_uuids.size());
  take_bill(result.bill);
  std::vector<std::string> assumed;
  // A Claude Code that does not report the life of commands does not say whom
  // it answers, either: turns then end in the order of their prompts. One that
  // has just begun may not have reported any yet, and end a task first.
  if (result.user_message_uuids.empty() && result.origin.empty()
      && !lifecycle_known_ && !prompts_.in_flight().empty())
    assumed.push_back(prompts_.in_flight().front().known_as());
  const auto& uuids = assumed.empty() ? result.user_message_uuids : assumed;
  auto answers = std::any_of(uuids.begin(), uuids.end(), [&](auto& uuid) {
    return prompts_.find_in_flight(uuid) != nullptr;
  });
  auto is_late = comes_too_late(result);
  if (answers)
    voice_->answered(result);
  else if (!is_late
           && (config_.voice != voice_kind::replies || uuids.empty()
               || !result.origin.empty()))
    voice_->added(result);
  for (const auto& uuid : uuids) {
    if (const auto* p = prompts_.find_in_flight(uuid))
      close(std::string{p->uuid});
    std::erase_if(results_ahead_, [&](const auto& p) {
      return p.uuid == uuid || p.continued_as == uuid;
    });
  }
  interrupted_ = interrupted_ && !prompts_.in_flight().empty();
  start_prompts();
}

// Tokens are those of the turn, dollars those of the process so far.
void dialogue::take_bill(const claude_bill& bill) {
  auto& all = counters_.bill;
  if (std::isfinite(bill.dollars) && bill.dollars > dollars_)
    all.dollars += bill.dollars - std::exchange(dollars_, bill.dollars);
  all.input_tokens += bill.input_tokens;
  all.output_tokens += bill.output_tokens;
  all.cache_read_tokens += bill.cache_read_tokens;
  all.cache_creation_tokens += bill.cache_creation_tokens;
}

void dialogue::take_lifecycle(const codec::envelope& event) {
  lifecycle_known_ = true;
  if (!std::exchange(lifecycle_reported_, true))
    notes_.lifecycle();
  auto* p = prompts_.find_in_flight(event.command_uuid);
  if (p == nullptr)
    return;
  if (event.state == "queued" || event.state == "started")
    return note_begun(*p);
  // Its result may be in the line that this agent has seen the end of only.
  if (line_unseen_) {
    auto uuid = p->uuid;
    answer_end_ = unseen_end_;
    close(uuid);
    line_unseen_ = !prompts_.in_flight().empty();
    return start_prompts();
  }
  // Every turn that ran has named its prompts in a `result` before this.
  end_without_result(*p, event.state);
}

void dialogue::take_replay(const codec::envelope& replay) {
  // The answer to a prompt that this very process has finished before: it will
  // say nothing more of it. A prompt that it runs was reported as started.
  auto* p = prompts_.find_in_flight(replay.uuid);
  if (p == nullptr || p->started || !lifecycle_known_)
    return;
  end_without_result(*p, "completed");
}

} // namespace container_agent
