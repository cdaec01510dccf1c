#include "main/log/redaction.hpp"

#include "main/log/ascii.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace container_agent {

namespace {

constexpr auto npos = std::string_view::npos;

/// Arguments over this are told by their size: nobody reads them in a log, and
/// they tend to be prompts.
constexpr std::size_t longest_argument = 200;

/// Names longer than this are no names; bounds the work for each word.
constexpr std::size_t longest_name = 128;

constexpr std::array secret_words{"key",        "token",  "secret",
                                  "password",   "passwd", "passphrase",
                                  "credential", "cookie", "authorization"};

/// Claude's options whose value is somebody's text, or settings that may hold
/// keys.
constexpr std::array text_options{
  "--system-prompt", "--append-system-prompt", "--settings", "--mcp-config",
  "--agents",        "--json-schema",          "--prompt",
};

/// A well-known beginning, and how many characters of a token must follow it to
/// be taken for one.
struct known_prefix {
  std::string_view text;
  std::size_t least;
};

constexpr std::array known_prefixes{
  known_prefix{"sk-ant-", 1}, known_prefix{"sk-", 16},
  known_prefix{"ghp_", 16},   known_prefix{"gho_", 16},
  known_prefix{"ghu_", 16},   known_prefix{"ghs_", 16},
  known_prefix{"ghr_", 16},   known_prefix{"github_pat_", 16},
  known_prefix{"glpat-", 16}, known_prefix{"npm_", 20},
  known_prefix{"xoxb-", 10},  known_prefix{"xoxp-", 10},
  known_prefix{"AKIA", 16},   known_prefix{"ASIA", 16},
  known_prefix{"AIza", 30},   known_prefix{"ya29.", 16},
  known_prefix{"eyJ", 30},
};

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
         || (c >= 'A' && c <= 'Z');
}

/// What tokens consist of: base64 in both alphabets, and dots.
bool is_token_char(char c) {
  return is_alnum(c) || c == '-' || c == '_' || c == '.' || c == '+' || c == '/'
         || c == '=' || c == '~';
}

bool is_name_char(char c) {
  return is_alnum(c) || c == '-' || c == '_' || c == '.';
}

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

/// What a known beginning begins with: most words are none by their first
/// character.
constexpr auto first_of_prefixes = [] {
  std::array<bool, 256> result{};
  for (auto prefix : known_prefixes)
    result[static_cast<unsigned char>(prefix.text.front())] = true;
  return result;
}();

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size()
         && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
              return ascii_lower(x) == ascii_lower(y);
            });
}

bool starts_ignoring_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size()
         && equals_ignoring_case(text.substr(0, prefix.size()), prefix);
}

bool contains_ignoring_case(std::string_view text, std::string_view word) {
  for (std::size_t i = 0; i + word.size() <= text.size(); ++i)
    if (equals_ignoring_case(text.substr(i, word.size()), word))
      return true;
  return false;
}

template <class Predicate>
std::size_t run_length(std::string_view text, Predicate is_part) {
  auto end = std::find_if_not(text.begin(), text.end(), is_part);
  return static_cast<std::size_t>(end - text.begin());
}

/// The length of a value that begins here: quoted to its closing quote (also
/// a quote that is escaped, as in JSON within JSON), else to the next blank or
/// separator. The quotes stay.
struct value_extent {
  std::size_t skip;
  std::size_t length;
};

value_extent value_at(std::string_view text) {
  std::size_t slashes = run_length(text, [](char c) { return c == '\\'; });
  if (slashes < text.size()
      && (text[slashes] == '"' || text[slashes] == '\'')) {
    auto quote = text.substr(0, slashes + 1);
    auto end = slashes + 1;
    while (end < text.size()) {
      if (text.substr(end).starts_with(quote))
        break;
      // A plain quote may be escaped in the value.
      end += text[end] == '\\' && slashes == 0 ? 2 : 1;
    }
    end = std::min(end, text.size());
    return {slashes + 1, end - slashes - 1};
  }
  auto length = run_length(text, [](char c) {
    return !is_blank(c) && c != '\n' && c != '\r' && c != ',' && c != ';'
           && c != '&' && c != '"' && c != '\'' && c != '}' && c != ')';
  });
  return {0, length};
}

/// The scheme of an Authorization header stays readable, what follows goes.
std::size_t scheme_at(std::string_view text) {
  for (std::string_view scheme : {"bearer", "basic", "token", "digest"})
    if (starts_ignoring_case(text, scheme) && text.size() > scheme.size()
        && is_blank(text[scheme.size()]))
      return scheme.size() + run_length(text.substr(scheme.size()), is_blank);
  return 0;
}

class redactor {
public:
  explicit redactor(std::string_view text) : text_{text} {}

  std::string run() {
    result_.reserve(text_.size());
    while (at_ < text_.size()) {
      bool at_word = at_ == 0 || !is_alnum(text_[at_ - 1]);
      if (at_word && is_alnum(text_[at_])) {
        if (scheme() || token() || assignment())
          continue;
      } else if (text_[at_] == '-' && private_key()) {
        continue;
      } else if (text_[at_] == ':' && url_password()) {
        continue;
      }
      keep(1);
    }
    return std::move(result_);
  }

private:
  std::string_view rest() const { return text_.substr(at_); }

