#pragma once

#include "actors/core/ports.hpp"
#include "actors/session/session.hpp"
#include "messages/codec/envelope.hpp"
#include "messages/payloads.hpp"
#include "messages/records/agent_record.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace container_agent {

/// Tells the host what happens: by records between Claude's lines, and for text
/// output by text in a log of its own.
class host_encoder {
public:
  /// `out` is the log of events.
  host_encoder(actor_context context, stream_log& out)
    : context_{context}, out_{out} {}

  virtual ~host_encoder() = default;

  /// A `result` has come for a prompt.
  virtual void answered(const codec::envelope& result) = 0;

  virtual void ready(const child_started& child, std::string_view session,
                     std::uint64_t read_to)
    = 0;
  virtual void accepted(const codec::accepted_prompt& prompt) = 0;

  /// A prompt with this uuid was accepted before. `failure`: why that one
  /// failed; if empty, its end was told already or will be.
  virtual void duplicate(std::string_view uuid, std::string_view failure) = 0;
  virtual void rejected(const codec::rejected_line& line) = 0;
  virtual void claude_exited(const child_ended& child, std::string_view uuid,
                             const std::optional<codec::event_range>& cut)
    = 0;
  /// `claude_runs`: only the actor that watches Claude is restarted.
  virtual void restarting(const restart_scheduled& plan,
                          bool claude_runs = false)
    = 0;
  virtual void resent(std::string_view uuid, std::uint32_t attempt) = 0;
  virtual void failed(std::string_view uuid, std::string_view reason,
                      std::string_view detail)
    = 0;
  virtual void continued(std::string_view uuid, std::string_view as,
                         std::uint32_t attempt)
    = 0;
  virtual void restored(const codec::restored_things& what) = 0;
  virtual void session_lost(std::string_view session, std::string_view reason)
    = 0;

  /// A `result` of a turn that no prompt of the host began.
  virtual void added(const codec::envelope& result) { answered(result); }

  /// Nobody answered Claude's request in time, so the tool was denied.
  virtual void permission_timed_out(std::string_view request,
                                    std::string_view tool,
                                    std::chrono::milliseconds after)
    = 0;
  virtual void status(std::string_view document) = 0;
  virtual void stopping(std::string_view reason) = 0;

  /// A line in Claude's name, because Claude has ended.
  void stand_in(const std::string& line) { say(line); }

  /// Called last: nothing more will be told.
  virtual void conclude() {}

protected:
  /// Appends a record of the agent's own between Claude's lines.
  void say(const std::string& record) { out_.append(record); }

  /// Time and offset for a record that is written now.
  codec::record_time now() const { return {context_.clock.now(), out_.end()}; }

  event_log& log() { return context_.log; }

private:
  actor_context context_;
  stream_log& out_;
};

enum class encoder_kind : std::uint8_t {
  stream_json, ///< all records
  text,    ///< … and the text of each result; errors as one line `error: …`
  replies, ///< the same, one for each prompt (`--compat cc-bridge`)
  transparent, ///< records of faults only
};

constexpr bool is_text(encoder_kind kind) {
  return kind == encoder_kind::text || kind == encoder_kind::replies;
}

std::unique_ptr<host_encoder> make_host_encoder(encoder_kind kind,
                                                actor_context context,
                                                const conversation_logs& logs);

} // namespace container_agent
