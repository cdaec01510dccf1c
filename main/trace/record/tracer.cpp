#include "main/trace/record/tracer.hpp"

#include "main/trace/record/message_types.hpp"
#include "messages/errors.hpp"
#include "messages/payloads.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/error.hpp>
#include <caf/exit_reason.hpp>
#include <caf/invoke_message_result.hpp>
#include <caf/local_actor.hpp>
#include <caf/mailbox_element.hpp>

#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace container_agent::runtime {

namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using what = trace_note::what;

// Somebody may have wanted it.
bool is_failure(const caf::error& reason) {
  return reason && reason != caf::exit_reason::user_shutdown
         && !is(reason, agent_error::child_renewed);
}

std::uint32_t short_id(caf::actor_id id) {
  return static_cast<std::uint32_t>(id);
}

} // namespace

tracer::tracer(tracer_config config, message_hook* next)
  : config_{std::move(config)},
    next_{next},
    clock_{config_.now},
    history_{config_.ring},
    notes_{std::make_unique_for_overwrite<trace_note[]>(most_notes)} {
  header_.version = config_.version;
  header_.pid = ::getpid();
  header_.epoch_us = duration_cast<microseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  header_.ring = config_.ring;
}

tracer::~tracer() = default;

// -- notes --------------------------------------------------------------------

trace_note& tracer::begin(what kind) {
  if (note_count_ == most_notes)
    settle();
  auto& note = notes_[note_count_++];
  note.kind = kind;
  note.at = clock_.read();
  return note;
}

void tracer::end() {
  if (!config_.when_idle)
    return settle();
  if (std::exchange(*planned_, true))
    return;
  config_.when_idle([this, alive = std::weak_ptr<bool>{planned_}] {
    if (alive.expired())
      return;
    *planned_ = false;
    settle();
  });
}

void tracer::settle() {
  if (std::exchange(settling_, true))
    return; // a crash in the midst of it asks for what there is
  clock_.settle();
  for (std::size_t i = 0; i < note_count_; ++i) {
    notes_[i].at = clock_.time_of(notes_[i].at);
    history_.add(notes_[i]);
  }
  note_count_ = 0;
  settling_ = false;
}

// -- what happens -------------------------------------------------------------

void tracer::sent(const caf::local_actor& receiver,
                  const caf::mailbox_element& message) {
  if (next_ != nullptr)
    next_->sent(receiver, message);
  auto& note = begin(what::sent);
  note.alive = !receiver.getf(caf::abstract_actor::is_terminated_flag)
               && !receiver.getf(caf::abstract_actor::is_cleaned_up_flag);
  note.message = &message;
  note.to = receiver.name();
  note.to_id = short_id(receiver.id());
  put_sender(note, message);
  const auto& content = message.content();
  const auto& type = type_of(content, receiver.home_system());
  note.type = &type;
  note.summary = {};
  if (type.summarise != nullptr)
    type.summarise(content, note.summary);
  note.prompt = type.prompt == nullptr ? trace_id{} : type.prompt(content);
  end();
}

// Names are literals, so also one that has ended meanwhile has its name.
void tracer::put_sender(trace_note& note, const caf::mailbox_element& message) {
  note.from_id = 0;
  note.from = nullptr;
  if (!message.sender)
    return;
  auto* sender = caf::actor_cast<caf::abstract_actor*>(message.sender);
  note.from_id = short_id(sender->id());
  note.from
    = sender == running_ ? running_->name() : history_.name_of(note.from_id);
  if (note.from == nullptr)
    if (auto* local = dynamic_cast<const caf::local_actor*>(sender))
      note.from = local->name();
}

void tracer::before(const caf::local_actor& receiver,
                    const caf::mailbox_element& message) {
  begin(what::taken).message = &message;
  end();
  running_ = &receiver;
  if (next_ != nullptr)
    next_->before(receiver, message);
}

void tracer::after(const caf::local_actor& receiver,
                   caf::invoke_message_result outcome) {
  if (next_ != nullptr)
    next_->after(receiver, outcome);
  running_ = nullptr;
  begin(outcome == caf::invoke_message_result::skipped ? what::skipped
                                                       : what::handled);
  end();
}

void tracer::concerns(const trace_id& prompt) {
  begin(what::concerns).prompt = prompt;
  end();
}

void tracer::threw(const caf::local_actor& receiver) {
  if (next_ != nullptr)
    next_->threw(receiver);
  running_ = nullptr;
  begin(what::failed);
  end();
}

void tracer::ended(const caf::local_actor& receiver, const caf::error& reason) {
  if (next_ != nullptr)
    next_->ended(receiver, reason);
  auto& note = begin(what::ended);
  note.to = receiver.name();
  note.to_id = short_id(receiver.id());
  note.outcome
    = is_failure(reason) ? trace_outcome::failed : trace_outcome::handled;
  // Only the kind: an error's text may quote what people wrote.
  auto text = reason ? kind_of(reason) : std::string{"normal"};
  auto& summary = note.summary;
  summary = {};
  text.resize(std::min(text.size(), message_summary::max_text));
  summary.text_size = static_cast<std::uint8_t>(text.size());
  std::memcpy(summary.text.data(), text.data(), text.size());
  end();
}

void tracer::timer_set(const caf::actor_control_block& receiver,
                       const caf::mailbox_element& message,
                       std::chrono::nanoseconds delay) {
  auto& note = begin(what::timer);
  note.message = &message;
  note.to_id = short_id(receiver.id());
  note.type = &type_of(message.content(), *receiver.home_system);
  note.amount = delay.count();
  end();
}

void tracer::bytes_moved(trace_port port, bool outward, std::uint64_t count) {
  auto& note = begin(what::bytes);
  note.port = port;
  note.outward = outward;
  note.amount = static_cast<std::int64_t>(count);
  end();
}

// -- who looks at it ----------------------------------------------------------

void tracer::add(trace_sink& sink) {
  settle();
  history_.add(sink);
}

void tracer::remove(trace_sink& sink) {
  settle();
  history_.remove(sink);
}

void tracer::visit(const visitor& look) {
  settle();
  history_.visit(look);
}

trace_counts tracer::counts() {
  settle();
  return history_.counts();
}

} // namespace container_agent::runtime
