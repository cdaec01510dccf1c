#pragma once

#include "actors/message_hook.hpp"
#include "main/runtime/trace/trace_event.hpp"
#include "main/runtime/trace/trace_lines.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <caf/fwd.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace container_agent::runtime {

struct message_type;

/// Takes finished events. Called in the middle of everything: must not throw,
/// wait, or send.
class trace_sink {
public:
  virtual ~trace_sink() = default;

  /// Both are valid during the call only. `payload` is empty unless wanted.
  virtual void take(const trace_event& event, std::string_view payload) = 0;
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

struct tracer_config {
  std::size_t ring = 4096; ///< events that are kept in memory
  bool payloads = false;   ///< with the beginnings of what is said
  std::string version;     ///< of the agent, for headers
  std::function<std::chrono::steady_clock::time_point()> now; ///< for tests

  /// What becomes of a payload before anyone sees it, such as keys left out.
  std::function<std::string(std::string_view)> redact;
};

/// Sees all messages between actors, and what else happens: makes events of
/// it, keeps the last ones in a ring, and hands each to its sinks when it is
/// complete. Does no I/O itself. docs/observability.md says what events mean.
///
/// Which prompt an event belongs to: a message that names one says so itself
/// (`child_input`, `host_output`); others take it from the message that caused
/// them, and what Claude says belongs to what it was told last. A host's line
/// learns it from what its handler sends: only there it becomes a prompt.
class tracer final : public message_hook {
public:
  /// `next` sees everything after the tracer, and may throw; or null.
  tracer(tracer_config config, message_hook* next = nullptr);
  tracer(const tracer&) = delete;
  tracer& operator=(const tracer&) = delete;
  ~tracer() override;

  void sent(const caf::local_actor& receiver,
            const caf::mailbox_element& message) override;
  void before(const caf::local_actor& receiver,
              const caf::mailbox_element& message) override;
  void after(const caf::local_actor& receiver,
             caf::invoke_message_result outcome) override;
  void concerns(const trace_id& prompt) override;
  void threw(const caf::local_actor& receiver) override;
  void ended(const caf::local_actor& receiver,
             const caf::error& reason) override;

  /// A message will be sent to an actor after `delay`.
  void timer_set(const caf::actor_control_block& receiver,
                 const caf::mailbox_element& message,
                 std::chrono::nanoseconds delay);

  /// Bytes were read or, `outward`, written.
  void bytes_moved(trace_port port, bool outward, std::uint64_t count);

  /// `next` sees everything after the tracer, in place of whoever did.
  void follow_with(message_hook& next) { next_ = &next; }

  /// Until `remove`.
  void add(trace_sink& sink);
  void remove(trace_sink& sink);

  /// Called after an actor has failed, with its name.
  void on_failure(std::function<void(const char* actor)> notify) {
    on_failure_ = std::move(notify);
  }

  const trace_header& header() const { return header_; }
  trace_time now() const;

  /// The ring's events with their payloads, oldest first, then what is under
  /// way. Allocates nothing: for the moment of a crash.
  using visitor = std::function<void(const trace_event&, std::string_view)>;
  void visit(const visitor& look) const;

  /// A sink has left so many events out.
  void note_dropped(std::uint64_t events) { counts_.dropped += events; }

  trace_counts counts() const;

private:
  struct live_actor {
    caf::actor_id id;
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

  struct pending {
    trace_event event;
    std::string payload;
  };

  live_actor* find(caf::actor_id id);
  live_actor& meet(const caf::local_actor& actor);
  const char* name_of(const caf::strong_actor_ptr& actor);
  std::chrono::steady_clock::time_point clock_now() const;
  void begin(trace_event& event, trace_kind kind);
  std::uint32_t take_slot();
  void attribute(trace_event& event, const message_type& type,
                 const caf::mailbox_element& message);
  std::uint64_t take_waking(const message_type& type);
  void complete(std::uint32_t slot, trace_outcome outcome);
  void finish(const trace_event& event, std::string_view payload = {});
  void close(trace_outcome outcome);

  tracer_config config_;
  message_hook* next_;
  trace_header header_;
  std::chrono::steady_clock::time_point start_;
  std::uint64_t last_number_ = 0;
  trace_counts counts_;
  std::vector<std::pair<const char*, std::uint64_t>> messages_; // by number

  // A ring; slots are not touched before their first use.
  struct raw_memory {
    void operator()(trace_event* memory) const { ::operator delete(memory); }
  };
  std::unique_ptr<trace_event[], raw_memory> ring_;
  std::vector<std::string> payloads_; // of the ring's events, if wanted
  std::size_t ring_size_ = 0;
  std::size_t ring_next_ = 0;

  std::vector<live_actor> actors_;
  std::map<std::string_view, std::uint32_t> incarnations_;

  // By message, where in `slots_` its event is.
  boost::unordered_flat_map<const caf::mailbox_element*, std::uint32_t>
    on_their_way_;
  std::deque<pending> slots_; // stay where they are when more are made
  std::vector<std::uint32_t> free_slots_;
  boost::unordered_flat_map<const caf::mailbox_element*, origin> timers_;
  caf::actor_id ended_id_ = 0; // the actor that has ended last
  origin ended_;
  const caf::mailbox_element* running_key_ = nullptr;
  pending* running_ = nullptr;
  std::uint32_t running_slot_ = 0;
  std::array<std::uint64_t, 6> last_moved_{}; // numbers of bytes events
  trace_id turn_;                             // what Claude was told last

  std::vector<trace_sink*> sinks_;
  std::function<void(const char*)> on_failure_;
};

} // namespace container_agent::runtime
