#include "main/trace/read/trace_reader.hpp"

#include "main/trace/read/line_parser.hpp"
#include "messages/codec/line_framer.hpp"

#include <istream>
#include <ostream>

namespace container_agent::trace {

namespace {

// The first faults say what is wrong with all of them.
constexpr std::uint64_t told_faults = 10;

constexpr std::streamsize read_size = 256 * 1024;

class input_reader {
public:
  input_reader(reading& counts, const event_taker& take, std::ostream& err)
    : counts_{counts}, take_{take}, err_{err} {}

  void read(const trace_input& input) {
    codec::line_framer lines{max_trace_line};
    std::string block(read_size, '\0');
    std::uint64_t number = 0;
    foreign_ = 0;
    while (input.stream->good()) {
      input.stream->read(block.data(), read_size);
      lines.feed(
        {block.data(), static_cast<std::size_t>(input.stream->gcount())});
      while (auto line = lines.next())
        read_line(input.name, ++number, *line, true);
    }
    if (auto line = lines.end())
      read_line(input.name, ++number, *line, false);
    tell_foreign(input.name);
    if (input.stream->bad()) {
      counts_.failed = true;
      err_ << input.name << ": cannot be read after line " << number << '\n';
    }
  }

private:
  void read_line(const std::string& name, std::uint64_t number,
                 const codec::framed_line& line, bool complete) {
    ++counts_.lines;
    auto too_long = line.what == codec::framed_line::kind::too_long;
    auto fault = too_long ? "longer than 1 MiB" : parser_.read(line.text);
    if (!too_long && parser_.event().kind == event_kind::header) {
      tell_foreign(name);
      foreign_ = fault.empty() || !complete ? 0 : number;
      if (foreign_ > 0)
        fault += "; what follows it cannot be read either";
    } else if (foreign_ > 0) {
      ++counts_.bad;
      ++left_out_;
      return;
    }
    if (fault.empty())
      hand_on(line.text);
    else if (complete)
      tell(name, number, fault);
    else
      ++counts_.torn;
  }

  /// What follows a header that is not understood means who knows what.
  void tell_foreign(const std::string& name) {
    if (left_out_ > 0)
      err_ << name << ": " << left_out_ << " lines were left out: they follow "
           << "the header in line " << foreign_ << '\n';
    left_out_ = 0;
  }

  void hand_on(std::string_view line) {
    const auto& event = parser_.event();
    if (event.kind == event_kind::other) {
      ++counts_.unknown;
      return;
    }
    if (event.kind == event_kind::header)
      ++counts_.headers;
    else
      ++counts_.events;
    if (event.kind == event_kind::dropped)
      counts_.dropped += event.count;
    take_(event, line);
  }

  void tell(const std::string& name, std::uint64_t number,
            const std::string& fault) {
    if (++counts_.bad <= told_faults)
      err_ << name << ':' << number << ": left out: " << fault << '\n';
  }

  reading& counts_;
  const event_taker& take_;
  std::ostream& err_;
  line_parser parser_;
  std::uint64_t foreign_ = 0;  // line of the header not understood; 0: it is
  std::uint64_t left_out_ = 0; // lines since that header
};

} // namespace

reading read_trace(const std::vector<trace_input>& inputs,
                   const event_taker& take, std::ostream& err) {
  reading counts;
  input_reader reader{counts, take, err};
  for (const auto& input : inputs)
    reader.read(input);
  return counts;
}

int close_reading(const reading& read, std::ostream& err) {
  auto note = [&](std::uint64_t count, const char* text) {
    if (count > 0)
      err << "note: " << count << ' ' << text << '\n';
  };
  if (read.lines == 0)
    err << "error: the trace is empty\n";
  else if (read.headers == 0)
    err << "note: the trace has no header: its times count from 1970\n";
  note(read.torn, "torn last line was left out: its writer ended within it");
  note(read.unknown, "lines are of kinds that this program does not know");
  note(read.dropped, "events are missing: the trace's writer could not keep "
                     "up");
  if (read.bad > 0)
    err << "error: " << read.bad << " of " << read.lines
        << " lines were left out: they are no lines of a trace that this "
        << "program reads\n";
  return read.bad > 0 || read.failed || read.lines == 0 ? 1 : 0;
}

bool finish_output(std::ostream& out, std::ostream& err) {
  if (out.flush())
    return true;
  err << "error: the output could not be written: is the disk full?\n";
  return false;
}

} // namespace container_agent::trace
