#include "main/trace_follow.hpp"

#include "main/control_client.hpp"
#include "main/trace/duration_text.hpp"
#include "main/trace/line_parser.hpp"
#include "messages/trace_id.hpp"

#include <unistd.h>

#include <algorithm>

#include <iostream>
#include <map>
#include <string_view>
#include <utility>

namespace container_agent {

namespace {

using trace::event_kind;
using trace::trace_event;

constexpr std::string_view faint = "\x1b[2m";
constexpr std::string_view red = "\x1b[31m";
constexpr std::string_view plain = "\x1b[0m";

/// What people see of an event.
class event_printer {
public:
  event_printer(const follow_filter& filter, std::ostream& out, bool colours)
    : filter_{filter}, out_{out}, colours_{colours} {
    auto is_id = filter.prompt.size() == 32
                 && filter.prompt.find_first_not_of("0123456789abcdef")
                      == std::string::npos;
    prompt_ = filter.prompt.empty() || is_id
                ? filter.prompt
                : to_string(trace_id_of(filter.prompt));
  }

  /// False once nobody listens any more.
  bool print(std::string_view line) {
    auto fault = parser_.read(line);
    const auto& e = parser_.event();
    if (!fault.empty())
      out_ << "(a line that is not understood: " << fault << ")\n";
    else if (is_wanted(e))
      filter_.json ? void(out_ << line << '\n') : show(e);
    return static_cast<bool>(out_.flush());
  }

private:
  bool is_wanted(const trace_event& e) const {
    if (e.kind == event_kind::header || e.kind == event_kind::dropped)
      return true;
    return (filter_.actor.empty() || e.actor == filter_.actor
            || e.from == filter_.actor)
           && (filter_.type.empty() || e.type == filter_.type)
           && (prompt_.empty() || e.trace == prompt_);
  }

  void show(const trace_event& e) {
    if (e.kind == event_kind::header) {
      epoch_us_ = e.epoch_us;
      out_ << dim("agent ") << e.agent << dim(", process ") << e.pid << '\n';
      return;
    }
    if (e.kind == event_kind::dropped) {
      out_ << paint(red, std::to_string(e.count)
                           + " events were left out: this terminal was too "
                             "slow")
           << '\n';
      return;
    }
    auto since_1970 = static_cast<std::uint64_t>(epoch_us_) * 1000 + e.at;
    out_ << dim(trace::wall_time_text(since_1970).substr(11, 15)) << "  ";
    if (e.kind == event_kind::message)
      show_message(e);
    else
      show_other(e);
    out_ << '\n';
  }

  void show_message(const trace_event& e) {
    out_ << actor(e.from.empty() ? "outside" : e.from) << " → "
         << actor(e.actor) << "  " << e.type;
    if (!e.summary.empty())
      out_ << ' ' << dim(e.summary);
    if (auto waited = trace::queueing(e))
      out_ << dim("  waited ") << trace::duration_text(*waited);
    if (auto took = trace::handling(e))
      out_ << dim(", took ") << trace::duration_text(*took);
    if (e.outcome != "handled")
      out_ << "  " << paint(red, std::string{e.outcome});
  }

  void show_other(const trace_event& e) {
    switch (e.kind) {
      case event_kind::spawn:
        out_ << actor(e.actor) << (e.incarnation > 1 ? " restarted" : " began");
        break;
      case event_kind::end:
        out_ << actor(e.actor) << " ended: "
             << (e.failed ? paint(red, std::string{e.reason})
                          : std::string{e.reason});
        break;
      case event_kind::timer:
        out_ << actor(e.actor) << dim(" sets a timer: ") << e.type << " in "
             << trace::duration_text(e.due - std::min(e.due, e.at));
        break;
      case event_kind::bytes:
        out_ << dim(e.port) << ' ' << e.count << " B "
             << (e.direction == "in" ? "read" : "written");
        break;
      default: out_ << dim("(an event of a kind that is not known)");
    }
  }

  std::string paint(std::string_view colour, std::string text) const {
    return colours_ ? std::string{colour} + text + std::string{plain}
                    : std::move(text);
  }

  std::string dim(std::string_view text) const {
    return paint(faint, std::string{text});
  }

  // Each in its own colour, the same from one run to the next.
  std::string actor(std::string_view name) const {
    static const std::map<std::string_view, std::string_view> colours{
      {"pipe_input", "\x1b[32m"},     {"conversation", "\x1b[36m"},
      {"claude_process", "\x1b[35m"}, {"pipe_output", "\x1b[34m"},
      {"health_monitor", "\x1b[33m"}, {"shutdown_coordinator", "\x1b[31m"},
    };
    auto i = colours.find(name);
    return i == colours.end() ? std::string{name}
                              : paint(i->second, std::string{name});
  }

  const follow_filter& filter_;
  std::ostream& out_;
  bool colours_;
  std::string prompt_;
  trace::line_parser parser_;
  std::int64_t epoch_us_ = 0;
};

} // namespace

int follow_trace(const std::string& control_socket, const follow_filter& filter,
                 std::ostream& out, std::ostream& err) {
  using namespace std::chrono_literals;
  constexpr std::string_view data = "data: ";
  event_printer printer{filter, out, ::isatty(STDOUT_FILENO) == 1};
  std::string refusal;
  try {
    control_client client{control_socket, 5s};
    client.stream("GET /trace HTTP/1.1\r\nHost: localhost\r\n\r\n",
                  [&](std::string_view line) {
                    if (line.starts_with("HTTP/1.1 ")
                        && !line.starts_with("HTTP/1.1 200"))
                      refusal = line.substr(9);
                    return !line.starts_with(data)
                           || printer.print(line.substr(data.size()));
                  });
  } catch (const client_error& error) {
    err << "container-agent: " << error.what() << '\n';
    return 1;
  }
  if (refusal.empty())
    return 0;
  err << "container-agent: the agent does not show its trace: " << refusal
      << '\n';
  return 1;
}

} // namespace container_agent
