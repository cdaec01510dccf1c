#include "actors/dialogue.hpp"

#include "messages/codec/line_framer.hpp"

#include <algorithm>
#include <utility>

// What outlives the agent.
namespace container_agent {

void dialogue::restore(const codec::kept_conversation& kept,
                       std::uint64_t output_begin, bool alive) {
  taken_up_ = alive;
  session_ = kept.session_id;
  anew_ = kept.anew;
  // What comes first may be an earlier child's.
  lifecycle_known_ = kept.lifecycle || kept.lifecycle_before;
  lifecycle_reported_ = kept.lifecycle;
  answers_before_ = kept.answers;
  failed_resumes_ = kept.failed_resumes;
  has_settings_ = kept.ready;
  settings_.recall(kept.settings);
  for (const auto& id : kept.open_requests)
    open_requests_.open(id);
  tasks_.set_running(kept.tasks);
  for (const auto& p : kept.closed) {
    prompts_.remember(trace_id_of(p.uuid));
    if (p.result_end == 0) {
      failed_before_.insert(p.continued_as.empty() ? p.uuid : p.continued_as);
      if (!p.failure.empty())
        prompts_.note_failure(trace_id_of(p.uuid), p.failure);
    } else if (p.result_end > output_begin) {
      results_ahead_.push_back(p);
    }
  }
  for (const auto& p : kept.prompts) {
    prompt known{p.uuid, p.line, p.sent, p.begun};
    known.continued_as = p.continued_as;
    known.again = p.again;
    known.answering = p.answering;
    if (p.sent > 0)
      prompts_.push_in_flight(std::move(known));
    else
      prompts_.push(std::move(known));
  }
}

void dialogue::begin_in_line(const std::optional<std::string>& begun) {
  voice_->begin_in_line();
  line_unseen_ = !begun;
  if (!begun)
    return;
  scanner_.feed(*begun);
  half_mark_ = begun->ends_with(codec::cut_line_end.front());
}

// The agent ends, and Claude's FIFO with it.
void dialogue::fail_results_ahead() {
  for (const auto& p : std::exchange(results_ahead_, {}))
    if (p.result_end > answer_end_)
      fail({p.uuid, {}, 0, false}, "result_lost",
           "the agent stopped before the host had the result");
}

// An earlier agent has failed them, and was killed before it had ended Claude.
bool dialogue::comes_too_late(const codec::envelope& line) const {
  const auto& uuids = line.user_message_uuids;
  return line.type == "result" && !uuids.empty() && !failed_before_.empty()
         && std::all_of(uuids.begin(), uuids.end(), [this](const auto& uuid) {
              return failed_before_.contains(uuid);
            });
}

void dialogue::note_begun(prompt& p) {
  if (!std::exchange(p.started, true))
    notes_.begun(p.uuid);
}

// `answer`: the host's line, or empty if Claude itself has ended it.
void dialogue::end_request(const std::string& id, std::string_view answer) {
  if (!open_requests_.close(id))
    return;
  if (answer.empty())
    return notes_.asked(id, {}, 0);
  notes_.asked(id, std::string{answer} + '\n', std::exchange(line_end_, 0));
}

void dialogue::set_session(std::string id, bool anew) {
  session_ = std::move(id);
  anew_ = anew;
  failed_resumes_ = 0;
  notes_.session(session_, anew_, 0);
}

} // namespace container_agent
