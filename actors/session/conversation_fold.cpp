#include "actors/session/conversation_fold.hpp"

#include "actors/memory/host_settings.hpp"
#include "messages/codec/claude_details.hpp"
#include "messages/codec/envelope.hpp"
#include "messages/codec/input_message.hpp"
#include "messages/codec/json_reader.hpp"
#include "messages/trace_id.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace container_agent {

namespace {

using codec::envelope;

bool is_own(std::string_view id) {
  return id.starts_with(codec::own_request_prefix);
}

// A file system may leave zeros after a crash of the machine. JSON has none.
bool has_zeros(std::string_view line) {
  return line.find('\0') != std::string_view::npos;
}

bool is_checkpoint(std::string_view line) {
  return line.starts_with(
    R"({"type":"container_agent","subtype":"checkpoint",)");
}

class fold {
public:
  explicit fold(codec::kept_conversation from) : now_{std::move(from)} {
    recall_settings();
    recall_closed();
    if (now_.pid == 0)
      end_child();
  }

  void take_given(std::string_view text) {
    auto line = codec::read_envelope(text);
    if (line.request_id.starts_with(initialize_prefix()))
      given_to_last_.clear();
    if (line.type == "user") {
      given_.insert(line.uuid);
      given_to_last_.insert(line.uuid);
    }
    if (line.type == "control_response")
      answered_.insert(line.request_id);
    else if (line.type != "user" && !line.type.empty()
             && !is_own(line.request_id))
      note_control(line.request_id, std::string{text});
  }

  /// `at`: the offset of the line.
  void take_event(std::uint64_t at, std::string_view text) {
    auto line = codec::read_envelope(text);
    if (is_left_out(line, text))
      leave_out({at, at + text.size() + 1});
    if (line.type == "container_agent")
      take_record(text);
    else if (line.is_object)
      take_line(line, text);
  }

  codec::kept_conversation result(std::uint64_t to_child) {
    send_controls(controls_.size());
    now_.settings = settings_.all();
    now_.to_child = to_child;
    std::erase_if(now_.open_requests,
                  [this](const auto& r) { return answered_.contains(r.id); });
    // If a prompt failed and was accepted again, the logs do not tell whether
    // an earlier child got it before that. Only what the last child got counts
    // then.
    for (auto& p : now_.prompts) {
      const auto& given
        = accepted_again_.contains(p.uuid) ? given_to_last_ : given_;
      p.sent = std::max(p.sent, given.contains(p.uuid) ? 1U : 0U);
    }
    return std::move(now_);
  }

private:
  // -- what the host has set ------------------------------------------------

  struct control {
    std::string id;
    std::string line;
  };

  void recall_settings() {
    auto open
      = std::partition_point(now_.settings.begin(), now_.settings.end(),
                             [](const auto& s) { return s.acknowledged; });
    settings_.recall({now_.settings.begin(), open});
    for (; open != now_.settings.end(); ++open)
      note_control(open->request_id, open->line);
  }

  // A new Claude is sent again what the last one has not answered, perhaps only
  // the first of it. Such a request counts once, at its first place: the order
  // is the host's.
  void note_control(const std::string& id, std::string line) {
    if (!known_lines_.insert(line).second)
      return;
    last_of_id_[id] = controls_.size();
    controls_.push_back({id, std::move(line)});
  }

  void send_controls(std::size_t end) {
    for (; sent_ < end; ++sent_)
      settings_.sent(controls_[sent_].id, controls_[sent_].line);
  }

  // The only order known between the two logs is that an answer follows its
  // request. It is used here, because otherwise all requests would be open at
  // first, and `host_settings` drops some when there are too many.
  void take_answer(const envelope& line) {
    if (auto i = last_of_id_.find(line.request_id); i != last_of_id_.end())
      send_controls(i->second + 1);
    settings_.answered(line.request_id, line.subtype == "success");
  }

  // -- what the host is not shown -------------------------------------------

  bool is_left_out(const envelope& line, std::string_view text) const {
    if (line.type == "container_agent")
      return is_checkpoint(text);
    if (text.starts_with('{') && !codec::is_whole_object(text))
      return true; // most likely one that was cut
    if (line.type == "control_response")
      return is_own(line.request_id);
    if (!line.is_object)
      return text.starts_with('{'); // its writer died within it
    const auto& uuids = line.user_message_uuids;
    return line.type == "result" && !uuids.empty()
           && std::all_of(uuids.begin(), uuids.end(), [this](const auto& uuid) {
                return failed_.contains(trace_id_of(uuid));
              });
  }

  // Adds a range unless it is known; keeps the order.
  void leave_out(codec::event_range range) {
    auto& all = now_.left_out;
    auto i = std::lower_bound(
      all.begin(), all.end(), range.from,
      [](const auto& r, std::uint64_t from) { return r.from < from; });
    if (i == all.end() || i->from != range.from)
      all.insert(i, range);
  }

