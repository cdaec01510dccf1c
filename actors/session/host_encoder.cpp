#include "actors/session/host_encoder.hpp"

#include "actors/core/loggers.hpp"
#include "messages/codec/control_line.hpp"
#include "messages/records/agent_record.hpp"

#include <algorithm>
#include <utility>

namespace container_agent {

namespace {

constexpr std::string_view failed_then
  = "it was sent before, and failed then: send it under another uuid to have "
    "it run";

class stream_json_voice : public host_encoder {
public:
  using host_encoder::host_encoder;

  void answered(const codec::envelope&) override {
    // The host reads the line itself.
  }

  void ready(const child_started& child, std::string_view session,
             std::uint64_t read_to) override {
    say(codec::ready_record(now(), child, session, read_to));
  }

  void accepted(const codec::accepted_prompt& prompt) override {
    say(codec::accepted_record(now(), prompt));
  }

  void duplicate(std::string_view uuid, std::string_view failure) override {
    say(codec::accepted_record(now(), {uuid, 0, true}));
    if (!failure.empty())
      stream_json_voice::failed(uuid, failure, failed_then);
  }

  void rejected(const codec::rejected_line& line) override {
    say(codec::rejected_record(now(), line));
  }

  void claude_exited(const child_ended& child, std::string_view uuid,
                     const std::optional<codec::event_range>& cut) override {
    say(codec::claude_exited_record(now(), child, uuid, cut));
  }

  void restarting(const restart_scheduled& plan, bool claude_runs) override {
    say(codec::restarting_record(now(), plan, claude_runs));
  }

  void resent(std::string_view uuid, std::uint32_t attempt) override {
    say(codec::resent_record(now(), uuid, attempt));
  }

  void failed(std::string_view uuid, std::string_view reason,
              std::string_view detail) override {
    say(codec::failed_record(now(), uuid, reason, detail));
  }

  void continued(std::string_view uuid, std::string_view as,
                 std::uint32_t attempt) override {
    say(codec::continued_record(now(), uuid, as, attempt));
  }

  void restored(const codec::restored_things& what) override {
    say(codec::restored_record(now(), what));
  }

  void session_lost(std::string_view session,
                    std::string_view reason) override {
    say(codec::session_lost_record(now(), session, reason));
  }

  void permission_timed_out(std::string_view request, std::string_view tool,
                            std::chrono::milliseconds after) override {
    say(codec::permission_timed_out_record(now(), request, tool, after));
  }

  void status(std::string_view document) override {
    say(codec::status_record(now(), document));
  }

  void stopping(std::string_view reason) override {
    say(codec::stopping_record(now(), reason));
  }
};

// Hosts that use Claude Code's whole protocol do not expect the agent's
// records. Faults are reported even so, because nothing is dropped silently.
class transparent_voice : public stream_json_voice {
public:
  using stream_json_voice::stream_json_voice;

  void ready(const child_started&, std::string_view, std::uint64_t) override {}
  void accepted(const codec::accepted_prompt&) override {}
  void duplicate(std::string_view, std::string_view) override {}
  void resent(std::string_view, std::uint32_t) override {}
  void continued(std::string_view, std::string_view, std::uint32_t) override {}
  void restored(const codec::restored_things&) override {}
  void stopping(std::string_view) override {}
};

// Each of these ends a reply: a host that reads only answers waits for one of
// them after each prompt.
class text_voice : public stream_json_voice {
public:
  text_voice(actor_context context, stream_log& events, stream_log& replies)
    : stream_json_voice{context, events}, replies_{replies} {}

  void answered(const codec::envelope& result) override {
    finish(text_of(result));
  }

  void rejected(const codec::rejected_line& line) override {
    stream_json_voice::rejected(line);
    error("line " + std::to_string(line.number) + " rejected, "
          + std::string{line.reason} + ": " + std::string{line.detail}
          + (line.text.empty()
               ? ""
               : "; it begins: " + codec::excerpt_of(line.text)));
  }

  void failed(std::string_view uuid, std::string_view reason,
              std::string_view detail) override {
    stream_json_voice::failed(uuid, reason, detail);
    no_answer(reason, detail);
  }

  void status(std::string_view document) override {
    stream_json_voice::status(document);
    finish(std::string{document} + '\n');
  }

  // Without this text the host would never hear of it.
  void duplicate(std::string_view uuid, std::string_view failure) override {
    stream_json_voice::duplicate(uuid, failure);
    if (!failure.empty())
      return no_answer(failure, failed_then);
    error("duplicate: a prompt with the uuid " + std::string{uuid}
          + " was accepted before");
  }

protected:
  static std::string text_of(const codec::envelope& result) {
    if (result.result_too_long)
      return error_text("the answer is over the limit of text output");
    if (result.is_error || result.subtype.starts_with("error"))
      return error_text(!result.result.empty()        ? result.result
                        : !result.first_error.empty() ? result.first_error
                                                      : result.subtype);
    return result.result + '\n';
  }

  void reply(const std::string& text) { replies_.append(text); }

  virtual void finish(std::string text) { reply(text); }

private:
  static std::string error_text(std::string text) {
    std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; },
      ' ');
    return "error: " + text + '\n';
  }

  void no_answer(std::string_view reason, std::string_view detail) {
    error("no answer, " + std::string{reason}
          + (detail.empty() ? "" : ": " + std::string{detail}));
  }

  void error(std::string text) { finish(error_text(std::move(text))); }

  stream_log& replies_;
};

// A host that reads one reply for each of its prompts would take an extra one
// for the answer to its next prompt, and be one behind for ever. What Claude
// adds by itself is therefore put before the next reply, with a heading.
class reply_voice : public text_voice {
public:
  using text_voice::text_voice;

  void added(const codec::envelope& result) override {
    auto text = text_of(result);
    if (!held_.empty() && held_.size() + text.size() > max_held) {
      log().write(log_level::warn, loggers::conversation, "addition_dropped",
                  {{"bytes", std::uint64_t{held_.size()}},
                   {"reason", "no prompt came whose reply it could go with"}});
      held_.clear();
    }
    held_
      += "[Claude has added this by itself, after an earlier answer:]\n" + text;
  }

  void conclude() override {
    if (!held_.empty())
      reply(std::exchange(held_, {}) + reply_end);
  }

private:
  // 1 MiB: if there are more, the latest are kept.
  static constexpr std::size_t max_held = 1024 * 1024;

  void finish(std::string text) override {
    if (!held_.empty())
      text = std::exchange(held_, {}) + "[The answer to this prompt:]\n"
             + std::move(text);
    reply(std::move(text) + reply_end);
  }

  std::string held_;
};

} // namespace

std::unique_ptr<host_encoder> make_host_encoder(encoder_kind kind,
                                                actor_context context,
                                                const conversation_logs& logs) {
  auto& events = logs.events;
  switch (kind) {
    case encoder_kind::text:
      return std::make_unique<text_voice>(context, events, *logs.replies);
    case encoder_kind::replies:
      return std::make_unique<reply_voice>(context, events, *logs.replies);
    case encoder_kind::transparent:
      return std::make_unique<transparent_voice>(context, events);
    case encoder_kind::stream_json: break;
  }
  return std::make_unique<stream_json_voice>(context, events);
}

} // namespace container_agent
