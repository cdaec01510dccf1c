#pragma once

#include "actors/core/message_hook.hpp"
#include "main/trace/record/trace_clock.hpp"
#include "main/trace/record/trace_history.hpp"
#include "main/trace/record/trace_lines.hpp"
#include "main/trace/record/trace_note.hpp"

#include <caf/fwd.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace container_agent::runtime {

struct tracer_config {
  std::size_t ring = 4096; ///< events that are kept in memory
  std::string version;     ///< of the agent, for headers
  std::function<std::chrono::steady_clock::time_point()> now; ///< for tests

  /// Runs a job when there is nothing else to do. Without it, everything is
  /// done at once.
  std::function<void(std::function<void()>)> when_idle;
};

/// Sees all messages between actors, and what else happens: keeps the last
/// events in a ring, and hands each to its sinks when it is complete. Does no
/// I/O itself. docs/observability.md says what events mean.
///
/// In the midst of the work it only takes notes, with the time: a prompt does
/// not wait for events to be made of them. That is done when the agent has
/// nothing else to do, when somebody asks, and when there are `most_notes`.
///
/// Which prompt an event belongs to: a message that names one says so itself
/// (`child_input_grew`, `host_output_grew`); others take it from the message
/// that caused them, and what Claude says belongs to what it was told last.
/// That the host's input has grown learns it from what its handler sends: only
/// there a line becomes a prompt.
class tracer final : public message_hook {
public:
  /// Notes, of some 250 bytes: a turn makes about 40. They stay in the
  /// processor's cache.
  static constexpr std::size_t most_notes = 64;

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

  /// Gets what happens from now on, until `remove`.
  void add(trace_sink& sink);
  void remove(trace_sink& sink);

  /// Called after an actor has failed, with its name.
  void on_failure(std::function<void(const char* actor)> notify) {
    history_.on_failure(std::move(notify));
  }

  const trace_header& header() const { return header_; }
  trace_time now() const { return clock_.now(); }

  /// The ring's events, oldest first, then what is under way.
  using visitor = trace_history::visitor;
  void visit(const visitor& look);

  /// A sink has left so many events out.
  void note_dropped(std::uint64_t events) { history_.note_dropped(events); }

  trace_counts counts();

private:
  trace_note& begin(trace_note::what kind);
  void end();
  void settle();
  void put_sender(trace_note& note, const caf::mailbox_element& message);

  tracer_config config_;
  message_hook* next_;
  trace_header header_;
  trace_clock clock_;
  trace_history history_;
  std::unique_ptr<trace_note[]> notes_; // used again and again, never cleared
  std::size_t note_count_ = 0;
  const caf::local_actor* running_ = nullptr; // whose handler runs
  bool settling_ = false;
  std::shared_ptr<bool> planned_ = std::make_shared<bool>(false);
};

} // namespace container_agent::runtime
