#include "main/runtime/trace/tracer.hpp"

#include "main/runtime/trace/message_types.hpp"
#include "messages/errors.hpp"
#include "messages/payloads.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/error.hpp>
#include <caf/exit_reason.hpp>
#include <caf/local_actor.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/sec.hpp>

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <ratio>
#include <type_traits>
#include <utility>

namespace container_agent::runtime {

namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::nanoseconds;

// Somebody may have wanted it.
bool is_failure(const caf::error& reason) {
  return reason && reason != caf::exit_reason::user_shutdown
         && !is(reason, agent_error::child_renewed);
}

} // namespace

// Nothing has to run for the ring's events to begin or to end: memory that no
// event has come to is never touched.
static_assert(std::is_trivially_copyable_v<
                trace_event> && std::is_trivially_destructible_v<trace_event>);

tracer::tracer(tracer_config config, message_hook* next)
  : config_{std::move(config)}, next_{next} {
  start_ = clock_now();
  header_.version = config_.version;
  header_.pid = ::getpid();
  header_.epoch_us = duration_cast<microseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  header_.ring = config_.ring;
  header_.payloads = config_.payloads;
  ring_.reset(static_cast<trace_event*>(
    ::operator new(config_.ring * sizeof(trace_event))));
  if (config_.payloads)
    payloads_.resize(config_.ring);
}

tracer::~tracer() = default;

std::chrono::steady_clock::time_point tracer::clock_now() const {
  return config_.now ? config_.now() : std::chrono::steady_clock::now();
}

trace_time tracer::now() const {
  return nanoseconds{clock_now() - start_}.count();
}

// -- messages -----------------------------------------------------------------

void tracer::sent(const caf::local_actor& receiver,
                  const caf::mailbox_element& message) {
  if (next_ != nullptr)
    next_->sent(receiver, message);
  auto alive = !receiver.getf(caf::abstract_actor::is_terminated_flag)
               && !receiver.getf(caf::abstract_actor::is_cleaned_up_flag);
  // It is there before what it is sent.
  auto* actor = alive ? &meet(receiver) : nullptr;
  auto slot = take_slot();
  auto& event = slots_[slot].event;
  begin(event, trace_kind::message);
  event.to = receiver.name();
  event.to_id = static_cast<std::uint32_t>(receiver.id());
  if (message.sender) {
    event.from_id = static_cast<std::uint32_t>(message.sender->id());
    event.from = name_of(message.sender);
  }
  const auto& type = type_of(message.content(), receiver.home_system());
  if (type.number >= messages_.size())
    messages_.resize(type.number + 1, {"", 0});
  messages_[type.number].first = type.name;
  ++messages_[type.number].second;
  event.type = type.name;
  if (type.summarise != nullptr)
    type.summarise(message.content(), event.summary);
  attribute(event, type, message);
  if (config_.payloads && type.text != nullptr) {
    auto& payload = slots_[slot].payload;
    payload = type.text(message.content());
    if (config_.redact)
      payload = config_.redact(payload);
    payload.resize(std::min(payload.size(), max_trace_payload));
  }
  if (!alive)
    return complete(slot, trace_outcome::undelivered);
  event.depth = ++actor->depth;
  on_their_way_.insert_or_assign(&message, slot);
}

// Slots are used again: nothing is allocated once there are as many as there
// are messages at a time.
std::uint32_t tracer::take_slot() {
  if (free_slots_.empty()) {
    slots_.emplace_back();
    return static_cast<std::uint32_t>(slots_.size() - 1);
  }
  auto slot = free_slots_.back();
  free_slots_.pop_back();
  return slot;
}

void tracer::attribute(trace_event& event, const message_type& type,
                       const caf::mailbox_element& message) {
  auto caused_by = [&event](const origin& x) {
    event.cause = x.number;
    event.prompt = x.prompt;
  };
  if (auto timer = timers_.find(&message); timer != timers_.end()) {
    caused_by(timer->second);
    timers_.erase(timer);
  } else if (running_ == nullptr && message.sender
             && message.sender->id() == ended_id_) {
    caused_by(ended_);
  } else if (running_ == nullptr) {
    event.cause = take_waking(type);
  }
  if (type.is_new)
    event.prompt = {};
  trace_id own{};
  if (type.prompt != nullptr)
    own = type.prompt(message.content());
  if (own) {
    event.prompt = own;
    if (running_ != nullptr && !running_->event.prompt)
      running_->event.prompt = own;
    if (type.tells_claude)
      turn_ = own;
  } else if (type.from_claude) {
    event.prompt = turn_;
  }
}

