#include "main/trace/record/trace_history.hpp"

#include "main/trace/record/message_types.hpp"

#include <ratio>
#include <type_traits>

namespace container_agent::runtime {

// Nothing has to run for the ring's events to begin or to end: memory that no
// event has come to is never touched.
static_assert(std::is_trivially_copyable_v<
                trace_event> && std::is_trivially_destructible_v<trace_event>);

trace_history::trace_history(std::size_t ring)
  : ring_length_{ring},
    ring_{
      static_cast<trace_event*>(::operator new(ring * sizeof(trace_event)))} {}

void trace_history::add(const trace_note& note) {
  using what = trace_note::what;
  switch (note.kind) {
    case what::sent: return add_sent(note);
    case what::taken: return add_taken(note);
    case what::handled: return close(note, trace_outcome::handled);
    case what::skipped: return add_skipped(note);
    case what::failed: return close(note, trace_outcome::failed);
    case what::concerns: return add_concern(note);
    case what::ended: return add_ended(note);
    case what::timer: return add_timer(note);
    case what::bytes: return add_bytes(note);
  }
}

// -- messages -----------------------------------------------------------------

void trace_history::add_sent(const trace_note& note) {
  // It is there before what it is sent.
  auto* actor = note.alive ? &meet(note) : nullptr;
  auto slot = take_slot();
  auto& event = slots_[slot];
  begin(event, trace_kind::message, note);
  event.to = note.to;
  event.to_id = note.to_id;
  event.from_id = note.from_id;
  event.from = note.from;
  event.type = note.type->name;
  event.summary = note.summary;
  count(*note.type);
  attribute(event, note);
  if (actor == nullptr)
    return complete(slot, trace_outcome::undelivered);
  event.depth = ++actor->depth;
  on_their_way_.insert_or_assign(note.message, slot);
}

void trace_history::count(const message_type& type) {
  if (type.number >= messages_.size())
    messages_.resize(type.number + 1, {"", 0});
  messages_[type.number].first = type.name;
  ++messages_[type.number].second;
}

// Slots are used again: nothing is allocated once there are as many as there
// are messages at a time.
std::uint32_t trace_history::take_slot() {
  if (free_slots_.empty()) {
    slots_.emplace_back();
    return static_cast<std::uint32_t>(slots_.size() - 1);
  }
  auto slot = free_slots_.back();
  free_slots_.pop_back();
  return slot;
}

void trace_history::attribute(trace_event& event, const trace_note& note) {
  const auto& type = *note.type;
  auto caused_by = [&event](const origin& x) {
    event.cause = x.number;
    event.prompt = x.prompt;
  };
  if (auto timer = timers_.find(note.message); timer != timers_.end()) {
    caused_by(timer->second);
    timers_.erase(timer);
  } else if (running_ == nullptr && note.from_id != 0
             && note.from_id == ended_id_) {
    caused_by(ended_);
  } else if (running_ == nullptr) {
    event.cause = take_waking(type);
  }
  if (type.is_new)
    event.prompt = {};
  if (note.prompt) {
    event.prompt = note.prompt;
    add_concern(note);
    if (type.tells_claude)
      turn_ = note.prompt;
  } else if (type.from_claude) {
    event.prompt = turn_;
  }
}

// The bytes because of which an actor is told to look.
std::uint64_t trace_history::take_waking(const message_type& type) {
  std::uint64_t result = 0;
  for (std::size_t i = 0; i < last_moved_.size(); ++i)
    if ((type.woken_by >> i & 1U) != 0)
      result = std::max(result, std::exchange(last_moved_[i], 0));
  return result;
}

void trace_history::add_taken(const trace_note& note) {
  auto i = on_their_way_.find(note.message);
  if (i == on_their_way_.end())
    return;
  running_key_ = note.message;
  running_slot_ = i->second;
  running_ = &slots_[running_slot_];
  auto& event = *running_;
  event.taken = note.at;
  event.outcome = trace_outcome::running;
  counts_.waits.add(static_cast<double>(event.taken - event.sent)
                    / std::nano::den);
}

// It stays in the mailbox, and will be taken up again.
void trace_history::add_skipped(const trace_note& note) {
  if (running_ == nullptr)
    return;
  auto& event = *running_;
  event.done = note.at;
  event.outcome = trace_outcome::skipped;
  finish(event);
  event.taken = event.done = -1;
  event.outcome = trace_outcome::queued;
  running_ = nullptr;
}

void trace_history::add_concern(const trace_note& note) {
  if (running_ != nullptr && !running_->prompt)
    running_->prompt = note.prompt;
}

void trace_history::close(const trace_note& note, trace_outcome outcome) {
  if (running_ == nullptr)
    return;
  running_->done = note.at;
  if (auto* actor = find(running_->to_id)) {
    --actor->depth;
    actor->last = running_->number;
    actor->prompt = running_->prompt;
  }
  running_ = nullptr;
  on_their_way_.erase(running_key_);
  complete(running_slot_, outcome);
}

void trace_history::complete(std::uint32_t slot, trace_outcome outcome) {
  auto& event = slots_[slot];
  event.outcome = outcome;
  finish(event);
  free_slots_.push_back(slot);
}

// -- everything else ----------------------------------------------------------

trace_history::live_actor* trace_history::find(std::uint32_t id) {
  auto i = std::find_if(actors_.begin(), actors_.end(),
                        [&](const live_actor& a) { return a.id == id; });
  return i == actors_.end() ? nullptr : &*i;
}

const char* trace_history::name_of(std::uint32_t actor) {
  const auto* known = find(actor);
  return known == nullptr ? nullptr : known->name;
}

trace_history::live_actor& trace_history::meet(const trace_note& note) {
  if (auto* known = find(note.to_id))
    return *known;
  trace_event event;
  begin(event, trace_kind::spawn, note);
  event.to = note.to;
  event.to_id = note.to_id;
  event.depth = ++incarnations_[event.to];
  finish(event);
  return actors_.emplace_back(live_actor{note.to_id, event.to});
}

// In the order of its sending, wherever in memory it is.
void trace_history::give_up_mail(std::uint32_t receiver) {
  std::vector<std::uint32_t> unread;
  boost::unordered::erase_if(on_their_way_, [&](const auto& item) {
    const auto& waiting = slots_[item.second];
    if (waiting.to_id != receiver || &waiting == running_)
      return false;
    unread.push_back(item.second);
    return true;
  });
  std::sort(unread.begin(), unread.end(), [this](auto a, auto b) {
    return slots_[a].number < slots_[b].number;
  });
  for (auto slot : unread)
    complete(slot, trace_outcome::undelivered);
}

void trace_history::add_ended(const trace_note& note) {
  auto id = note.to_id;
  const auto* known = find(id);
  if (known == nullptr)
    return;
  origin last{known->last, known->prompt};
  give_up_mail(id);
  trace_event event;
  begin(event, trace_kind::end, note);
  if (running_ == nullptr) {
    event.cause = last.number;
    event.prompt = last.prompt;
  }
  ended_id_ = id;
  ended_ = {event.number, event.prompt};
  event.to = note.to;
  event.to_id = id;
  event.outcome = note.outcome;
  event.summary = note.summary;
  finish(event);
  std::erase_if(actors_, [&](const live_actor& a) { return a.id == id; });
  if (event.outcome == trace_outcome::failed && on_failure_)
    on_failure_(event.to);
}

void trace_history::add_timer(const trace_note& note) {
  trace_event event;
  begin(event, trace_kind::timer, note);
  event.done = event.sent + note.amount;
  event.to_id = note.to_id;
  event.to = name_of(note.to_id);
  event.type = note.type->name;
  timers_.insert_or_assign(note.message, origin{event.number, event.prompt});
  finish(event);
}

void trace_history::add_bytes(const trace_note& note) {
  trace_event event;
  begin(event, trace_kind::bytes, note);
  event.port = note.port;
  event.outward = note.outward;
  event.size = static_cast<std::uint64_t>(note.amount);
  auto place = static_cast<std::size_t>(note.port);
  last_moved_[place] = event.number;
  auto& moved = counts_.bytes[place];
  (note.outward ? moved.out : moved.in) += event.size;
  finish(event);
}

// -- the ring and the sinks ---------------------------------------------------

void trace_history::begin(trace_event& event, trace_kind kind,
                          const trace_note& note) {
  event = {};
  event.kind = kind;
  event.number = ++last_number_;
  event.sent = note.at;
  event.taken = event.done = -1;
  event.type = "";
  if (running_ != nullptr) {
    event.cause = running_->number;
    event.prompt = running_->prompt;
  }
}

void trace_history::finish(const trace_event& event) {
  if (ring_length_ > 0) {
    ring_[ring_next_] = event;
    ring_next_ = ring_next_ + 1 == ring_length_ ? 0 : ring_next_ + 1;
    ring_size_ = std::min(ring_size_ + 1, ring_length_);
  }
  for (auto* sink : sinks_)
    sink->write(event);
}

trace_counts trace_history::counts() const {
  auto result = counts_;
  result.events = last_number_;
  for (const auto& [type, count] : messages_)
    if (count > 0)
      result.messages.emplace_back(type, count);
  std::sort(result.messages.begin(), result.messages.end());
  return result;
}

void trace_history::visit(const visitor& look) const {
  auto first = ring_size_ < ring_length_ ? 0 : ring_next_;
  for (std::size_t i = 0; i < ring_size_; ++i)
    look(ring_[(first + i) % ring_length_]);
  for (const auto& [key, slot] : on_their_way_)
    look(slots_[slot]);
}

} // namespace container_agent::runtime
