#include "main/trace/tools/trace_tools.hpp"

#include <deque>
#include <ostream>
#include <string>
#include <utility>

namespace container_agent::trace {

namespace {

/// The last lines of a trace, each below the header that it belongs to.
class last_lines {
public:
  explicit last_lines(const view_limits& limits) : limits_{limits} {}

  void add(const trace_line& event, std::string_view line) {
    auto is_header = event.kind == event_kind::header;
    lines_.push_back({std::string{line}, is_header});
    bytes_ += line.size() + 1;
    events_ += is_header ? 0 : 1;
    while (events_ > limits_.events || bytes_ > limits_.bytes)
      drop_first();
  }

  std::uint64_t left_out() const { return left_out_; }

  template <class Take>
  void each(Take take) const {
    if (!header_.empty() && !lines_.empty() && !lines_.front().is_header)
      take(header_);
    for (const auto& line : lines_)
      take(line.text);
  }

private:
  struct kept_line {
    std::string text;
    bool is_header;
  };

  void drop_first() {
    auto first = std::move(lines_.front());
    lines_.pop_front();
    bytes_ -= first.text.size() + 1;
    if (first.is_header) {
      header_ = std::move(first.text);
      return;
    }
    --events_;
    ++left_out_;
  }

  view_limits limits_;
  std::deque<kept_line> lines_;
  std::string header_; // of the first line, unless that is one
  std::size_t events_ = 0;
  std::size_t bytes_ = 0;
  std::uint64_t left_out_ = 0;
};

// Whatever a text says, it cannot end the page's script element.
void write_line(std::ostream& out, std::string_view line) {
  for (;;) {
    auto found = line.find('<');
    out << line.substr(0, found);
    if (found == std::string_view::npos)
      break;
    out << "\\u003c";
    line.remove_prefix(found + 1);
  }
  out << '\n';
}

} // namespace

int view(std::string_view page, const view_limits& limits,
         const std::vector<trace_input>& inputs, std::ostream& out,
         std::ostream& err) {
  auto marker = page.find(view_marker);
  if (marker == std::string_view::npos) {
    err << "error: the page has no place for a trace\n";
    return 1;
  }
  last_lines last{limits};
  auto read = read_trace(
    inputs, [&](const auto& event, auto line) { last.add(event, line); }, err);
  auto place = marker + view_marker.find("</script>");
  out << page.substr(0, place) << '\n';
  if (last.left_out() > 0) {
    out << R"({"kind":"left_out","count":)" << last.left_out() << "}\n";
    err << "note: " << last.left_out() << " older events are not in the page, "
        << "which holds at most " << limits.events << " (see --last) and "
        << limits.bytes / 1024 / 1024 << " MiB\n";
  }
  last.each([&](std::string_view line) { write_line(out, line); });
  out << page.substr(place);
  auto code = close_reading(read, err);
  return finish_output(out, err) ? code : 1;
}

} // namespace container_agent::trace
