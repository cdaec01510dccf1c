#include "messages/codec/kept_conversation.hpp"

#include "messages/codec/json_line.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace container_agent::codec {

namespace {

using nlohmann::ordered_json;

bool is_true(const ordered_json& entry, const char* name) {
  auto i = entry.find(name);
  return i != entry.end() && *i == true;
}

bool has_text(const ordered_json& entry, const char* name) {
  auto i = entry.find(name);
  return i != entry.end() && i->is_string();
}

std::uint64_t number_in(const ordered_json& entry, const char* name,
                        std::uint64_t otherwise) {
  auto i = entry.find(name);
  return i != entry.end() && i->is_number_unsigned() ? i->get<std::uint64_t>()
                                                     : otherwise;
}

std::vector<host_setting> settings_in(const ordered_json& list) {
  std::vector<host_setting> result;
  for (const auto& one : list)
    if (one.is_object() && has_text(one, "id") && has_text(one, "line"))
      result.push_back({one["id"].get<std::string>(),
                        one["line"].get<std::string>(),
                        is_true(one, "acknowledged")});
  return result;
}

} // namespace

void kept_conversation::accept(std::string_view uuid, bytes line) {
  prompts.push_back({.uuid = std::string{uuid}, .line = std::move(line)});
}

void kept_conversation::send(std::string_view uuid, std::uint32_t times,
                             bool again) {
  if (auto* p = find(uuid)) {
    p->sent = times;
    p->begun = false;
    p->again = again;
  }
}

void kept_conversation::continue_as(std::string_view uuid,
                                    std::string_view as) {
  if (auto* p = find(uuid)) {
    p->continued_as = as;
    p->answering = false;
  }
}

void kept_conversation::answer(std::string_view uuid) {
  if (auto* p = find(uuid))
    p->answering = true;
}

void kept_conversation::begin(std::string_view uuid) {
  if (auto* p = find(uuid))
    p->begun = true;
}

void kept_conversation::launch() {
  for (auto& p : prompts) {
    p.begun = false;
    p.again = p.sent > 0;
  }
  open_requests.clear();
  tasks.clear();
  answers.clear();
  ready = false;
  lifecycle_before = std::exchange(lifecycle, false) || lifecycle_before;
}

void kept_conversation::ask(std::string_view request) {
  open_requests.emplace_back(request);
}

void kept_conversation::end_request(std::string_view request,
                                    std::string_view answer) {
  std::erase(open_requests, request);
  if (answer.empty())
    return;
  answers.emplace_back(answer);
  std::size_t bytes = 0;
  for (const auto& a : answers)
    bytes += a.size();
  while (bytes > max_answer_bytes && answers.size() > 1) {
    bytes -= answers.front().size();
    answers.pop_front();
  }
}

void kept_conversation::close(std::string_view uuid, std::uint64_t result_end,
                              std::string_view as, std::string_view failure) {
  std::string name{as};
  const auto* ended = find(uuid);
  if (ended == nullptr) // it was closed before
    forget(uuid);
  else if (ended->sent > 0) // a turn has ended
    answers.clear();
  if (ended != nullptr && name.empty())
    name = ended->continued_as;
  std::erase_if(prompts, [uuid](const auto& p) { return p.uuid == uuid; });
  closed.push_back(
    {std::string{uuid}, result_end, std::move(name), std::string{failure}});
  if (closed.size() > max_closed)
    closed.pop_front();
}

void kept_conversation::forget(std::string_view uuid) {
  std::erase_if(closed, [uuid](const auto& p) { return p.uuid == uuid; });
}

bool kept_conversation::take(std::string_view text) {
  auto entry = ordered_json::parse(text, nullptr, false);
  if (!entry.is_object())
    return false;
  input = number_in(entry, "input", input);
  auto uuid = [&](const char* name) { return entry[name].get<std::string>(); };
  if (has_text(entry, "accepted") && has_text(entry, "line"))
    accept(uuid("accepted"), bytes{uuid("line")});
  else if (has_text(entry, "sent"))
    send(uuid("sent"), static_cast<std::uint32_t>(number_in(entry, "times", 1)),
         is_true(entry, "again"));
  else if (has_text(entry, "answering"))
    answer(uuid("answering"));
  else if (has_text(entry, "continued") && has_text(entry, "as"))
    continue_as(uuid("continued"), uuid("as"));
  else if (has_text(entry, "begun"))
    begin(uuid("begun"));
  else if (entry.contains("lifecycle"))
    (entry["lifecycle"] == true ? lifecycle : lifecycle_before) = true;
  else if (entry.contains("launched"))
    launch();
  else if (entry.contains("ready"))
    ready = true;
  else if (entry.contains("settings"))
    settings = settings_in(entry["settings"]);
  else if (has_text(entry, "closed"))
    close(uuid("closed"), number_in(entry, "until", 0),
          has_text(entry, "as") ? uuid("as") : std::string{},
          has_text(entry, "failed") ? uuid("failed") : std::string{});
  else if (has_text(entry, "forgotten"))
    forget(uuid("forgotten"));
  else if (has_text(entry, "asks"))
    ask(uuid("asks"));
  else if (has_text(entry, "asked"))
    end_request(uuid("asked"),
                has_text(entry, "line") ? uuid("line") : std::string{});
  else if (auto list = entry.find("tasks");
           list != entry.end() && list->is_array()) {
    tasks.clear();
    for (const auto& id : *list)
      if (id.is_string())
        tasks.push_back(id.get<std::string>());
  } else if (has_text(entry, "session")) {
    session_id = uuid("session");
    anew = is_true(entry, "anew");
    failed_resumes = static_cast<std::uint32_t>(number_in(entry, "failed", 0));
  } else
    return entry.contains("input");
  return true;
}

