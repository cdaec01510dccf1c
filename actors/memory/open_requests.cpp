#include "actors/memory/open_requests.hpp"

#include "messages/visible_text.hpp"

#include <algorithm>
#include <utility>

namespace container_agent {

namespace {

// Cuts between characters, and replaces control characters.
std::string shown(std::string_view text, std::size_t limit) {
  auto length = std::size_t{0};
  while (length < text.size()) {
    auto next = std::max<std::size_t>(utf8_length(text.substr(length)), 1);
    if (length + next > limit)
      break;
    length += next;
  }
  std::string result;
  append_visible(result, text.substr(0, length));
  return result + (length < text.size() ? "…" : "");
}

} // namespace

const std::string& open_requests::entry::name() const {
  static const std::string unknown{"a request"};
  if (!tool.empty())
    return tool;
  return subtype.empty() ? unknown : subtype;
}

const open_requests::entry*
open_requests::open(const std::string& id,
                    const codec::request_details& details) {
  if (contains(id))
    return nullptr;
  // Redact before cutting: half a secret would not be recognised.
  auto subject
    = redact_ != nullptr ? redact_(details.subject) : details.subject;
  all_.push_back({id, shown(details.subtype, max_summary),
                  shown(details.tool, max_summary),
                  shown(subject, max_summary)});
  return &all_.back();
}

bool open_requests::close(const std::string& id) {
  return std::erase_if(all_, [&](const auto& e) { return e.id == id; }) > 0;
}

bool open_requests::contains(const std::string& id) const {
  return std::any_of(all_.begin(), all_.end(),
                     [&](const auto& e) { return e.id == id; });
}

std::deque<open_requests::entry> open_requests::take_all() {
  return std::exchange(all_, {});
}

std::vector<open_request> open_requests::listed(time_point now) const {
  using std::chrono::milliseconds;
  std::vector<open_request> result;
  for (const auto& e : all_) {
    if (result.size() == max_listed)
      break;
    auto age = e.since ? now - *e.since : time_point::duration{0};
    result.push_back({e.id, e.subtype, e.tool, e.summary,
                      std::chrono::duration_cast<milliseconds>(age)});
  }
  return result;
}

// Requests are in the order of their times, so the last one decides.
bool open_requests::wants_time() const {
  return !all_.empty() && !all_.back().since;
}

bool open_requests::may_be_denied(const entry& e) const {
  return deny_after_.count() > 0 && e.subtype == "can_use_tool";
}

open_requests::on_stall open_requests::pass(time_point now) {
  on_stall result;
  for (auto& e : all_) {
    if (!e.since)
      e.since = now;
    if (now - *e.since >= reminder && !std::exchange(e.reminded, true))
      result.unanswered.push_back(e);
    e.given_up = may_be_denied(e) && now - *e.since >= deny_after_;
    if (e.given_up)
      result.denied.push_back(e);
  }
  std::erase_if(all_, [](const auto& e) { return e.given_up; });
  return result;
}

std::optional<open_requests::time_point> open_requests::due() const {
  std::optional<time_point> result;
  auto consider = [&](time_point when) {
    result = result ? std::min(*result, when) : when;
  };
  for (const auto& e : all_) {
    if (!e.since)
      continue;
    if (!e.reminded)
      consider(*e.since + reminder);
    if (may_be_denied(e))
      consider(*e.since + deny_after_);
  }
  return result;
}

} // namespace container_agent
