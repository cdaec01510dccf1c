#include "actors/session/dialogue.hpp"

#include "actors/core/loggers.hpp"
#include "actors/session/conversation_fold.hpp"
#include "messages/visible_text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

// Claude's lines: relays them, and interprets what matters here.
namespace container_agent {

// With text output the host's position is in the log of replies, not of events.
std::uint64_t dialogue::output_limit() const {
  auto limit = read_to_ + output_window;
  if (logs_.replies == nullptr)
    return std::min(limit, shown_gone_ + config_.max_backlog);
  return logs_.replies->end() < shown_gone_ + config_.max_backlog ? limit
                                                                  : read_to_;
}

// A line that is too long to be held back is shown as far as it was read.
std::uint64_t dialogue::shown_to() const {
  if (logs_.replies != nullptr)
    return logs_.replies->end();
  auto is_long = read_to_ - line_begin_ > max_held_line;
  return is_long && !joining_ ? read_to_ : line_begin_;
}

// Skips the agent's own records, which are among the lines. While no child is
// known, a line of Claude's stops the reading: the next child said it, and its
// start must be reported first.
void dialogue::take_output() {
  // An earlier call has thrown within a line, which is read again.
  if (std::exchange(at_work_, true)) {
    (void)scanner_.finish();
    read_to_ = line_begin_;
  }
  const auto& flying = prompts_.in_flight();
  speak_of(flying.empty() ? trace_id{} : flying.front().trace);
  std::array<char, read_size> buffer;
  while (auto size = logs_.events.read(read_to_, buffer)) {
    std::string_view block{buffer.data(), size};
    auto begin = read_to_;
    for (std::size_t at = 0; at < size;) {
      auto end = std::min(block.find('\n', at), size);
      scanner_.feed(block.substr(at, end - at));
      read_to_ = begin + std::min(end + 1, size);
      if (end < size && !end_line(block, begin)) {
        read_to_ = line_begin_;
        at_work_ = false;
        return;
      }
      at = end + 1;
    }
  }
  at_work_ = false;
  hand_over();
  if (line_begin_ == read_to_ && logs_.events.owed() == 0
      && read_to_ >= checkpoint_due_)
    write_checkpoint();
}

// Returns false if the line must not be read yet.
bool dialogue::end_line(std::string_view block, std::uint64_t block_begin) {
  auto line = scanner_.finish();
  if (is_own(line, block, block_begin)) {
    if (line.subtype == "checkpoint")
      leave_line_out();
  } else {
    if (child_ == child_state::none && !is_torn())
      return false;
    mend_torn(line, block, block_begin);
    ++signs_;
    ++heard_;
    if (leaves_out(line, block, block_begin))
      leave_line_out();
    if (line.type == "assistant")
      note_answering();
    if (line.is_object && !closed_ && !is_torn())
      take_line(line, block, block_begin);
  }
  line_begin_ = read_to_;
  return true;
}

void dialogue::leave_line_out() {
  logs_.events.strike(line_begin_, read_to_);
  if (logs_.replies == nullptr)
    left_out_.push_back({line_begin_, read_to_});
}

bool dialogue::is_own(const codec::envelope& line, std::string_view block,
                      std::uint64_t block_begin) {
  if (line.type == "container_agent")
    return true;
  if (own_.empty() || own_.front() != line_text(block, block_begin) + '\n')
    return false;
  own_.pop_front();
  return true;
}

// Tells the host a line that looks like Claude's. Remembers it, because it may
// be appended only after a line of Claude's has ended.
void dialogue::in_claudes_name(std::string line) {
  voice_->stand_in(line);
  own_.push_back(std::move(line));
}

// Ends a line that Claude's end cut, as no writer will complete it.
void dialogue::end_torn_line() {
  auto from = logs_.events.line_start();
  if (auto size = logs_.events.end_line(); size > 0)
    torn_ = {from, from + size + 1};
}

// A torn line that lacked only its LF is complete.
void dialogue::mend_torn(const codec::envelope& line, std::string_view block,
                         std::uint64_t block_begin) {
  if (is_torn() && line.is_object
      && is_whole_object(line_text(block, block_begin)))
    torn_.reset();
}

// Whether the host is not shown the line; other readers find it in the log.
bool dialogue::leaves_out(const codec::envelope& line, std::string_view block,
                          std::uint64_t block_begin) {
  if (closed_)
    return true; // it may be the result of a failed prompt
  if (is_torn()) {
    context_.log.write(log_level::info, loggers::conversation,
                       "half_line_dropped",
                       {{"bytes", read_to_ - line_begin_ - 1}});
    return true;
  }
  if (std::exchange(joining_, false)
      && !is_whole_object(line_text(block, block_begin))) {
    context_.log.write(log_level::warn, loggers::conversation,
                       "half_line_dropped",
                       {{"bytes", read_to_ - line_begin_}});
    return true;
  }
  if (!line.is_object && !is_blank_line(line_text(block, block_begin)))
    context_.log.write(log_level::warn, loggers::conversation,
                       "claude_output_not_json",
                       {{"bytes", read_to_ - line_begin_ - 1}});
  if (comes_too_late(line)) {
    context_.log.write(log_level::warn, loggers::conversation,
                       "late_result_dropped",
                       {{"uuid", line.user_message_uuids.front()}});
    return true;
  }
  return line.type == "control_response" && own_request(line.request_id);
}

// The line without its LF. It may have begun in an earlier block.
std::string dialogue::line_text(std::string_view block,
                                std::uint64_t block_begin) const {
  if (line_begin_ < block_begin)
    return text_in(logs_.events, line_begin_, read_to_ - 1);
  return std::string{
    block.substr(line_begin_ - block_begin, read_to_ - 1 - line_begin_)};
}

// An earlier agent failed these prompts, and was killed before it had ended
// Claude.
bool dialogue::comes_too_late(const codec::envelope& line) const {
  const auto& uuids = line.user_message_uuids;
  return line.type == "result" && !uuids.empty() && !failed_before_.empty()
         && std::all_of(uuids.begin(), uuids.end(), [this](const auto& uuid) {
              return failed_before_.contains(trace_id_of(uuid));
            });
}

void dialogue::take_line(const codec::envelope& line, std::string_view block,
                         std::uint64_t block_begin) {
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
    take_system(line, line_text(block, block_begin));
  else if (line.type == "control_request")
    begin_request(line.request_id, line_text(block, block_begin));
  else if (line.type == "control_cancel_request")
    end_request(line.request_id);
  else if (line.type == "control_response")
    take_response(line);
}

void dialogue::take_result(const codec::envelope& result) {
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
  // A Claude Code without `command_lifecycle` does not name the prompts that it
  // answers, so turns end in the order of their prompts. One that has just
  // begun may not have sent any `command_lifecycle` yet, and end a task first.
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
  for (const auto& uuid : uuids)
    if (const auto* p = prompts_.find_in_flight(uuid))
      close(std::string{p->uuid});
  interrupted_ = interrupted_ && !prompts_.in_flight().empty();
  start_prompts();
}

// Tokens are the turn's; dollars are the total of the process so far.
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
  auto* p = prompts_.find_in_flight(event.command_uuid);
  if (p == nullptr)
    return;
  if (event.state == "queued" || event.state == "started") {
    p->started = true;
    return;
  }
  // A turn that ran has named its prompts in a `result` before this.
  end_without_result(*p, event.state);
}

void dialogue::take_replay(const codec::envelope& replay) {
  // This answers a prompt that the same process has finished before, and
  // nothing more will come for it. A prompt that is running was reported as
  // started.
  auto* p = prompts_.find_in_flight(replay.uuid);
  if (p == nullptr || p->started || !lifecycle_known_)
    return;
  end_without_result(*p, "completed");
}

// Everything before this was read, and is no longer needed to continue.
void dialogue::write_checkpoint() {
  checkpoint_ = logs_.events.end();
  checkpoint_given_ = logs_.to_child.end();
  logs_.events.append(codec::checkpoint_record(
    {context_.clock.now(), checkpoint_}, codec::text_of(kept())));
  if (logs_.note_checkpoint && logs_.events.owed() == 0)
    logs_.note_checkpoint(checkpoint_);
  checkpoint_due_ = logs_.events.end() + config_.checkpoint_distance;
}

} // namespace container_agent
