#include "test/simulation/input_ledger.hpp"

#include "test/simulation/line_text.hpp"

#include <utility>

namespace container_agent::simulation {

void input_ledger::deliver(std::string_view data, bool at_end) {
  auto& part = readings_.back().part;
  part += data;
  std::size_t begin = 0;
  for (auto end = part.find('\n'); end != std::string::npos;
       end = part.find('\n', begin)) {
    readings_.back().position += end + 1 - begin;
    take(std::string_view{part}.substr(begin, end - begin), false);
    begin = end + 1;
  }
  part.erase(0, begin);
  if (!at_end || part.empty())
    return;
  readings_.back().position += part.size();
  take(std::exchange(part, {}), true);
}

// What came before and was passed on has got all it will get.
const expectation* input_ledger::next(std::uint64_t line) {
  while (!open().empty() && open().front().what == expectation::kind::passed_on
         && open().front().number != line)
    open().pop_front();
  return open().empty() ? nullptr : &open().front();
}

std::uint64_t input_ledger::owed() const {
  for (const auto& line : readings_.front().open)
    if (line.what != expectation::kind::passed_on)
      return line.number;
  return 0;
}

std::deque<expectation> input_ledger::leave_reader() {
  auto result = std::move(open());
  readings_.pop_front();
  return result;
}

void input_ledger::take(std::string_view line, bool cut) {
  auto& now = readings_.back();
  ++now.lines;
  if (line.ends_with('\r'))
    line.remove_suffix(1);
  auto meaning = meaning_of(line, cut);
  meaning.number = now.lines;
  meaning.end = now.position;
  using kind = expectation::kind;
  if (meaning.what == kind::status)
    ++now.status_requests;
  else if (meaning.what != kind::nothing)
    now.open.push_back(std::move(meaning));
}

expectation input_ledger::meaning_of(std::string_view line, bool cut) const {
  using kind = expectation::kind;
  if (line.size() > max_line_)
    return {kind::rejected, {}, "too_long"};
  if (without_blanks(line).empty())
    return {};
  if (line.find('\xff') != std::string_view::npos)
    return {kind::rejected, {}, "invalid_utf8"};
  line = without_blanks(line);
  auto i = known_.find(line);
  if (line.starts_with('{')) // JSON that nobody has written whole is broken
    return i != known_.end() ? i->second
                             : expectation{kind::rejected, {}, "invalid_json"};
  if (cut)
    return {kind::rejected, {}, "incomplete_line"};
  return {kind::prompt, {}, {}};
}

} // namespace container_agent::simulation