std::size_t kept_conversation::take_all(std::string_view journal) {
  std::size_t refused = 0;
  for (;;) {
    auto end = journal.find('\n');
    if (end == std::string_view::npos)
      return refused;
    if (!take(journal.substr(0, end)))
      ++refused;
    journal.remove_prefix(end + 1);
  }
}

std::string kept_conversation::text() const {
  auto result
    = session_entry(session_id, anew, failed_resumes) + input_entry(input);
  if (!settings.empty())
    result += settings_entry(settings, input);
  if (ready)
    result += ready_entry();
  for (const auto& p : closed)
    result += closed_entry(p.uuid, p.result_end, p.continued_as, p.failure);
  for (const auto& p : prompts) {
    result += accepted_entry(p.uuid, p.line.view(), input);
    if (!p.continued_as.empty())
      result += continued_entry(p.uuid, p.continued_as);
    if (p.answering)
      result += answering_entry(p.uuid);
    if (p.sent > 0)
      result += sent_entry(p.uuid, p.sent, p.again);
    if (p.begun)
      result += begun_entry(p.uuid);
  }
  if (lifecycle_before)
    result += lifecycle_entry(false);
  if (lifecycle)
    result += lifecycle_entry(true);
  if (!tasks.empty())
    result += tasks_entry(tasks);
  for (const auto& request : open_requests)
    result += asks_entry(request);
  for (const auto& answer : answers)
    result += asked_entry({}, answer, input);
  return result;
}

kept_prompt* kept_conversation::find(std::string_view uuid) {
  auto i = std::find_if(prompts.begin(), prompts.end(),
                        [uuid](const auto& p) { return p.uuid == uuid; });
  return i == prompts.end() ? nullptr : &*i;
}

std::string accepted_entry(std::string_view uuid, std::string_view text,
                           std::uint64_t input) {
  return json_line({{"accepted", uuid}, {"line", text}, {"input", input}});
}

std::string sent_entry(std::string_view uuid, std::uint32_t times, bool again) {
  return again ? json_line({{"sent", uuid}, {"times", times}, {"again", true}})
               : json_line({{"sent", uuid}, {"times", times}});
}

std::string answering_entry(std::string_view uuid) {
  return json_line({{"answering", uuid}});
}

std::string continued_entry(std::string_view uuid, std::string_view as) {
  return json_line({{"continued", uuid}, {"as", as}});
}

std::string ready_entry() {
  return json_line({{"ready", true}});
}

std::string settings_entry(const std::vector<host_setting>& settings,
                           std::uint64_t input) {
  auto list = ordered_json::array();
  for (const auto& s : settings)
    list.push_back({{"id", s.request_id},
                    {"line", s.line},
                    {"acknowledged", s.acknowledged}});
  return json_line({{"settings", std::move(list)}, {"input", input}});
}

std::string begun_entry(std::string_view uuid) {
  return json_line({{"begun", uuid}});
}

std::string lifecycle_entry(bool of_this_one) {
  return json_line({{"lifecycle", of_this_one}});
}

std::string launched_entry() {
  return json_line({{"launched", true}});
}

std::string closed_entry(std::string_view uuid, std::uint64_t result_end,
                         std::string_view as, std::string_view failure) {
  ordered_json entry{{"closed", uuid}};
  if (result_end > 0)
    entry["until"] = result_end;
  if (!as.empty())
    entry["as"] = as;
  if (result_end == 0 && !failure.empty())
    entry["failed"] = failure;
  return json_line(entry);
}

std::string forgotten_entry(std::string_view uuid) {
  return json_line({{"forgotten", uuid}});
}

std::string asks_entry(std::string_view request) {
  return json_line({{"asks", request}});
}

std::string asked_entry(std::string_view request, std::string_view answer,
                        std::uint64_t input) {
  return answer.empty()
           ? json_line({{"asked", request}})
           : json_line(
             {{"asked", request}, {"line", answer}, {"input", input}});
}

std::string tasks_entry(const std::vector<std::string>& ids) {
  return json_line({{"tasks", ids}});
}

std::string session_entry(std::string_view id, bool anew,
                          std::uint32_t failed) {
  return failed == 0
           ? json_line({{"session", id}, {"anew", anew}})
           : json_line({{"session", id}, {"anew", anew}, {"failed", failed}});
}

std::string input_entry(std::uint64_t input) {
  return json_line({{"input", input}});
}

} // namespace container_agent::codec
