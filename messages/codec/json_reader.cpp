#include "messages/codec/json_reader.hpp"

#include <boost/json/basic_parser_impl.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace container_agent::codec {

namespace {

using code = boost::json::error_code;
using text_part = boost::json::string_view;

constexpr std::string_view elements = "[]"; // the name of a wish for them

constexpr std::size_t unit_size = 6; // `\uffff`
constexpr std::size_t half_a_pair = -1;

/// Receives the values one by one from Boost.JSON's parser. Handlers return
/// false to end the parse.
class wish_keeper {
public:
  // The reader has limits of its own.
  static constexpr std::size_t max_object_size = -1;
  static constexpr std::size_t max_array_size = -1;
  static constexpr std::size_t max_key_size = -1;
  static constexpr std::size_t max_string_size = -1;

  wish_keeper(std::span<const json_wish> wishes, void* to,
              const json_reader::rules& r)
    : wishes_{wishes}, to_{to}, rules_{r} {}

  bool on_document_begin(code&) { return true; }
  bool on_document_end(code&) { return true; }
  bool on_object_begin(code&) { return open(json_kind::object); }
  bool on_object_end(std::size_t, code&) { return close(); }
  bool on_array_begin(code&) { return open(json_kind::array); }
  bool on_array_end(std::size_t, code&) { return close(); }

  bool on_key_part(text_part part, std::size_t, code&) {
    if (depth_ == known_)
      key_.append(part.data(),
                  std::min(part.size(), max_key + 1 - key_.size()));
    return true;
  }

  bool on_key(text_part part, std::size_t size, code& error) {
    on_key_part(part, size, error);
    if (depth_ == known_)
      next_ = key_ == elements ? nullptr : find(levels_[known_ - 1].wish, key_);
    key_.clear();
    return true;
  }

  bool on_string_part(text_part x, std::size_t, code&) { return keep(x); }
  bool on_string(text_part x, std::size_t, code&) {
    return keep(x) && tell(json_kind::string);
  }

  bool on_number_part(text_part x, code&) { return keep(x); }
  bool on_int64(std::int64_t, text_part x, code&) { return number(x); }
  bool on_uint64(std::uint64_t, text_part x, code&) { return number(x); }
  bool on_double(double, text_part x, code&) { return number(x); }

  bool on_bool(bool value, code&) {
    return keep(value ? "true" : "false") && tell(json_kind::boolean);
  }

  bool on_null(code&) { return tell(json_kind::null); }
  bool on_comment_part(text_part, code&) { return true; }
  bool on_comment(text_part, code&) { return true; }

  void reset() {
    depth_ = known_ = 0;
    next_ = nullptr;
    key_.clear();
    text_.clear();
    too_long_ = satisfied = false;
    root = json_kind::absent;
    misfit = {};
  }

  json_kind root = json_kind::absent;
  bool satisfied = false;
  std::string_view misfit;

private:
  // Longer keys are none of ours.
  static constexpr std::size_t max_key = 32;

  // A container of which something is wanted.
  struct level {
    const json_wish* wish;     // null: the outermost
    const json_wish* elements; // of an array
  };

  const json_wish* end() const { return wishes_.data() + wishes_.size(); }

  const json_wish* find(const json_wish* outer, std::string_view name) const {
    auto depth = outer == nullptr ? 1 : outer->depth + 1;
    const auto* at = outer == nullptr ? wishes_.data() : outer + 1;
    for (; at != end() && at->depth >= depth; ++at)
      if (at->depth == depth && at->name == name)
        return at;
    return nullptr;
  }

  // The wish for the value that comes now.
  const json_wish* wish() const {
    if (depth_ != known_ || depth_ == 0)
      return nullptr;
    const auto* of_array = levels_[known_ - 1].elements;
    return of_array != nullptr ? of_array : next_;
  }

  bool number(text_part part) { return keep(part) && tell(json_kind::number); }

  bool keep(text_part part) {
    const auto* wanted = wish();
    if (wanted == nullptr || too_long_)
      return true;
    auto most = wanted->is_long ? rules_.max_long_text : rules_.max_text;
    too_long_ = part.size() > most - text_.size();
    if (too_long_)
      text_ = {};
    else
      text_.append(part.data(), part.size());
    return true;
  }

  bool tell(json_kind what) {
    if (depth_ == 0)
      root = what;
    if (const auto* wanted = wish()) {
      if (too_long_ && what == json_kind::string)
        what = json_kind::too_long;
      json_value value{what, text_};
      if (wanted->take != nullptr)
        wanted->take(to_, value);
      if (!value.fits && misfit.empty())
        misfit = wanted->name;
      satisfied = value.is_last;
    }
    text_.clear();
    too_long_ = false;
    return !satisfied;
  }

  bool open(json_kind what) {
    const auto* outer = wish();
    auto inside = depth_ == 0
                  || (outer != nullptr && outer + 1 != end()
                      && outer[1].depth > outer->depth);
    auto go_on = tell(what);
    if (inside && known_ < levels_.size()) {
      levels_[known_++]
        = {outer, what == json_kind::array ? find(outer, elements) : nullptr};
      next_ = nullptr;
    }
    ++depth_;
    return go_on;
  }

  bool close() {
    if (depth_-- == known_)
      --known_;
    next_ = nullptr;
    return true;
  }

