#include "main/trace/record/trace_lines.hpp"

#include "messages/visible_text.hpp"

#include <algorithm>
#include <charconv>
#include <concepts>

namespace container_agent::runtime {

namespace {

void put_number(std::string& out, std::integral auto value) {
  char digits[24];
  auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  out.append(digits, end);
}

void put(std::string& out, std::string_view name, std::integral auto value) {
  out += ",\"";
  out += name;
  out += "\":";
  put_number(out, value);
}

void put(std::string& out, std::string_view name, std::string_view text) {
  out += ",\"";
  out += name;
  out += "\":";
  append_json_text(out, text);
}

/// A name of our own, which needs no look at its characters: they were half the
/// cost of a line.
void put_word(std::string& out, std::string_view name, std::string_view word) {
  out += ",\"";
  out += name;
  out += "\":\"";
  out += word;
  out += '"';
}

void put_actor(std::string& out, std::string_view member, const char* name,
               std::string_view id_member, std::uint32_t id) {
  if (id == 0)
    return;
  put_word(out, member, name == nullptr ? "?" : name);
  put(out, id_member, id);
}

void put_summary(std::string& out, const message_summary& s) {
  out += ",\"summary\":\"";
  std::string_view names{s.member_names == nullptr ? "" : s.member_names};
  for (std::uint8_t i = 0; i < s.size; ++i) {
    if (i > 0)
      out += ' ';
    names.remove_prefix(std::min(names.find('.') + 1, names.size()));
    out += names.substr(0, names.find(','));
    names.remove_prefix(std::min(names.find(','), names.size()));
    out += '=';
    if (s.text_size > 0 && i == s.text_member) {
      // Names and ids of our own, but a uuid may be any text of the host's.
      std::string_view text{s.text.data(), s.text_size};
      for (char c : text)
        out += c > ' ' && c < 0x7f && c != '"' && c != '\\' ? c : '?';
      continue;
    }
    put_number(out, s.values[i]);
    if ((s.sizes >> i & 1U) != 0)
      out += " B";
  }
  out += '"';
}

void put_causes(std::string& out, const trace_event& e) {
  if (e.cause != 0)
    put(out, "cause", e.cause);
  if (!e.prompt)
    return;
  constexpr std::string_view hex = "0123456789abcdef";
  out += ",\"trace\":\"";
  for (auto half : {e.prompt.high, e.prompt.low})
    for (int shift = 60; shift >= 0; shift -= 4)
      out += hex[half >> shift & 15];
  out += '"';
}

void put_message(std::string& out, const trace_event& e) {
  put(out, "sent", e.sent);
  if (e.taken >= 0)
    put(out, "taken", e.taken);
  if (e.done >= 0)
    put(out, "done", e.done);
  put_actor(out, "from", e.from, "from_id", e.from_id);
  put_actor(out, "to", e.to, "to_id", e.to_id);
  put_word(out, "type", e.type);
  put_summary(out, e.summary);
  put(out, "depth", e.depth);
  put_word(out, "outcome", to_string(e.outcome));
}

void put_end(std::string& out, const trace_event& e) {
  out += e.outcome == trace_outcome::failed ? ",\"failed\":true"
                                            : ",\"failed\":false";
  put(out, "reason",
      std::string_view{e.summary.text.data(), e.summary.text_size});
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

void put_others(std::string& out, const trace_event& e) {
  put(out, "at", e.sent);
  if (e.kind == trace_kind::bytes) {
    put_word(out, "port", to_string(e.port));
    put_word(out, "direction", e.outward ? "out" : "in");
    return put(out, "bytes", e.size);
  }
  if (e.kind == trace_kind::timer)
    put(out, "due", e.done);
  put_actor(out, "actor", e.to, "id", e.to_id);
  if (e.kind == trace_kind::timer)
    put_word(out, "type", e.type);
  if (e.kind == trace_kind::spawn)
    put(out, "incarnation", e.depth);
  if (e.kind == trace_kind::end)
    put_end(out, e);
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
  out += R"({"kind":"header","version":1)";
  put(out, "agent", header.version);
  put(out, "pid", header.pid);
  put(out, "epoch_us", header.epoch_us);
  put(out, "source", source);
  if (!reason.empty())
    put(out, "reason", reason);
  put(out, "ring", header.ring);
  out += "}\n";
}

void append_event(std::string& out, const trace_event& event) {
  out += "{\"kind\":\"";
  out += to_string(event.kind);
  out += '"';
  put(out, "n", event.number);
  if (event.kind == trace_kind::message)
    put_message(out, event);
  else
    put_others(out, event);
  put_causes(out, event);
  out += "}\n";
}

void append_dropped(std::string& out, trace_time at, std::uint64_t count) {
  out += R"({"kind":"dropped")";
  put(out, "at", at);
  put(out, "count", count);
  out += "}\n";
}

} // namespace container_agent::runtime
