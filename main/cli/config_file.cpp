#include "main/cli/config_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <system_error>

namespace container_agent {

namespace {

/// Thrown within this file only.
struct syntax_error {
  std::string what;
};

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

bool is_name_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
         || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

class config_parser {
public:
  explicit config_parser(std::string_view text) : text_{text} {}

  std::size_t line() const { return line_; }

  std::vector<config_entry> run() {
    if (text_.starts_with("\xef\xbb\xbf"))
      at_ = 3;
    std::vector<config_entry> entries;
    for (skip_lines(); !at_end(); skip_lines()) {
      if (peek() == '[')
        section();
      else
        entries.push_back(entry());
      end_of_line();
    }
    return entries;
  }

private:
  bool at_end() const { return at_ >= text_.size(); }

  char peek() const { return at_end() ? '\n' : text_[at_]; }

  char next() {
    char c = text_[at_++];
    if (c == '\n')
      ++line_;
    return c;
  }

  void skip_blanks() {
    while (!at_end() && is_blank(peek()))
      ++at_;
  }

  void skip_comment() {
    if (peek() == '#' || peek() == ';')
      while (!at_end() && peek() != '\n')
        ++at_;
  }

  /// Blanks, empty lines and comments.
  void skip_lines() {
    for (;;) {
      skip_blanks();
      skip_comment();
      if (at_end() || peek() != '\n')
        return;
      next();
    }
  }

  void end_of_line() {
    skip_blanks();
    skip_comment();
    if (peek() != '\n')
      throw syntax_error{"something follows the value; quote a value that has "
                         "quotes, brackets or # in it"};
  }

  void section() {
    auto end = text_.find_first_of("]\n", at_);
    if (end == std::string_view::npos || text_[end] == '\n')
      throw syntax_error{"the section's ] is missing"};
    auto name = text_.substr(at_ + 1, end - at_ - 1);
    if (name != "container-agent")
      throw syntax_error{"unknown section [" + std::string{name}
                         + "]; there is only [container-agent]"};
    at_ = end + 1;
  }

  config_entry entry() {
    config_entry result;
    result.line = line_;
    while (!at_end() && is_name_char(peek()))
      result.name += next();
    skip_blanks();
    if (result.name.empty() || peek() != '=')
      throw syntax_error{"expected name = value, such as max-queue = 100"};
    next();
    skip_blanks();
    result.is_array = peek() == '[';
    if (result.is_array)
      result.values = array();
    else
      result.values.push_back(value("\n#;"));
    return result;
  }

  std::vector<std::string> array() {
    std::vector<std::string> values;
    next();
    for (;;) {
      skip_lines();
      if (at_end())
        throw syntax_error{"the array's ] is missing"};
      if (peek() == ']') {
        next();
        return values;
      }
      values.push_back(value(",]\n#"));
      skip_lines();
      if (peek() == ',')
        next();
      else if (!at_end() && peek() != ']')
        throw syntax_error{"expected , or ] in the array"};
    }
  }

  std::string value(std::string_view ends) {
    if (peek() == '"')
      return string();
    if (peek() == '\'')
      return literal();
    std::string word;
    while (!at_end() && ends.find(peek()) == std::string_view::npos) {
      char c = next();
      if (c == '"' || c == '\'' || c == '[' || c == ']')
        throw syntax_error{"a bare value can't have quotes or brackets in it; "
                           "put it in quotes"};
      word += c;
    }
    while (!word.empty() && is_blank(word.back()))
      word.pop_back();
    if (word.empty())
      throw syntax_error{"the value is missing; \"\" is the empty one"};
    return word;
  }

  std::string literal() {
    next();
    std::string result;
    while (peek() != '\'') {
      if (peek() == '\n')
        throw syntax_error{"the closing ' is missing"};
      result += next();
    }
    next();
    return result;
  }

  std::string string() {
    next();
    std::string result;
    while (peek() != '"') {
      if (peek() == '\n')
        throw syntax_error{"the closing \" is missing"};
      char c = next();
      if (c == '\\')
        escape(result);
      else
        result += c;
    }
    next();
    return result;
  }

  void escape(std::string& result) {
    constexpr std::string_view names = "\"\\/bfnrt";
    constexpr std::string_view meant = "\"\\/\b\f\n\r\t";
    char c = peek();
    if (auto i = names.find(c); i != std::string_view::npos) {
      result += meant[i];
      next();
    } else if (c == 'u') {
      next();
      append_code_point(result);
    } else {
      throw syntax_error{
        "unknown escape after \\; a literal backslash is \\\\, "
        "or use 'single quotes'"};
    }
  }

  /// Four hexadecimal digits, as UTF-8.
  void append_code_point(std::string& result) {
    unsigned code = 0;
    for (int i = 0; i < 4; ++i) {
      constexpr std::string_view digits = "0123456789abcdef";
      auto digit = digits.find(static_cast<char>(peek() | 0x20));
      if (digit == std::string_view::npos)
        throw syntax_error{"\\u needs four hexadecimal digits"};
      code = code * 16 + static_cast<unsigned>(digit);
      next();
    }
    if (code == 0 || (code >= 0xd800 && code < 0xe000))
      throw syntax_error{"\\u can't write this character"};
    auto add = [&](unsigned byte) { result += static_cast<char>(byte); };
    if (code < 0x80) {
      add(code);
    } else if (code < 0x800) {
      add(0xc0 | code >> 6);
      add(0x80 | (code & 0x3f));
    } else {
      add(0xe0 | code >> 12);
      add(0x80 | (code >> 6 & 0x3f));
      add(0x80 | (code & 0x3f));
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

std::string reason(int error) {
  return std::generic_category().message(error);
}

} // namespace

std::variant<std::vector<config_entry>, config_error>
parse_config(std::string_view text) {
  config_parser parser{text};
  try {
    return parser.run();
  } catch (const syntax_error& error) {
    return config_error{parser.line(), error.what};
  }
}

std::variant<std::vector<config_entry>, config_error>
read_config_file(const std::string& path) {
  // Non-blocking, so that a FIFO given by mistake does not hang the start.
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0)
    return config_error{0, reason(errno)};
  struct closer {
    int fd;
    ~closer() { ::close(fd); }
  } close_at_end{fd};
  struct stat status;
  if (::fstat(fd, &status) != 0)
    return config_error{0, reason(errno)};
  if (!S_ISREG(status.st_mode))
    return config_error{0, "it is no regular file"};
  std::string text;
  std::array<char, 4096> buffer;
  for (;;) {
    auto count = ::read(fd, buffer.data(), buffer.size());
    if (count < 0)
      return config_error{0, reason(errno)};
    if (count == 0)
      return parse_config(text);
    text.append(buffer.data(), static_cast<std::size_t>(count));
    if (text.size() > largest_config_file)
      return config_error{0, "it has more than 1 MiB"};
  }
}

} // namespace container_agent