  // -- the agent's records ----------------------------------------------------

  void take_record(std::string_view text) {
    auto record = codec::read_record(text);
    if (record.input.to > now_.input) {
      now_.input = record.input.to;
      now_.held_from = record.input.held_from;
    }
    if (record.cut_bytes > 0)
      leave_out({record.cut_from, record.cut_from + record.cut_bytes + 1});
    if (record.subtype == "accepted" && !record.duplicate)
      accept(record);
    else if (record.subtype == "failed")
      fail(record.uuid, record.reason);
    else if (record.subtype == "resent")
      resend(record);
    else if (record.subtype == "continued")
      go_on(record.uuid, record.continue_uuid);
    else if (record.subtype == "session_lost")
      lose_session();
    else if (record.subtype == "ready")
      begin_child(record);
    else if (record.subtype == "claude_exited"
             || (record.subtype == "restarting" && !record.claude_runs))
      end_child();
    else if (record.subtype == "ended")
      end_conversation();
  }

  // `closed` also holds the uuids of open prompts, as the queue remembers them.
  void recall_closed() {
    std::unordered_set<trace_id, trace_id_hash> open;
    for (const auto& p : now_.prompts)
      open.insert(trace_id_of(p.uuid));
    std::erase_if(now_.closed, [&open](const auto& p) {
      return open.contains(trace_id_named(p.uuid));
    });
    for (const auto& p : now_.closed)
      if (!p.failure.empty())
        note_failure(trace_id_named(p.uuid), p.continued_as);
  }

  using prompts = decltype(codec::kept_conversation::prompts);

  // A prompt that has failed may be accepted again.
  void accept(const codec::agent_record& record) {
    auto id = trace_id_of(record.uuid);
    if (failed_.erase(id) > 0) {
      accepted_again_.insert(record.uuid);
      std::erase_if(now_.closed, [&id](const auto& p) {
        return trace_id_named(p.uuid) == id;
      });
    }
    now_.prompts.push_back({.uuid = record.uuid, .input = record.input});
  }

  void fail(const std::string& uuid, const std::string& reason) {
    auto i = std::find_if(now_.prompts.begin(), now_.prompts.end(),
                          [&](const auto& p) { return p.uuid == uuid; });
    if (i == now_.prompts.end())
      return; // a repeated prompt gets the record again
    note_failure(trace_id_of(uuid), i->continued_as);
    close(i, reason);
  }

  void note_failure(trace_id uuid, const std::string& continued_as) {
    failed_.insert(uuid);
    if (!continued_as.empty())
      failed_.insert(trace_id_of(continued_as));
  }

  // Stores the uuid as an id, in one form whatever the host wrote.
  void close(prompts::iterator prompt, const std::string& failure = {}) {
    now_.closed.push_back(
      {to_string(trace_id_of(prompt->uuid)), failure, prompt->continued_as});
    now_.prompts.erase(prompt);
    if (now_.closed.size() > codec::kept_conversation::max_closed)
      now_.closed.pop_front();
  }

  // The record says how often the prompt was sent.
  void resend(const codec::agent_record& record) {
    for (auto& p : now_.prompts)
      if (p.uuid == record.uuid) {
        p.sent = record.attempt + 1;
        p.again = true;
      }
  }

  void go_on(std::string_view uuid, const std::string& as) {
    for (auto& p : now_.prompts)
      if (p.uuid == uuid) {
        p.continued_as = as;
        p.again = p.answering = false;
      }
  }

  // A new session has no prompt to continue.
  void lose_session() {
    now_.session_id.clear();
    now_.anew = true;
    for (auto& p : now_.prompts)
      p.continued_as.clear();
  }

  // A Claude that was taken up continues; any other begins.
  void begin_child(const codec::agent_record& record) {
    if (!record.attached || record.pid != now_.pid)
      end_child();
    now_.ready = true;
    now_.pid = record.pid;
  }

  // Open requests are not cleared here: separate lines cancel them.
  void end_child() {
    for (auto& p : now_.prompts)
      p.begun = false;
    now_.tasks.clear();
    now_.ready = now_.lifecycle = false;
    now_.pid = 0;
  }

  void end_conversation() {
    codec::kept_conversation next;
    next.closed = std::move(now_.closed);
    next.left_out = std::move(now_.left_out);
    next.input = next.held_from = now_.input;
    now_ = std::move(next);
    settings_ = {};
  }

  // -- Claude's lines -------------------------------------------------------

