#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

/// The one way in which JSON is checked and taken apart: while it comes, so
/// that nothing is built that is not wanted. Boost.JSON does the checking.
namespace container_agent::codec {

/// What a value is. `too_long`: a string over the limit.
enum class json_kind : std::uint8_t {
  absent,
  null,
  boolean,
  number,
  string,
  too_long,
  object,
  array
};

/// What there is, and the text if that is a string within the limit.
struct json_part {
  json_kind what = json_kind::absent;
  std::string text{};
};

/// A value that was wanted. An object or an array only says that it begins.
struct json_value {
  json_kind what;
  std::string& text;    ///< of a string; of a number, as it is written
  bool fits = true;     ///< `get` has found what it was asked for, or null
  bool is_last = false; ///< to be set: nothing more is wanted

  /// Assigns the value. If it is null or something else, `to` becomes empty.
  void get(std::string& to) {
    to.clear();
    if (what == json_kind::string)
      to.swap(text);
    else
      fits = what == json_kind::null;
  }

  void get(bool& to) {
    to = what == json_kind::boolean && text == "true";
    fits = what == json_kind::boolean || what == json_kind::null;
  }

  template <class Number>
  requires std::integral<Number> || std::floating_point<Number>
  void get(Number& to) {
    to = {};
    const auto* end = text.data() + text.size();
    auto read = std::from_chars(text.data(), end, to);
    fits = what == json_kind::null
           || (what == json_kind::number && read.ptr == end
               && read.ec == std::errc{});
    if (!fits)
      to = {};
  }

  void get(json_kind& to) {
    to = what == json_kind::too_long ? json_kind::string : what;
  }

  void get(json_part& to) {
    get(to.what);
    get(to.text);
  }

  template <class Value>
  void get(std::optional<Value>& to) {
    get(to.emplace());
    if (what == json_kind::null)
      to.reset();
  }
};

/// A member that is wanted, or with the name `[]` the elements of an array.
struct json_wish {
  std::size_t depth; ///< 1: of the outermost object; more: of the last wish
                     ///< before it that is one less deep
  std::string_view name;
  void (*take)(void* to, json_value& value) = nullptr;
  bool is_long = false; ///< `max_long_text` holds for it
};

template <class Owner, class Value>
Owner owner_of(Value Owner::*);

/// Takes a value into a member, as in `into<&envelope::type>`, or a member of a
/// member.
template <auto Member, auto... Inner>
void into(void* to, json_value& value) {
  auto& member = static_cast<decltype(owner_of(Member))*>(to)->*Member;
  value.get((member.*....*Inner));
}

/// Takes a value by a function.
template <class To, void (*Take)(To& to, json_value& value)>
void by(void* to, json_value& value) {
  Take(*static_cast<To*>(to), value);
}

/// Deeper JSON is refused: at some depth, which depends on its stack, Claude
/// Code's parser ends the whole process.
inline constexpr std::size_t max_json_depth = 512;

/// If two members have the same name, the last one counts, as in JavaScript.
class json_reader {
public:
  struct rules {
    /// As Claude Code writes: U+FFFD stands for half a surrogate pair, and
    /// bytes may be no UTF-8.
    bool lenient = false;
    bool ignores_rest = false; ///< of the text, behind the value
    std::size_t max_text = -1;
    std::size_t max_long_text = -1;
  };

  enum class state : std::uint8_t { begun, whole, satisfied, wrong };

  /// `to` is what the wishes take their values into.
  json_reader(std::span<const json_wish> wishes, void* to, rules r);
  explicit json_reader(std::span<const json_wish> wishes = {},
                       void* to = nullptr)
    : json_reader{wishes, to, rules{}} {}
  ~json_reader();

  /// Takes the next piece of the text.
  void feed(std::string_view piece);

  /// The text has ended.
  void finish();

  /// Begins anew.
  void reset();

  state now() const { return state_; }

  /// What the text is, as far as one can tell from its beginning.
  json_kind root() const;

  /// The first member that did not fit; else empty.
  std::string_view misfit() const;

  /// What is wrong and where, or an empty text. Does not quote.
  const std::string& fault() const { return fault_; }

private:
  struct parser;

  void parse(std::string_view piece, bool more);
  void fail(std::string what);

  std::unique_ptr<parser> parser_;
  rules rules_;
  state state_ = state::begun;
  std::size_t position_ = 0; // of the next piece
  std::string fault_;
  std::string cut_; // an escape that goes on in the next piece
};

/// Whether a text is JSON, and nothing else.
bool is_json(std::string_view text);

/// Whether a line of Claude's is one object, so neither truncated nor mixed up.
bool is_whole_object(std::string_view line);

} // namespace container_agent::codec
