#include "main/log/redaction.hpp"

#include "main/log/ascii.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace container_agent {

namespace {

constexpr auto npos = std::string_view::npos;

/// Names longer than this are no names; bounds the work for each word.
constexpr std::size_t longest_name = 128;

constexpr std::array secret_words{"key",        "token",  "secret",
                                  "password",   "passwd", "passphrase",
                                  "credential", "cookie", "authorization"};

/// A well-known beginning, and how many characters of a token must follow it to
/// be taken for one.
struct known_prefix {
  std::string_view text;
  std::size_t least;
};

constexpr std::array<known_prefix, 17> known_prefixes{{{"sk-ant-", 1},
                                                       {"sk-", 16},
                                                       {"ghp_", 16},
                                                       {"gho_", 16},
                                                       {"ghu_", 16},
                                                       {"ghs_", 16},
                                                       {"ghr_", 16},
                                                       {"glpat-", 16},
                                                       {"github_pat_", 16},
                                                       {"npm_", 20},
                                                       {"xoxb-", 10},
                                                       {"xoxp-", 10},
                                                       {"AKIA", 16},
                                                       {"ASIA", 16},
                                                       {"AIza", 30},
                                                       {"ya29.", 16},
                                                       {"eyJ", 30}}};

using char_set = std::array<bool, 256>;

constexpr char_set set_of(std::string_view chars, char_set result = {}) {
  for (char c : chars)
    result[static_cast<unsigned char>(c)] = true;
  return result;
}

constexpr auto alnum = set_of("0123456789abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
constexpr auto name_chars = set_of("-_.", alnum);

/// What tokens consist of: base64 in both alphabets, and dots.
constexpr auto token_chars = set_of("-_.+/=~", alnum);

constexpr auto blanks = set_of(" \t");
constexpr auto backslash = set_of("\\");

/// What a known beginning begins with: most words are none by their first
/// character.
constexpr auto first_of_prefixes = [] {
  char_set result{};
  for (auto prefix : known_prefixes)
    result[static_cast<unsigned char>(prefix.text.front())] = true;
  return result;
}();

bool contains(const char_set& set, char c) {
  return set[static_cast<unsigned char>(c)];
}

class redactor {
public:
  explicit redactor(std::string_view text) : text_{text} {}

  std::string run() {
    result_.reserve(text_.size());
    while (at_ < text_.size()) {
      auto at_word = at_ == 0 || !contains(alnum, text_[at_ - 1]);
      if (at_word && contains(alnum, text_[at_])) {
        if (!credentials() && !token() && !assignment())
          keep_to(past(at_, alnum));
      } else if (!private_key() && !url_password()) {
        keep_to(at_ + 1);
      }
    }
    return std::move(result_);
  }

private:
  /// Of the text; its end is a NUL.
  char char_at(std::size_t at) const {
    return at < text_.size() ? text_[at] : '\0';
  }

  /// The end of a run of such characters, at most `longest` of them.
  std::size_t past(std::size_t from, const char_set& set,
                   std::size_t longest = npos) const {
    auto at = from;
    while (at < text_.size() && at - from < longest && contains(set, text_[at]))
      ++at;
    return at;
  }

  /// The first of these characters, or the text's end.
  std::size_t first_of(std::string_view chars, std::size_t from) const {
    return std::min(text_.find_first_of(chars, from), text_.size());
  }

  /// Whether this word, in small letters, is there in any case.
  bool is_word(std::size_t at, std::string_view word) const {
    auto there = text_.substr(at, word.size());
    return std::equal(there.begin(), there.end(), word.begin(), word.end(),
                      [](char c, char w) { return ascii_lower(c) == w; });
  }

  void keep_to(std::size_t end) {
    result_ += text_.substr(at_, end - at_);
    at_ = end;
  }

  bool hide(std::size_t from, std::size_t to) {
    keep_to(from);
    result_ += redacted;
    at_ = to;
    return true;
  }

  /// `Bearer …` anywhere. "basic" is an ordinary word, so only what looks like
  /// base64 counts after it.
  bool credentials() {
    auto is_bearer = is_word(at_, "bearer");
    if (!is_bearer && !is_word(at_, "basic"))
      return false;
    auto from = behind_scheme(at_);
    auto to = past(from, token_chars);
    return from > at_ && to - from >= (is_bearer ? 1 : 16) && hide(from, to);
  }

  bool token() {
    if (!contains(first_of_prefixes, text_[at_]))
      return false;
    auto end = past(at_, token_chars);
    auto found = text_.substr(at_, end - at_);
    for (auto [prefix, least] : known_prefixes)
      if (found.starts_with(prefix) && found.size() >= prefix.size() + least)
        return hide(at_, end);
    return false;
  }

  /// NAME=value, NAME: value, "NAME": "value".
  bool assignment() {
    if (at_ < name_end_)
      return false;
    auto end = past(at_, name_chars, longest_name);
    auto is = past(end, backslash);
    is = past(is_quote(is) ? is + 1 : is, blanks);
    auto name = text_.substr(at_, end - at_);
    if ((char_at(is) == '=' || char_at(is) == ':') && is_secret_name(name)) {
      hide_value(name, past(is + 1, blanks));
      return true;
    }
    // The whole name was looked at. Its parts may still begin a token, and
    // those of one that was cut are looked at again.
    if (name.size() < longest_name)
      name_end_ = end;
    return false;
  }

  void hide_value(std::string_view name, std::size_t at) {
    auto begin = behind_scheme(at);
    auto [from, to] = value_at(begin);
    if (from != begin)
      from = behind_scheme(from);
    // Without quotes a cookie would end at its first semicolon.
    else if (ascii_lower(name).find("cookie") != npos)
      to = first_of("\r\n\"'", from);
    keep_to(from);
    if (from < to)
      hide(from, to);
  }

  /// The scheme of an Authorization header stays readable.
  std::size_t behind_scheme(std::size_t at) const {
    for (std::string_view scheme : {"bearer", "basic", "token", "digest"})
      if (is_word(at, scheme) && contains(blanks, char_at(at + scheme.size())))
        return past(at + scheme.size(), blanks);
    return at;
  }

  bool is_quote(std::size_t at) const {
    return char_at(at) == '"' || char_at(at) == '\'';
  }

  /// Where a value begins and ends: between its quotes (also quotes that are
  /// escaped, as in JSON within JSON), else up to the next blank or separator.
  std::pair<std::size_t, std::size_t> value_at(std::size_t at) const {
    auto from = past(at, backslash);
    if (!is_quote(from))
      return {at, first_of(" \t\n\r,;&\"'})", at)};
    auto quote = text_.substr(at, ++from - at);
    auto to = from;
    // A plain quote may be escaped in the value.
    while (to < text_.size() && !text_.substr(to).starts_with(quote))
      to += text_[to] == '\\' && quote.size() == 1 ? 2 : 1;
    return {from, std::min(to, text_.size())};
  }

  bool private_key() {
    constexpr std::string_view label = "PRIVATE KEY-----";
    auto rest = text_.substr(at_, 80);
    auto labelled = rest.starts_with("-----BEGIN ") ? rest.find(label) : npos;
    if (labelled == npos)
      return false;
    auto from = at_ + labelled + label.size();
    return hide(from, std::min(text_.find("-----END ", from), text_.size()));
  }

  /// scheme://user:password@host
  bool url_password() {
    if (!text_.substr(at_).starts_with("://"))
      return false;
    auto from = at_ + 3;
    auto authority = text_.substr(from, first_of("/?# \t\"'\n", from) - from);
    auto at = authority.rfind('@');
    auto colon = authority.find(':');
    if (at == npos || colon == npos || colon + 1 >= at)
      return false;
    return hide(from + colon + 1, from + at);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t name_end_ = 0; // of what was looked at as a name
  std::string result_;
};

} // namespace

bool is_secret_name(std::string_view name) {
  auto low = ascii_lower(name);
  return std::any_of(secret_words.begin(), secret_words.end(),
                     [&low](auto word) { return low.find(word) != npos; });
}

std::string redact(std::string_view text) {
  return redactor{text}.run();
}

} // namespace container_agent