  void keep(std::size_t count) {
    count = std::min(count, text_.size() - at_);
    result_ += text_.substr(at_, count);
    at_ += count;
  }

  void replace(std::size_t count) {
    result_ += redacted;
    at_ += count;
  }

  /// `Bearer …` anywhere. "basic" is an ordinary word, so only what looks like
  /// base64 counts after it.
  bool scheme() {
    if (ascii_lower(text_[at_]) != 'b')
      return false;
    for (auto [name, least] :
         {known_prefix{"bearer", 1}, known_prefix{"basic", 16}}) {
      if (!starts_ignoring_case(rest(), name))
        continue;
      auto blanks = run_length(rest().substr(name.size()), is_blank);
      auto skip = name.size() + blanks;
      auto length = run_length(rest().substr(skip), is_token_char);
      if (blanks == 0 || length < least)
        continue;
      keep(skip);
      replace(length);
      return true;
    }
    return false;
  }

  bool token() {
    if (!first_of_prefixes[static_cast<unsigned char>(text_[at_])])
      return false;
    for (auto [prefix, least] : known_prefixes) {
      if (!rest().starts_with(prefix))
        continue;
      auto length = run_length(rest(), is_token_char);
      if (length < prefix.size() + least)
        continue;
      replace(length);
      return true;
    }
    return false;
  }

  /// NAME=value, NAME: value, "NAME": "value".
  bool assignment() {
    if (at_ < name_end_) {
      keep(run_length(rest(), is_alnum));
      return true;
    }
    auto start = rest().substr(0, longest_name);
    auto name = start.substr(0, run_length(start, is_name_char));
    auto is = name.size();
    is += run_length(rest().substr(is), [](char c) { return c == '\\'; });
    if (is < rest().size() && (rest()[is] == '"' || rest()[is] == '\''))
      ++is;
    is += run_length(rest().substr(is), is_blank);
    bool assigned
      = is < rest().size() && (rest()[is] == '=' || rest()[is] == ':');
    if (!assigned || !is_secret_name(name)) {
      // The whole name was looked at. Its parts may still begin a token, and
      // those of one that was cut are looked at again.
      if (name.size() < longest_name)
        name_end_ = at_ + name.size();
      keep(run_length(rest(), is_alnum));
      return true;
    }
    ++is;
    is += run_length(rest().substr(is), is_blank);
    auto value = rest().substr(is);
    auto [skip, length] = value_at(value);
    auto scheme = scheme_at(value.substr(skip));
    // Without quotes the value would end at the blank after the scheme, and a
    // cookie at its first semicolon.
    if (skip == 0 && contains_ignoring_case(name, "cookie"))
      length = std::min(value.find_first_of("\r\n\"'"), value.size());
    else if (skip == 0 && scheme != 0)
      length = scheme + value_at(value.substr(scheme)).length;
    scheme = std::min(scheme, length);
    if (length <= scheme) {
      keep(is + skip);
      return true;
    }
    keep(is + skip + scheme);
    replace(length - scheme);
    return true;
  }

  bool private_key() {
    constexpr std::string_view begin = "-----BEGIN ";
    constexpr std::string_view label = "PRIVATE KEY-----";
    constexpr std::string_view end = "-----END ";
    if (!rest().starts_with(begin))
      return false;
    auto labelled = rest().substr(0, 80).find(label);
    if (labelled == npos)
      return false;
    keep(labelled + label.size());
    replace(std::min(rest().find(end), rest().size()));
    return true;
  }

  /// scheme://user:password@host
  bool url_password() {
    if (!rest().starts_with("://"))
      return false;
    auto authority = rest().substr(3);
    authority = authority.substr(0, run_length(authority, [](char c) {
                                   return c != '/' && c != '?' && c != '#'
                                          && !is_blank(c) && c != '"'
                                          && c != '\'' && c != '\n';
                                 }));
    auto at = authority.rfind('@');
    auto colon = authority.find(':');
    if (at == npos || colon == npos || colon + 1 >= at)
      return false;
    keep(3 + colon + 1);
    replace(at - colon - 1);
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t name_end_ = 0; // of what was looked at as a name
  std::string result_;
};

} // namespace

bool is_secret_name(std::string_view name) {
  return std::any_of(secret_words.begin(), secret_words.end(), [&](auto word) {
    return contains_ignoring_case(name, word);
  });
}

std::string redact(std::string_view text) {
  return redactor{text}.run();
}

std::string redact_arguments(const std::vector<std::string>& arguments) {
  std::string line;
  bool secret = false;
  bool text = false;
  for (std::string_view argument : arguments) {
    if (!line.empty())
      line += ' ';
    auto equals = argument.find('=');
    bool is_option = argument.starts_with("--");
    auto name = is_option ? argument.substr(0, equals) : std::string_view{};
    bool is_text = std::find(text_options.begin(), text_options.end(), name)
                   != text_options.end();
    auto size_of = [](std::string_view value) {
      return '[' + std::to_string(value.size()) + " bytes]";
    };
    if (secret && !is_option)
      line += redacted;
    else if (text || argument.size() > longest_argument)
      line += size_of(argument);
    else if (is_text && equals != npos)
      line += std::string{name} + '=' + size_of(argument.substr(equals + 1));
    else
      line += redact(argument);
    secret = is_option && equals == npos && is_secret_name(name);
    text = is_text && equals == npos;
  }
  return line;
}

} // namespace container_agent
