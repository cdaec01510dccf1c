#include "main/trace/tools/mermaid.hpp"

#include "main/trace/read/duration_text.hpp"
#include "main/trace/tools/flow_order.hpp"

#include <algorithm>
#include <set>
#include <tuple>

namespace container_agent::trace {

namespace {

constexpr std::size_t max_label = 200;

bool is_harmless(unsigned char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
         || (c >= 'A' && c <= 'Z')
         || std::string_view{" _=.,/()"}.find(static_cast<char>(c))
              != std::string_view::npos;
}

/// The code point at `at`, which moves behind it.
std::uint32_t next_code_point(std::string_view text, std::size_t& at) {
  auto lead = static_cast<unsigned char>(text[at++]);
  auto more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
  std::uint32_t point = more == 0 ? lead : lead & (0x3fu >> more);
  for (; more > 0 && at < text.size(); --more)
    point = point << 6 | (static_cast<unsigned char>(text[at++]) & 0x3fu);
  return point;
}

enum class step : std::uint8_t { finish, begin, show };

/// What happens at a moment; what ends comes before what begins.
struct moment {
  std::int64_t at;
  step what;
  const life_event* event;

  auto key() const { return std::tuple{at, what, event->n}; }
};

class diagram {
public:
  explicit diagram(const prompt_life& life) : life_{life} {
    for (const auto& event : life.events)
      for (const auto& name : {actor_of(event), event.from})
        if (!name.empty())
          names_.insert({place_in_flow(name), name});
    for (const auto& event : life.events)
      causes_.insert({event.run, event.cause});
  }

  std::string draw() {
    text_ = "sequenceDiagram\n";
    for (const auto& [place, name] : names_)
      text_
        += "  participant " + id_of(name) + " as " + mermaid_text(name) + '\n';
    for (const auto& moment : moments())
      draw_moment(moment);
    for (const auto& name : active_)
      text_ += "  deactivate " + id_of(name) + '\n';
    return text_;
  }

private:
  static std::string actor_of(const life_event& event) {
    if (event.kind == event_kind::message)
      return event.actor;
    auto actor = actor_at(event.port);
    return actor.empty() ? event.port : std::string{actor};
  }

  std::vector<moment> moments() const {
    std::vector<moment> result;
    for (const auto& event : life_.events) {
      result.push_back({event.began, step::show, &event});
      if (!event.handled || !event.ended || event.handled == event.ended
          || !causes_.contains({event.run, event.n}))
        continue;
      result.push_back({*event.handled, step::begin, &event});
      result.push_back({*event.ended, step::finish, &event});
    }
    std::sort(result.begin(), result.end(),
              [](const auto& a, const auto& b) { return a.key() < b.key(); });
    return result;
  }

  void draw_moment(const moment& at) {
    const auto& actor = at.event->actor;
    if (at.what == step::show)
      draw_event(*at.event);
    else if (at.what == step::begin ? active_.insert(actor).second
                                    : active_.erase(actor) > 0)
      text_ += (at.what == step::begin ? "  activate " : "  deactivate ")
               + id_of(actor) + '\n';
  }

  void draw_event(const life_event& event) {
    auto to = id_of(actor_of(event));
    if (event.kind == event_kind::bytes)
      return draw_note(to, event.port + ' ' + event.direction + ", "
                             + std::to_string(event.count) + " bytes");
    auto bad = event.outcome != "handled";
    auto label = event.type + (event.summary.empty() ? "" : " ") + event.summary
                 + (bad ? " (" + event.outcome + ')' : "");
    if (event.from.empty())
      return draw_note(to, "from outside: " + label);
    text_ += "  " + id_of(event.from) + (bad ? "-x" : "->>") + to + ": "
             + mermaid_text(label) + '\n';
  }

  void draw_note(const std::string& over, const std::string& text) {
    text_ += "  Note over " + over + ": " + mermaid_text(text) + '\n';
  }

  /// Never a word that means something to Mermaid.
  std::string id_of(const std::string& name) const {
    auto found = names_.find({place_in_flow(name), name});
    return 'p' + std::to_string(std::distance(names_.begin(), found) + 1);
  }

  const prompt_life& life_;
  std::set<std::pair<std::size_t, std::string>> names_;
  std::set<std::pair<std::size_t, std::uint64_t>> causes_;
  std::set<std::string> active_;
  std::string text_;
};

} // namespace

std::string mermaid_text(std::string_view text) {
  std::string result;
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++count) {
    if (count == max_label)
      return result + "...";
    auto point = next_code_point(text, at);
    if (point < 0x80 && is_harmless(static_cast<unsigned char>(point)))
      result += static_cast<char>(point);
    else if (point < 0x20)
      result += ' ';
    else
      result += '#' + std::to_string(point) + ';';
  }
  return result;
}

std::string mermaid_diagram(const prompt_life& life) {
  return diagram{life}.draw();
}

} // namespace container_agent::trace
