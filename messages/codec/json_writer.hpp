#pragma once

#include "messages/visible_text.hpp"

#include <charconv>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace container_agent::codec {

/// Writes JSON at the end of a text, without building it first: to make an
/// object of a record took half of the time that a prompt needs in all. Commas
/// come by themselves, and no value can make the text invalid: U+FFFD stands
/// for bytes that are no UTF-8.
class json_writer {
public:
  explicit json_writer(std::string& out) : out_{out} {}

  /// `{` or `[`.
  json_writer& open(char bracket) {
    separate();
    out_ += bracket;
    return *this;
  }

  json_writer& close(char bracket) {
    out_ += bracket;
    return *this;
  }

  /// A name of our own.
  json_writer& key(std::string_view name) {
    separate();
    ((out_ += '"') += name) += "\":";
    return *this;
  }

  json_writer& value(std::string_view text) {
    separate();
    append_json_text(out_, text);
    return *this;
  }

  json_writer& value(std::same_as<bool> auto flag) {
    return json(flag ? "true" : "false");
  }

  template <std::integral Number>
  requires(!std::same_as<Number, bool>) json_writer& value(Number number) {
    char digits[24];
    const auto* end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    return json({digits, end});
  }

  json_writer& value(std::nullptr_t) { return json("null"); }

  json_writer& value(const std::vector<std::string>& texts) {
    open('[');
    for (const auto& text : texts)
      value(text);
    return close(']');
  }

  /// What is JSON already.
  json_writer& json(std::string_view text) {
    separate();
    out_ += text;
    return *this;
  }

  /// Members: names of our own, each with its value.
  template <class Value, class... More>
  json_writer& put(std::string_view name, const Value& of,
                   const More&... more) {
    key(name).value(of);
    if constexpr (sizeof...(more) > 0)
      put(more...);
    return *this;
  }

  /// The same, without those that are empty, 0 or false.
  template <class Value, class... More>
  json_writer& put_some(std::string_view name, const Value& of,
                        const More&... more) {
    if (of != Value{})
      put(name, of);
    if constexpr (sizeof...(more) > 0)
      put_some(more...);
    return *this;
  }

  /// A text of our own, without quotes, backslashes and controls. It needs no
  /// look at its characters, which is half the cost of a line.
  json_writer& word(std::string_view name, std::string_view text) {
    ((key(name).out_ += '"') += text) += '"';
    return *this;
  }

private:
  // Texts end with quotes, so that a bracket is one.
  void separate() {
    constexpr std::string_view none_behind = "{[:\n";
    if (!out_.empty()
        && none_behind.find(out_.back()) == std::string_view::npos)
      out_ += ',';
  }

  std::string& out_;
};

} // namespace container_agent::codec