  std::span<const json_wish> wishes_;
  void* to_;
  json_reader::rules rules_;
  std::size_t depth_ = 0; // containers that are open
  std::size_t known_ = 0; // the outer ones of them, in which to look
  std::array<level, 5> levels_{};
  const json_wish* next_ = nullptr; // for the value behind the last key
  std::string key_;
  std::string text_;
  bool too_long_ = false;
};

/// Whether there may be an escape of `\u`, also one that goes on behind the
/// end. By blocks, for which the compiler has one instruction: this looks at
/// nearly all that Claude says.
bool may_have_units(std::string_view text) {
  constexpr std::size_t block = 32;
  auto escapes = [&text](std::size_t from, std::size_t count) {
    unsigned found = 0;
    for (auto i = from; i < from + count; ++i)
      found |= static_cast<unsigned>((text[i] == '\\') & (text[i + 1] == 'u'));
    return found != 0;
  };
  if (text.empty() || text.back() == '\\')
    return !text.empty();
  std::size_t at = 0;
  while (at + block < text.size() && !escapes(at, block))
    at += block;
  return escapes(at, std::min(block, text.size() - 1 - at));
}

/// The first six bits of the code unit in a `\u` escape at the front.
unsigned range_of(std::string_view text) {
  unsigned unit = 0;
  if (text.size() >= unit_size && text.starts_with("\\u"))
    std::from_chars(text.data() + 2, text.data() + unit_size, unit, 16);
  return unit >> 10;
}

/// The length of the escape at the front, where a pair of surrogates is one.
/// `half_a_pair`: it is one; 0: it goes on behind the end.
std::size_t escape_length(std::string_view text) {
  constexpr unsigned first = 0xd800 >> 10;
  constexpr unsigned second = 0xdc00 >> 10;
  if (text.size() < 2)
    return 0;
  if (text[1] != 'u')
    return 2;
  if (text.size() < unit_size)
    return 0;
  if (range_of(text) != first)
    return range_of(text) == second ? half_a_pair : unit_size;
  auto next = text.substr(unit_size, unit_size);
  if (range_of(next) == second)
    return 2 * unit_size;
  auto goes_on = next.size() < unit_size
                 && std::string_view{"\\u"}.starts_with(next.substr(0, 2));
  return goes_on ? 0 : half_a_pair;
}

} // namespace

struct json_reader::parser : boost::json::basic_parser<wish_keeper> {
  using basic_parser::basic_parser;
};

json_reader::json_reader(std::span<const json_wish> wishes, void* to, rules r)
  : rules_{r} {
  boost::json::parse_options options;
  options.max_depth = max_json_depth;
  options.allow_invalid_utf8 = r.lenient;
  parser_ = std::make_unique<parser>(options, wishes, to, r);
}

json_reader::~json_reader() = default;

// JavaScript writes half a surrogate pair as it is. No UTF-8 can hold it, and
// the parser takes it for a fault.
void json_reader::feed(std::string_view piece) {
  if (state_ != state::begun && (rules_.ignores_rest || state_ != state::whole))
    return;
  std::string joined;
  if (!cut_.empty())
    piece = joined = std::exchange(cut_, {}).append(piece);
  if (!rules_.lenient || !may_have_units(piece))
    return parse(piece, true);
  for (std::size_t at = 0; (at = piece.find('\\', at)) != piece.npos;) {
    auto length = escape_length(piece.substr(at));
    if (length != 0 && length != half_a_pair) {
      at += length;
      continue;
    }
    parse(piece.substr(0, at), true);
    if (length == 0) {
      cut_ = piece.substr(at);
      return;
    }
    parse("\\ufffd", true);
    piece.remove_prefix(at + unit_size);
    at = 0;
  }
  parse(piece, true);
}

void json_reader::finish() {
  parse(std::exchange(cut_, {}), false);
}

void json_reader::reset() {
  parser_->reset();
  parser_->handler().reset();
  state_ = state::begun;
  position_ = 0;
  fault_.clear();
  cut_.clear();
}

json_kind json_reader::root() const {
  return parser_->handler().root;
}

std::string_view json_reader::misfit() const {
  return parser_->handler().misfit;
}

void json_reader::parse(std::string_view piece, bool more) {
  if (state_ == state::satisfied || state_ == state::wrong)
    return; // it may be so since the piece before
  code error;
  std::size_t read = 0;
  if (!parser_->done())
    read = parser_->write_some(more, piece.data(), piece.size(), error);
  if (parser_->handler().satisfied) {
    state_ = state::satisfied;
    return;
  }
  if (parser_->done())
    state_ = state::whole;
  if (state_ == state::whole && !rules_.ignores_rest) {
    read = std::min(piece.find_first_not_of(" \t\r\n", read), piece.size());
    if (read < piece.size())
      error = boost::json::error::extra_data;
  }
  if (error) {
    state_ = state::wrong;
    auto place = " at byte " + std::to_string(position_ + read);
    fault_
      = error == boost::json::error::too_deep
          ? "nested deeper than " + std::to_string(max_json_depth) + " levels"
        : piece.substr(read).starts_with('\n')
          ? "a line break" + place + R"(: within a string write it as \n)"
          : error.message() + place;
  }
  position_ += piece.size();
}

bool is_json(std::string_view text) {
  json_reader reader;
  reader.feed(text);
  reader.finish();
  return reader.now() == json_reader::state::whole;
}

bool is_whole_object(std::string_view line) {
  json_reader reader{{}, nullptr, {.lenient = true}};
  reader.feed(line);
  reader.finish();
  return line.starts_with('{') && reader.now() == json_reader::state::whole;
}

} // namespace container_agent::codec
