#pragma once

#include "actors/credit.hpp"
#include "actors/ports.hpp"
#include "messages/codec/agent_record.hpp"
#include "messages/codec/envelope.hpp"
#include "messages/payloads.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace container_agent {

/// How the host is told what happens: as stream-json, in plain text, or with
/// next to nothing of the agent's own. Fills the outbox to `pipe_output`.
/// Pure; one for each output format.
class host_voice {
public:
  host_voice(actor_context context, outbox<host_output>& out)
    : context_{context}, out_{out} {}

  virtual ~host_voice() = default;

  /// Claude's own bytes: whole lines, or a piece of a long one.
  virtual void claude_lines(bytes lines) = 0;

  /// Claude's own bytes that are not for the host.
  void left_out(bytes lines);

  /// A `result` has come for a prompt. Its line went by in `claude_lines`.
  virtual void answered(const codec::envelope& result) = 0;

  virtual void ready(const child_started& child, std::string_view session) = 0;
  virtual void accepted(std::string_view uuid, std::uint64_t position) = 0;

  /// A prompt with this uuid was accepted before. `failure` is why that one has
  /// failed, or empty: its end was told already, or will be.
  virtual void duplicate(std::string_view uuid, std::string_view failure) = 0;
  /// `text` is the line that is refused, or its first bytes.
  virtual void rejected(std::string_view reason, std::string_view detail,
                        std::uint64_t line, std::string_view uuid,
                        std::string_view text)
    = 0;
  virtual void claude_exited(const child_ended& child, std::string_view uuid)
    = 0;
  virtual void restarting(const restart_scheduled& plan) = 0;
  virtual void resent(std::string_view uuid, std::uint32_t attempt) = 0;
  virtual void failed(std::string_view uuid, std::string_view reason,
                      std::string_view detail)
    = 0;
  virtual void continued(std::string_view uuid, std::string_view as,
                         std::uint32_t attempt)
    = 0;
  virtual void restored(const codec::restored_things& what) = 0;
  /// Claude will not answer this control request of the host.
  virtual void control_failed(std::string_view request, std::string_view why)
    = 0;
  virtual void session_lost(std::string_view session, std::string_view reason)
    = 0;

  /// A `result` of a turn that no prompt of the host's began.
  virtual void added(const codec::envelope& result) { answered(result); }

  /// Claude does not wait for the host's answer to this request any more.
  virtual void cancelled(std::string_view request) = 0;

  /// … as nobody gave it in time: the tool was denied.
  virtual void permission_timed_out(std::string_view request,
                                    std::string_view tool,
                                    std::chrono::milliseconds after)
    = 0;
  virtual void status(std::string_view document) = 0;
  virtual void stopping(std::string_view reason) = 0;

  /// A line in Claude's place, as Claude is no more.
  void stand_in(std::string line) { say(std::move(line)); }

  /// Nothing more will be said.
  virtual void conclude() {}

  /// Whose prompt is spoken of from now on, for traces.
  void speak_of(trace_id prompt) { prompt_ = prompt; }

  /// The output stands within a line of Claude's, from an earlier agent.
  void begin_in_line() { mid_line_ = true; }

  bool in_line() const { return mid_line_; }

  /// The child is gone: a line that it has not finished is ended.
  void end_line();

  /// Records that wait for the end of a long line.
  std::size_t deferred() const { return deferred_.size(); }

protected:
  /// A record of the agent's own: goes between Claude's lines.
  void say(std::string record);

  /// Claude's bytes.
  void relay(bytes data);

  /// A whole reply, in text.
  void reply(std::string text);

  std::chrono::system_clock::time_point now() const {
    return context_.clock.now();
  }

  event_log& log() { return context_.log; }

private:
  actor_context context_;
  outbox<host_output>& out_;
  trace_id prompt_;
  bool mid_line_ = false;
  std::vector<std::string> deferred_;
};

enum class voice_kind : std::uint8_t {
  stream_json, ///< Claude's lines byte for byte, plus all records
  text,        ///< the text of each result; errors as one line `error: …`
  replies,     ///< the same, one for each prompt (`--compat cc-bridge`)
  transparent, ///< Claude's lines byte for byte, plus records of faults only
};

constexpr bool is_text(voice_kind kind) {
  return kind == voice_kind::text || kind == voice_kind::replies;
}

std::unique_ptr<host_voice> make_host_voice(voice_kind kind,
                                            actor_context context,
                                            outbox<host_output>& out);

} // namespace container_agent
