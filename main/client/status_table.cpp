#include "main/client/status_table.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <cstdio>

namespace container_agent {

namespace {

using nlohmann::json;

constexpr std::size_t name_width = 10;

std::string number(const json& object, const char* name) {
  auto found = object.find(name);
  return found == object.end() || found->is_null() ? "?" : found->dump();
}

std::string text(const json& object, const char* name,
                 const std::string& otherwise) {
  auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>()
                                                     : otherwise;
}

std::string seconds(const json& object, const char* name) {
  auto found = object.find(name);
  if (found == object.end() || !found->is_number())
    return "? s";
  char result[32];
  std::snprintf(result, sizeof result, "%.1f s", found->get<double>() / 1000);
  return result;
}

std::string mebibytes(const json& object, const char* name) {
  auto found = object.find(name);
  if (found == object.end() || !found->is_number())
    return "? MiB";
  char result[32];
  std::snprintf(result, sizeof result, "%.1f MiB",
                found->get<double>() / 1024 / 1024);
  return result;
}

std::string yes_or_no(const json& object, const char* name) {
  return object.value(name, false) ? "yes" : "no";
}

std::string usage(const json& object) {
  return mebibytes(object, "rss_bytes") + ", " + seconds(object, "cpu_ms")
         + " of CPU";
}

std::string claude(const json& x) {
  if (!x.value("running", false))
    return "does not run, launched " + number(x, "launches") + " times";
  return "process " + number(x, "pid") + ", session "
         + text(x, "session_id", "not begun") + ", launched "
         + number(x, "launches") + " times, " + usage(x);
}

std::string prompts(const json& x, const json& turn) {
  auto result = number(x, "in_flight") + " in flight";
  if (turn.is_object())
    result += " (for " + seconds(turn, "age_ms") + ", silent for "
              + seconds(turn, "silence_ms") + ")";
  return result + ", " + number(x, "queued") + " queued, "
         + number(x, "accepted") + " accepted, " + number(x, "answered")
         + " answered, " + number(x, "failed") + " failed, "
         + number(x, "resent") + " resent";
}

std::string open_requests(const json& list) {
  std::string result;
  for (const auto& r : list) {
    result += (result.empty() ? "" : "\n" + std::string(name_width, ' '))
              + text(r, "tool", text(r, "subtype", "?")) + ", waits for the "
              + "host for " + seconds(r, "age_ms") + " (" + text(r, "id", "?")
              + ")";
    if (auto about = text(r, "summary", ""); !about.empty())
      result += ": " + about;
  }
  return result;
}

std::string row(std::string name, const std::string& value) {
  name.resize(name_width, ' ');
  return name + value + '\n';
}

std::string table_rows(const json& x) {
  auto part = [&](const char* name) { return x.value(name, json::object()); };
  auto result
    = row("state", text(x, "state", "?") + ": " + text(x, "why", "?"))
      + row("live", yes_or_no(x, "live")) + row("ready", yes_or_no(x, "ready"))
      + row("claude", claude(part("claude")))
      + row("prompts", prompts(part("prompts"), x.value("turn", json{})))
      + row("input", number(part("input"), "lines") + " lines, "
                       + number(part("input"), "rejected") + " rejected, "
                       + number(part("input"), "unread_bytes")
                       + " bytes unread")
      + row("output",
            number(part("output"), "pending_bytes") + " bytes pending, "
              + number(part("output"), "unread_bytes") + " unread by the host")
      + row("restarts", number(part("restarts"), "total") + ", of which "
                          + number(part("restarts"), "in_window")
                          + " within the window")
      + row("agent", "process " + number(part("agent"), "pid") + ", up for "
                       + number(x, "uptime_s") + " s, " + usage(part("agent")));
  if (auto tasks = part("tasks").value("running", 0); tasks > 0)
    result += row("tasks", std::to_string(tasks) + " in the background");
  if (auto open = open_requests(part("requests").value("list", json::array()));
      !open.empty())
    result += row("requests", open);
  if (auto phase = text(x, "shutdown", "running"); phase != "running")
    result += row("shutdown", phase);
  if (x.contains("silent"))
    result += row("silent", text(x, "silent", "?"));
  return result;
}

} // namespace

std::string status_table(std::string_view document) {
  auto parsed = json::parse(document, nullptr, false);
  if (!parsed.is_object())
    return std::string{document} + '\n';
  return table_rows(parsed);
}

} // namespace container_agent