  void take_line(const envelope& line, std::string_view text) {
    if (!line.session_id.empty() && !line.is_error
        && (line.type == "system" || line.type == "command_lifecycle"
            || line.type == "result")) {
      now_.session_id = line.session_id;
      now_.anew = false;
    }
    if (line.type == "assistant")
      note_answering();
    else if (line.type == "result")
      take_result(line);
    else if (line.type == "command_lifecycle")
      take_lifecycle(line);
    else if (line.type == "system")
      take_system(line, text);
    else if (line.type == "control_request")
      now_.open_requests.push_back(
        {line.request_id, codec::read_request_details(text)});
    else if (line.type == "control_cancel_request")
      std::erase_if(now_.open_requests,
                    [&line](const auto& r) { return r.id == line.request_id; });
    else if (line.type == "control_response")
      take_answer(line);
  }

  void note_answering() {
    for (auto& p : now_.prompts)
      p.answering = p.answering || p.begun;
  }

  // Before a child is ready, a `result` is about the session, not about a
  // prompt.
  void take_result(const envelope& line) {
    if (!now_.ready)
      return;
    for (const auto& uuid : line.user_message_uuids)
      close_first([&](const auto& p) { return p.known_as() == uuid; });
    if (line.user_message_uuids.empty() && line.origin.empty()
        && !now_.lifecycle)
      close_first([](const auto&) { return true; });
  }

  // Closes the first match among the prompts that Claude was given.
  template <class Predicate>
  void close_first(Predicate is_it) {
    auto i
      = std::find_if(now_.prompts.begin(), now_.prompts.end(),
                     [&](const auto& p) { return was_given(p) && is_it(p); });
    if (i != now_.prompts.end())
      close(i);
  }

  void take_lifecycle(const envelope& line) {
    now_.lifecycle = true;
    if (line.state == "queued" || line.state == "started")
      for (auto& p : now_.prompts)
        p.begun = p.begun || p.known_as() == line.command_uuid;
  }

  void take_system(const envelope& line, std::string_view text) {
    if (line.subtype == "background_tasks_changed") {
      if (auto ids = codec::read_task_ids(text))
        now_.tasks = std::move(*ids);
    } else if (line.subtype == "status" && !line.permission_mode.empty()
               && now_.ready) {
      settings_.mode_is(line.permission_mode);
    }
  }

  bool was_given(const codec::kept_prompt& p) const {
    return p.sent > 0 || given_.contains(p.uuid);
  }

  codec::kept_conversation now_;
  host_settings settings_;
  std::unordered_set<std::string> given_; // prompts
  std::unordered_set<std::string> given_to_last_;
  std::unordered_set<std::string> accepted_again_;
  std::unordered_set<std::string> answered_;
  std::vector<control> controls_; // from the host, in order
  std::unordered_map<std::string, std::size_t> last_of_id_;
  std::unordered_set<std::string> known_lines_;
  std::size_t sent_ = 0; // of them, known to `settings_`
  std::unordered_set<trace_id, trace_id_hash> failed_; // failed, in `closed`
};

struct checkpoint {
  codec::kept_conversation state;
  std::uint64_t events = 0; // where to continue reading
};

bool begins_checkpoint(const stream_log& events, std::uint64_t at) {
  if (at < events.begin() || at >= events.end())
    return false;
  std::array<char, 64> begin{};
  auto size = events.read(at, begin);
  return is_checkpoint({begin.data(), size});
}

// A checkpoint that can't be read is of another version; then the whole log is
// read.
checkpoint last_checkpoint(const stream_log& events, const stream_log& to_child,
                           std::uint64_t from) {
  checkpoint result;
  result.events = events.begin();
  result.state.to_child = to_child.begin();
  auto at = begins_checkpoint(events, from) ? from : events.begin();
  for_each_line(events, at, [&](std::string_view line) {
    at += line.size() + 1;
    if (!is_checkpoint(line))
      return;
    if (auto state = codec::read_checkpoint(line)) {
      result = {std::move(*state), at};
      result.state.left_out.push_back({at - line.size() - 1, at});
    }
  });
  return result;
}

} // namespace

codec::kept_conversation fold_conversation(const stream_log& events,
                                           const stream_log& to_child,
                                           std::uint64_t* damaged,
                                           std::uint64_t from) {
  auto start = last_checkpoint(events, to_child, from);
  auto given_from = std::max(start.state.to_child, to_child.begin());
  fold all{std::move(start.state)};
  for_each_line(to_child, given_from,
                [&](std::string_view line) { all.take_given(line); });
  auto at = start.events;
  for_each_line(events, at, [&](std::string_view line) {
    if (damaged != nullptr && has_zeros(line))
      ++*damaged;
    all.take_event(at, line);
    at += line.size() + 1;
  });
  return all.result(to_child.end());
}

std::string initialize_prefix() {
  return std::string{codec::own_request_prefix} + "initialize:";
}

} // namespace container_agent