// The bytes because of which an actor is told to look.
std::uint64_t tracer::take_waking(const message_type& type) {
  std::uint64_t result = 0;
  for (std::size_t i = 0; i < last_moved_.size(); ++i)
    if ((type.woken_by >> i & 1U) != 0)
      result = std::max(result, std::exchange(last_moved_[i], 0));
  return result;
}

void tracer::before(const caf::local_actor& receiver,
                    const caf::mailbox_element& message) {
  if (auto i = on_their_way_.find(&message); i != on_their_way_.end()) {
    running_key_ = &message;
    running_slot_ = i->second;
    running_ = &slots_[running_slot_];
    running_->event.taken = now();
    counts_.waits.add(
      static_cast<double>(running_->event.taken - running_->event.sent)
      / std::nano::den);
    running_->event.outcome = trace_outcome::running;
  }
  if (next_ != nullptr)
    next_->before(receiver, message);
}

void tracer::after(const caf::local_actor& receiver,
                   caf::invoke_message_result outcome) {
  if (next_ != nullptr)
    next_->after(receiver, outcome);
  if (running_ == nullptr)
    return;
  if (outcome != caf::invoke_message_result::skipped)
    return close(trace_outcome::handled);
  // It stays in the mailbox, and will be taken up again.
  auto& event = running_->event;
  event.done = now();
  event.outcome = trace_outcome::skipped;
  finish(event, running_->payload);
  event.taken = event.done = -1;
  event.outcome = trace_outcome::queued;
  running_ = nullptr;
}

void tracer::concerns(const trace_id& prompt) {
  if (running_ != nullptr && !running_->event.prompt)
    running_->event.prompt = prompt;
}

void tracer::threw(const caf::local_actor& receiver) {
  if (next_ != nullptr)
    next_->threw(receiver);
  if (running_ != nullptr)
    close(trace_outcome::failed);
}

void tracer::close(trace_outcome outcome) {
  running_->event.done = now();
  if (auto* actor = find(running_->event.to_id)) {
    --actor->depth;
    actor->last = running_->event.number;
    actor->prompt = running_->event.prompt;
  }
  running_ = nullptr;
  on_their_way_.erase(running_key_);
  complete(running_slot_, outcome);
}

void tracer::complete(std::uint32_t slot, trace_outcome outcome) {
  auto& item = slots_[slot];
  item.event.outcome = outcome;
  finish(item.event, item.payload);
  item.payload.clear();
  free_slots_.push_back(slot);
}

// -- everything else ----------------------------------------------------------

tracer::live_actor* tracer::find(caf::actor_id id) {
  auto i = std::find_if(actors_.begin(), actors_.end(),
                        [&](const live_actor& a) { return a.id == id; });
  return i == actors_.end() ? nullptr : &*i;
}

// Names are literals, so also one that has ended meanwhile has its name.
const char* tracer::name_of(const caf::strong_actor_ptr& actor) {
  if (auto* known = find(actor->id()))
    return known->name;
  auto* object = caf::actor_cast<caf::abstract_actor*>(actor);
  auto* local = dynamic_cast<const caf::local_actor*>(object);
  return local == nullptr ? nullptr : local->name();
}

tracer::live_actor& tracer::meet(const caf::local_actor& actor) {
  if (auto* known = find(actor.id()))
    return *known;
  trace_event event;
  begin(event, trace_kind::spawn);
  event.to = actor.name();
  event.to_id = static_cast<std::uint32_t>(actor.id());
  event.depth = ++incarnations_[event.to];
  finish(event);
  return actors_.emplace_back(live_actor{actor.id(), event.to});
}

