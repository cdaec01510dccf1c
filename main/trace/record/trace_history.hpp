#pragma once

#include "main/trace/record/trace_event.hpp"
#include "main/trace/record/trace_note.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <caf/fwd.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace container_agent::runtime {

/// Takes finished events. Called in the middle of everything: must not throw,
/// wait, or send.
class trace_sink {
public:
  virtual ~trace_sink() = default;

  /// The event is valid during the call only.
  virtual void write(const trace_event& event) = 0;
};

/// What has passed since the tracer was made.
struct trace_counts {
  /// Between actors, by type.
  std::vector<std::pair<std::string_view, std::uint64_t>> messages;
  std::uint64_t events = 0;
  std::uint64_t dropped = 0; ///< events that sinks have left out

  struct moved {
    std::uint64_t in = 0;
    std::uint64_t out = 0;
  };
  std::array<moved, 6> bytes{}; ///< by `trace_port`

  /// How long messages waited for their handlers: what the loop's other work
  /// costs them.
  struct waiting {
    static constexpr std::array bounds{1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0};
    std::array<std::uint64_t, bounds.size() + 1> counts{}; ///< last: above
    double sum = 0; ///< seconds, as the bounds

    void add(double seconds) {
      auto range = std::lower_bound(bounds.begin(), bounds.end(), seconds);
      ++counts[static_cast<std::size_t>(range - bounds.begin())];
      sum += seconds;
    }
  } waits;
};

/// Makes events of notes, in the order in which they were taken: finds out what
/// caused what and which prompt it belongs to, keeps the last events in a ring
/// and hands each to the sinks when it is complete.
class trace_history {
public:
  /// `ring`: events that are kept.
  explicit trace_history(std::size_t ring);

  void add(const trace_note& note);

  /// The name of an actor that has got a message and has not ended; else null.
  const char* name_of(std::uint32_t actor);

  /// Called after an actor has failed, with its name.
  void on_failure(std::function<void(const char* actor)> notify) {
    on_failure_ = std::move(notify);
  }

  void add(trace_sink& sink) { sinks_.push_back(&sink); }
  void remove(trace_sink& sink) { std::erase(sinks_, &sink); }

  using visitor = std::function<void(const trace_event&)>;

  /// The ring's events, oldest first, then what is under way. Allocates
  /// nothing.
  void visit(const visitor& look) const;

  void note_dropped(std::uint64_t events) { counts_.dropped += events; }

  trace_counts counts() const;

private:
  struct live_actor {
    std::uint32_t id;
    const char* name;
    std::uint32_t depth = 0;
    std::uint64_t last = 0; ///< message that it has taken, and whose it was
    trace_id prompt{};
  };

  /// What brought something about that has no handler to be seen in.
  struct origin {
    std::uint64_t number = 0;
    trace_id prompt{};
  };

  void add_sent(const trace_note& note);
  void add_taken(const trace_note& note);
  void add_skipped(const trace_note& note);
  void add_concern(const trace_note& note);
  void add_ended(const trace_note& note);
  void add_timer(const trace_note& note);
  void add_bytes(const trace_note& note);

  void give_up_mail(std::uint32_t receiver);
  live_actor* find(std::uint32_t id);
  live_actor& meet(const trace_note& note);
  void begin(trace_event& event, trace_kind kind, const trace_note& note);
  std::uint32_t take_slot();
  void count(const message_type& type);
  void attribute(trace_event& event, const trace_note& note);
  std::uint64_t take_waking(const message_type& type);
  void complete(std::uint32_t slot, trace_outcome outcome);
  void finish(const trace_event& event);
  void close(const trace_note& note, trace_outcome outcome);

  std::uint64_t last_number_ = 0;
  trace_counts counts_;
  std::vector<std::pair<const char*, std::uint64_t>> messages_; // by number

  // A ring; slots are not touched before their first use.
  struct raw_memory {
    void operator()(trace_event* memory) const { ::operator delete(memory); }
  };
  std::size_t ring_length_;
  std::unique_ptr<trace_event[], raw_memory> ring_;
  std::size_t ring_size_ = 0;
  std::size_t ring_next_ = 0;

  std::vector<live_actor> actors_;
  std::map<std::string_view, std::uint32_t> incarnations_;

  // By message, where in `slots_` its event is.
  boost::unordered_flat_map<const caf::mailbox_element*, std::uint32_t>
    on_their_way_;
  std::deque<trace_event> slots_; // stay where they are when more are made
  std::vector<std::uint32_t> free_slots_;
  boost::unordered_flat_map<const caf::mailbox_element*, origin> timers_;
  std::uint32_t ended_id_ = 0; // the actor that has ended last
  origin ended_;
  const caf::mailbox_element* running_key_ = nullptr;
  trace_event* running_ = nullptr;
  std::uint32_t running_slot_ = 0;
  std::array<std::uint64_t, 6> last_moved_{}; // numbers of bytes events
  trace_id turn_;                             // what Claude was told last

  std::vector<trace_sink*> sinks_;
  std::function<void(const char*)> on_failure_;
};

} // namespace container_agent::runtime
