#include "main/trace/record/trace_lines.hpp"

#include "messages/codec/json_writer.hpp"

#include <algorithm>
#include <charconv>

namespace container_agent::runtime {

namespace {

using codec::json_writer;

void put_actor(json_writer& out, std::string_view member, const char* name,
               std::string_view id_member, std::uint32_t id) {
  if (id != 0)
    out.word(member, name == nullptr ? "?" : name).put(id_member, id);
}

void append_number(std::string& out, std::int64_t value) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

// A word, though it grows: names and ids of our own, but a uuid may be any text
// of the host's.
void put_summary(std::string& out, const message_summary& s) {
  json_writer{out}.key("summary");
  out += '"';
  std::string_view names{s.member_names == nullptr ? "" : s.member_names};
  for (std::uint8_t i = 0; i < s.size; ++i) {
    if (i > 0)
      out += ' ';
    names.remove_prefix(std::min(names.find('.') + 1, names.size()));
    out += names.substr(0, names.find(','));
    names.remove_prefix(std::min(names.find(','), names.size()));
    out += '=';
    if (s.text_size > 0 && i == s.text_member) {
      for (char c : std::string_view{s.text.data(), s.text_size})
        out += c > ' ' && c < 0x7f && c != '"' && c != '\\' ? c : '?';
      continue;
    }
    append_number(out, s.values[i]);
    if ((s.sizes >> i & 1U) != 0)
      out += " B";
  }
  out += '"';
}

void put_causes(json_writer& out, const trace_event& e) {
  out.put_some("cause", e.cause);
  auto digits = digits_of(e.prompt);
  if (e.prompt)
    out.word("trace", {digits.data(), digits.size()});
}

void put_message(std::string& line, const trace_event& e) {
  json_writer out{line};
  out.put("sent", e.sent);
  if (e.taken >= 0)
    out.put("taken", e.taken);
  if (e.done >= 0)
    out.put("done", e.done);
  put_actor(out, "from", e.from, "from_id", e.from_id);
  put_actor(out, "to", e.to, "to_id", e.to_id);
  out.word("type", e.type);
  put_summary(line, e.summary);
  out.put("depth", e.depth).word("outcome", to_string(e.outcome));
}

std::string_view to_string(trace_kind x) {
  switch (x) {
    case trace_kind::message: return "message";
    case trace_kind::spawn: return "spawn";
    case trace_kind::end: return "end";
    case trace_kind::timer: return "timer";
    case trace_kind::bytes: return "bytes";
  }
  return "?";
}

void put_others(json_writer& out, const trace_event& e) {
  out.put("at", e.sent);
  if (e.kind == trace_kind::bytes) {
    out.word("port", to_string(e.port));
    out.word("direction", e.outward ? "out" : "in").put("bytes", e.size);
    return;
  }
  if (e.kind == trace_kind::timer)
    out.put("due", e.done);
  put_actor(out, "actor", e.to, "id", e.to_id);
  if (e.kind == trace_kind::timer)
    out.word("type", e.type);
  if (e.kind == trace_kind::spawn)
    out.put("incarnation", e.depth);
  if (e.kind == trace_kind::end)
    out.put("failed", e.outcome == trace_outcome::failed, "reason",
            std::string_view{e.summary.text.data(), e.summary.text_size});
}

} // namespace

std::string_view to_string(trace_outcome x) {
  switch (x) {
    case trace_outcome::queued: return "queued";
    case trace_outcome::running: return "running";
    case trace_outcome::handled: return "handled";
    case trace_outcome::skipped: return "skipped";
    case trace_outcome::failed: return "failed";
    case trace_outcome::undelivered: return "undelivered";
  }
  return "?";
}

std::string_view to_string(trace_port x) {
  switch (x) {
    case trace_port::host_input: return "host_input";
    case trace_port::host_output: return "host_output";
    case trace_port::claude_stdin: return "claude_stdin";
    case trace_port::claude_stdout: return "claude_stdout";
    case trace_port::claude_stderr: return "claude_stderr";
    case trace_port::control: return "control";
  }
  return "?";
}

void append_header(std::string& out, const trace_header& header,
                   std::string_view source, std::string_view reason) {
  json_writer line{out};
  line.open('{').word("kind", "header").put("version", 1);
  line.put("agent", header.version, "pid", header.pid);
  line.put("epoch_us", header.epoch_us, "source", source);
  line.put_some("reason", reason).put("ring", header.ring);
  out += "}\n";
}

void append_event(std::string& out, const trace_event& event) {
  json_writer line{out};
  line.open('{').word("kind", to_string(event.kind)).put("n", event.number);
  if (event.kind == trace_kind::message)
    put_message(out, event);
  else
    put_others(line, event);
  put_causes(line, event);
  out += "}\n";
}

void append_dropped(std::string& out, trace_time at, std::uint64_t count) {
  json_writer line{out};
  line.open('{').word("kind", "dropped").put("at", at, "count", count);
  out += "}\n";
}

} // namespace container_agent::runtime