void tracer::ended(const caf::local_actor& actor, const caf::error& reason) {
  if (next_ != nullptr)
    next_->ended(actor, reason);
  auto id = actor.id();
  const auto* known = find(id);
  if (known == nullptr)
    return;
  origin last{known->last, known->prompt};
  boost::unordered::erase_if(on_their_way_, [&](const auto& item) {
    auto& waiting = slots_[item.second];
    if (waiting.event.to_id != id || &waiting == running_)
      return false;
    complete(item.second, trace_outcome::undelivered);
    return true;
  });
  trace_event event;
  begin(event, trace_kind::end);
  if (running_ == nullptr) {
    event.cause = last.number;
    event.prompt = last.prompt;
  }
  ended_id_ = id;
  ended_ = {event.number, event.prompt};
  event.to = actor.name();
  event.to_id = static_cast<std::uint32_t>(id);
  auto failed = is_failure(reason);
  event.outcome = failed ? trace_outcome::failed : trace_outcome::handled;
  // Only the kind: an error's text may quote what people wrote.
  auto text = reason ? kind_of(reason) : std::string{"normal"};
  text.resize(std::min(text.size(), message_summary::max_text));
  event.summary.text_size = static_cast<std::uint8_t>(text.size());
  std::memcpy(event.summary.text.data(), text.data(), text.size());
  finish(event);
  std::erase_if(actors_, [&](const live_actor& a) { return a.id == id; });
  if (failed && on_failure_)
    on_failure_(event.to);
}

void tracer::timer_set(const caf::actor_control_block& receiver,
                       const caf::mailbox_element& message,
                       std::chrono::nanoseconds delay) {
  trace_event event;
  begin(event, trace_kind::timer);
  event.done = event.sent + delay.count();
  event.to_id = static_cast<std::uint32_t>(receiver.id());
  if (auto* actor = find(receiver.id()))
    event.to = actor->name;
  event.type = type_of(message.content(), *receiver.home_system).name;
  timers_.insert_or_assign(&message, origin{event.number, event.prompt});
  finish(event);
}

void tracer::bytes_moved(trace_port port, bool outward, std::uint64_t count) {
  trace_event event;
  begin(event, trace_kind::bytes);
  event.port = port;
  event.outward = outward;
  event.size = count;
  auto place = static_cast<std::size_t>(port);
  last_moved_[place] = event.number;
  auto& moved = counts_.bytes[place];
  (outward ? moved.out : moved.in) += count;
  finish(event);
}

// -- the ring and the sinks ---------------------------------------------------

void tracer::begin(trace_event& event, trace_kind kind) {
  event = {};
  event.kind = kind;
  event.number = ++last_number_;
  event.sent = now();
  event.taken = event.done = -1;
  event.type = "";
  if (running_ != nullptr) {
    event.cause = running_->event.number;
    event.prompt = running_->event.prompt;
  }
}

void tracer::finish(const trace_event& event, std::string_view payload) {
  if (config_.ring > 0) {
    ring_[ring_next_] = event;
    if (config_.payloads)
      payloads_[ring_next_] = payload;
    ring_next_ = ring_next_ + 1 == config_.ring ? 0 : ring_next_ + 1;
    ring_size_ = std::min(ring_size_ + 1, config_.ring);
  }
  for (auto* sink : sinks_)
    sink->take(event, payload);
}

trace_counts tracer::counts() const {
  auto result = counts_;
  result.events = last_number_;
  for (const auto& [type, count] : messages_)
    if (count > 0)
      result.messages.emplace_back(type, count);
  std::sort(result.messages.begin(), result.messages.end());
  return result;
}

void tracer::add(trace_sink& sink) {
  sinks_.push_back(&sink);
}

void tracer::remove(trace_sink& sink) {
  std::erase(sinks_, &sink);
}

void tracer::visit(const visitor& look) const {
  auto first = ring_size_ < config_.ring ? 0 : ring_next_;
  for (std::size_t i = 0; i < ring_size_; ++i) {
    auto slot = (first + i) % config_.ring;
    look(ring_[slot], config_.payloads ? payloads_[slot] : std::string_view{});
  }
  for (const auto& [key, slot] : on_their_way_)
    look(slots_[slot].event, slots_[slot].payload);
}

} // namespace container_agent::runtime
