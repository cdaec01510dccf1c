#include "test/simulation/input_ledger.hpp"

#include "test/simulation/line_text.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace container_agent::simulation {

namespace {

/// As many brackets are closed as opened. What is in strings does not count.
bool is_closed(std::string_view text) {
  int depth = 0;
  auto in_string = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    auto c = text[at];
    if (in_string && c == '\\')
      ++at;
    else if (c == '"')
      in_string = !in_string;
    else if (!in_string && (c == '{' || c == '['))
      ++depth;
    else if (!in_string && (c == '}' || c == ']'))
      --depth;
  }
  return depth <= 0 && !in_string;
}

/// The rest of an object whose beginning an earlier agent has read: a member,
/// or brackets only. The host's prompts begin with a letter.
bool looks_like_json(std::string_view line) {
  if (line.find_first_not_of("}], ") == std::string_view::npos)
    return true;
  auto end = line.find('"', 1);
  if (line.front() != '"' || end == std::string_view::npos)
    return false;
  auto rest = line.substr(end + 1);
  return rest.empty() || rest == "," || rest.starts_with(':');
}

/// A line may follow that makes JSON of it.
bool may_go_on(std::string_view text) {
  auto whole = std::string{text} + '\n';
  try {
    return nlohmann::json::parse(whole).is_object();
  } catch (const nlohmann::json::parse_error& e) {
    return e.byte > whole.size();
  }
}

} // namespace

void input_ledger::deliver(std::string_view data, bool at_end) {
  all_ += data;
  read_on(data, at_end);
}

void input_ledger::read_on(std::string_view data, bool at_end) {
  auto& part = now_.part;
  part += data;
  std::size_t begin = 0;
  for (auto end = part.find('\n'); end != std::string::npos;
       end = part.find('\n', begin)) {
    now_.position += end + 1 - begin;
    take(std::string_view{part}.substr(begin, end - begin), false);
    begin = end + 1;
  }
  part.erase(0, begin);
  if (!at_end)
    return;
  now_.position += part.size();
  if (!part.empty())
    take(std::exchange(part, {}), true);
  now_.json.reset();
}

// What came before and was passed on has got all it will get.
const expectation* input_ledger::next(std::uint64_t line) {
  while (!open().empty() && open().front().what == expectation::kind::passed_on
         && open().front().number != line)
    open().pop_front();
  return open().empty() ? nullptr : &open().front();
}

// An agent whose host may go on with JSON that has begun waits for that.
std::uint64_t input_ledger::owed() const {
  auto unfinished = now_.json && now_.json->valid && !now_.json->told;
  for (const auto& line : now_.open)
    if (line.what != expectation::kind::passed_on
        && !(unfinished && &line == &now_.open.back()))
      return line.number;
  return 0;
}

std::uint64_t input_ledger::next_reader(std::uint64_t position) {
  std::uint64_t missed = 0;
  for (const auto& line : now_.open)
    if (line.what != expectation::kind::passed_on && line.end <= position
        && missed == 0)
      missed = line.number;
  now_ = {};
  now_.position = position;
  read_on(std::string{std::string_view{all_}.substr(position)}, false);
  return missed;
}

void input_ledger::take(std::string_view line, bool cut) {
  auto& now = now_;
  ++now.lines;
  if (line.ends_with('\r'))
    line.remove_suffix(1);
  if (now.json && belongs_to_json(line))
    return;
  auto meaning = meaning_of(line, cut);
  meaning.number = now.lines;
  meaning.end = now.position;
  using kind = expectation::kind;
  if (meaning.what == kind::passed_on && !meaning.uuid.empty() && on_control)
    on_control(meaning);
  if (meaning.what == kind::status)
    ++now.status_requests;
  else if (meaning.what != kind::nothing)
    now.open.push_back(std::move(meaning));
  auto long_one = line.size() > max_line_;
  auto text = without_blanks(line);
  if (!cut && !text.empty() && (text.starts_with('{') || looks_like_json(text))
      && (long_one || !is_closed(line)))
    now.json
      = json_part{std::string{line}, may_go_on(line), !long_one, long_one};
  if (now.json)
    now.json->told = now.json->told || !now.json->valid;
}

// The host writes no JSON over several lines: all of it is refused, and nothing
// that belongs to it gets a record.
bool input_ledger::belongs_to_json(std::string_view line) {
  auto& now = now_;
  auto& json = *now.json;
  auto fits = line.size() <= max_line_;
  auto all = json.text + '\n' + std::string{line};
  json.valid = json.valid && fits && may_go_on(all);
  auto i = known_.find(without_blanks(line));
  using kind = expectation::kind;
  if (!json.valid && fits && i != known_.end()
      && i->second.what != kind::rejected) {
    now.json.reset();
    return false;
  }
  if (!json.told && all.size() > max_line_)
    now.open.back().reason = "too_long";
  else if (!json.told && all.find('\xff') != std::string::npos)
    now.open.back().reason = "invalid_utf8";
  json.told = json.told || all.size() > max_line_ || !json.valid;
  json.known = json.known && fits;
  json.text = std::move(all);
  if (json.known && is_closed(json.text))
    now.json.reset();
  return true;
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
  if (looks_like_json(line))
    return {kind::rejected, {}, "invalid_json"};
  if (cut)
    return {kind::rejected, {}, "incomplete_line"};
  return {kind::prompt, {}, {}};
}

} // namespace container_agent::simulation
