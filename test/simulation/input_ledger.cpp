#include "test/simulation/input_ledger.hpp"

#include "test/simulation/line_text.hpp"

#include <utility>

namespace container_agent::simulation {

void input_ledger::deliver(std::string_view data, bool at_end) {
  part_ += data;
  std::size_t begin = 0;
  for (auto end = part_.find('\n'); end != std::string::npos;
       end = part_.find('\n', begin)) {
    take(std::string_view{part_}.substr(begin, end - begin), false);
    begin = end + 1;
  }
  part_.erase(0, begin);
  if (at_end && !part_.empty())
    take(std::exchange(part_, {}), true);
}

// What came before and was passed on has got all it will get.
const expectation* input_ledger::next(std::uint64_t line) {
  while (!open_.empty() && open_.front().what == expectation::kind::passed_on
         && open_.front().number != line)
    open_.pop_front();
  return open_.empty() ? nullptr : &open_.front();
}

std::uint64_t input_ledger::owed() const {
  for (const auto& line : open_)
    if (line.what != expectation::kind::passed_on)
      return line.number;
  return 0;
}

void input_ledger::take(std::string_view line, bool cut) {
  ++lines_;
  if (line.ends_with('\r'))
    line.remove_suffix(1);
  auto meaning = meaning_of(line, cut);
  meaning.number = lines_;
  using kind = expectation::kind;
  if (meaning.what == kind::status)
    ++status_requests_;
  else if (meaning.what != kind::nothing)
    open_.push_back(std::move(meaning));
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
