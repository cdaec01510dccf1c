#pragma once

#include "main/trace/read/run_clock.hpp"
#include "main/trace/read/trace_line.hpp"
#include "messages/codec/json_writer.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <ostream>
#include <string>
#include <string_view>

namespace container_agent::trace {

/// Writes a trace in Chrome's trace event format, as Perfetto and
/// chrome://tracing open it. Holds no events: what it needs of earlier ones is
/// a few numbers an actor, and the places of the last 4,096 timers and boundary
/// events, from which arrows may go.
///
/// A run is a process; an actor or boundary is a thread, in all its
/// incarnations: restarts are marks on it. Waiting in a mailbox is an
/// asynchronous slice, handling a complete one, a message's way an arrow from
/// the slice that sent it to the one that handled it.
class chrome_writer {
public:
  explicit chrome_writer(std::ostream& out);

  void write(const trace_line& event);

  /// Nothing may be written after it.
  void finish();

private:
  struct track {
    std::uint64_t id = 0;
    std::uint64_t process = 0;
    std::string name;
    bool waiting = false;       // its last depth was above 0
    std::int64_t emptied = 0;   // when a message was last taken from it
    std::uint64_t in_total = 0; // a boundary's bytes
    std::uint64_t out_total = 0;
  };

  // An event that may have caused a message.
  struct origin {
    std::uint64_t n = 0;
    std::size_t run = 0;
    std::int64_t at = 0;
    std::uint64_t track_id = 0;
  };

  using named_tracks = std::map<std::string, track, std::less<>>;

  struct run {
    named_tracks actors;
    named_tracks boundaries; // one may have an actor's name
    std::uint64_t strangers = 0;
  };

  void header(const trace_line& event);
  void message(const trace_line& event);
  void waiting(const trace_line& event, track& on);
  void handling(const trace_line& event, const track& on);
  void arrow(const trace_line& event, const track& to);
  void boundary(const trace_line& event);
  void timer(const trace_line& event);
  void dropped(const trace_line& event);
  void life(const trace_line& event);

  track& actor(std::string_view name);
  track& boundary(std::string_view name);
  track& add(named_tracks& to, std::string_view name, bool is_boundary);
  origin& slot(std::uint64_t n) { return origins_[n % origins_.size()]; }
  void keep_origin(const trace_line& event, const track& on);
  const origin* origin_of(std::uint64_t cause);

  run& current() { return runs_[clock_.index()]; }
  std::uint64_t process() const { return clock_.index() + 1; }
  std::uint64_t unique(std::uint64_t n) const;

  // Each begins an object, or adds to it.
  codec::json_writer& begin(char phase, std::uint64_t process);
  codec::json_writer& begin(char phase, std::int64_t at,
                            std::uint64_t track_id);
  codec::json_writer& metadata(std::string_view name, std::uint64_t track_id);
  codec::json_writer& arguments();
  codec::json_writer& micros(std::string_view name, std::int64_t ns);
  void end();

  void counter(const track& on, std::string_view what, std::string_view unit,
               std::int64_t at, std::uint64_t value);
  void flow(char phase, std::uint64_t n, std::int64_t at,
            std::uint64_t track_id);

  std::ostream& out_;
  std::string text_; // that is not in the stream yet
  codec::json_writer json_{text_};
  run_clock clock_;
  std::deque<run> runs_{1};
  std::array<origin, 4096> origins_{};
  bool first_ = true;
};

} // namespace container_agent::trace
