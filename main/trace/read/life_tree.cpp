#include "main/trace/read/life_tree.hpp"

#include "main/trace/read/duration_text.hpp"
#include "messages/visible_text.hpp"

#include <algorithm>
#include <map>

namespace container_agent::trace {

namespace {

constexpr std::size_t column = 10;

// A long chain would move out of the window.
constexpr std::size_t max_indent = 16;

std::string between(const std::optional<std::int64_t>& from,
                    const std::optional<std::int64_t>& to) {
  auto known = from && to;
  return right(known ? duration_text(static_cast<std::uint64_t>(*to - *from))
                     : "-",
               column);
}

std::string what_of(const life_event& event) {
  std::string shown;
  if (event.kind == event_kind::bytes) {
    append_visible(shown, event.port + ' ' + event.direction);
    return shown + ": " + std::to_string(event.count) + " bytes";
  }
  auto text = (event.from.empty() ? "outside" : event.from) + " → "
              + event.actor + ": " + event.type;
  if (event.outcome != "handled")
    text += " [" + event.outcome + ']';
  for (const auto* part : {&event.summary, &event.payload})
    if (!part->empty())
      text += "  " + *part;
  append_visible(shown, text);
  return shown;
}

class tree {
public:
  explicit tree(const prompt_life& life)
    : life_{life}, visited_(life.events.size(), false) {
    std::map<key, std::size_t> by_number;
    for (std::size_t i = 0; i < life.events.size(); ++i)
      by_number.emplace(key{life.events[i].run, life.events[i].n}, i);
    for (std::size_t i = 0; i < life.events.size(); ++i) {
      const auto& event = life.events[i];
      auto parent = by_number.find({event.run, event.cause});
      if (event.cause > 0 && parent != by_number.end() && parent->second != i)
        children_[parent->second].push_back(i);
      else
        roots_.push_back(i);
    }
  }

  std::string draw() {
    for (auto root : roots_)
      draw_from(root);
    // Causes that go round in a circle have no root.
    for (std::size_t i = 0; i < visited_.size(); ++i)
      draw_from(i);
    return text_;
  }

private:
  using key = std::pair<std::size_t, std::uint64_t>;

  struct node {
    std::size_t event;
    std::size_t level;
  };

  // Not by recursion: a chain may be as long as the life.
  void draw_from(std::size_t root) {
    std::vector<node> ahead{{root, 0}};
    while (!ahead.empty()) {
      auto [event, level] = ahead.back();
      ahead.pop_back();
      if (visited_[event])
        continue;
      visited_[event] = true;
      draw_line(life_.events[event], level);
      auto found = children_.find(event);
      if (found == children_.end())
        continue;
      const auto& below = found->second;
      for (auto child = below.rbegin(); child != below.rend(); ++child)
        ahead.push_back({*child, level + 1});
    }
  }

  void draw_line(const life_event& event, std::size_t level) {
    text_ += between(life_.events.front().began, event.began)
             + between(event.began, event.handled)
             + between(event.handled, event.ended) + "  "
             + std::string(2 * std::min(level, max_indent), ' ')
             + what_of(event) + '\n';
  }

  const prompt_life& life_;
  std::vector<bool> visited_;
  std::vector<std::size_t> roots_;
  std::map<std::size_t, std::vector<std::size_t>> children_;
  std::string text_;
};

std::string life_head(const prompt_life& life) {
  auto first = life.events.front().began;
  auto last = first;
  for (const auto& e : life.events)
    last = std::max(last, e.ended.value_or(e.handled.value_or(e.began)));
  auto span = static_cast<std::uint64_t>(last - first);
  return "trace " + life.trace + ": " + std::to_string(life.events.size())
         + " events in " + duration_text(span) + ", from "
         + wall_time_text(life.began) + '\n' + right("since", column)
         + right("wait", column) + right("work", column) + '\n';
}

} // namespace

std::string life_tree(const prompt_life& life) {
  return life.events.empty() ? std::string{}
                             : life_head(life) + tree{life}.draw();
}

} // namespace container_agent::trace
