#pragma once

#include "main/cli/value_text.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace container_agent {

/// "max-queue" → "CONTAINER_AGENT_MAX_QUEUE".
inline std::string environment_name(const std::string& option) {
  std::string result = "CONTAINER_AGENT_";
  for (unsigned char c : option)
    result += c == '-' ? '_' : static_cast<char>(std::toupper(c));
  return result;
}

/// Whether each time adds a value.
inline bool is_list(const CLI::Option& option) {
  return option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
}

/// Adds options to an app, by what they take. Each validator says in its
/// description what to write, such as "such as 7s, from 0 to 24h": advice after
/// a mistake is made of it. What a member holds is the option's default.
class option_adder {
public:
  using text_type = const std::string&;

  explicit option_adder(CLI::App& app) : app_{app} {}

  CLI::Option* flag(text_type name, bool& into, text_type help) {
    static const std::vector<std::string> words{"true", "false", "yes", "no",
                                                "on",   "off",   "1",   "0"};
    auto is_switch = CLI::IsMember(words, CLI::ignore_case).description("");
    return finish(app_.add_flag(name, into, help)->check(is_switch), "");
  }

  CLI::Option* text(text_type name, text_type value, std::string& into,
                    text_type help) {
    return finish(app_.add_option(name, into, help)->check(check_text), value);
  }

  CLI::Option* list(text_type name, text_type value,
                    std::vector<std::string>& into, text_type help) {
    // CLI11 would take a variable for one value, and "[a]" for a list.
    return finish(app_.add_option(name, into, help)->expected(1), value)
      ->allow_extra_args(false)
      ->take_all()
      ->default_str("")
      ->envname("");
  }

  CLI::Option* count(text_type name, std::uint64_t& into, std::uint64_t least,
                     std::uint64_t most, text_type help) {
    auto range = CLI::Range(least, most)
                   .description("a whole number from " + std::to_string(least)
                                + " to " + std::to_string(most));
    return finish(app_.add_option(name, into, help)->check(range), "N");
  }

  CLI::Option* size(text_type name, std::uint64_t& into, std::uint64_t least,
                    std::uint64_t most, text_type help) {
    auto range
      = CLI::Range(least, most)
          .description("such as 4096, 64KiB or 16MiB, from "
                       + format_size(least) + " to " + format_size(most));
    auto* option = app_.add_option(name, into, help)
                     ->transform(CLI::AsSizeValue(false).description(""))
                     ->check(range);
    return finish(option, "SIZE")->default_str(format_size(into));
  }

  /// Up to 24 hours: a slip of the pen is no timer that never fires.
  CLI::Option* time(text_type name, std::chrono::milliseconds& into,
                    std::chrono::milliseconds least, text_type help) {
    static const std::map<std::string, std::int64_t> units{
      {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}};
    constexpr std::chrono::milliseconds longest = std::chrono::hours{24};
    CLI::AsNumberWithUnit in_units{units, CLI::AsNumberWithUnit::UNIT_REQUIRED};
    auto range
      = CLI::Range(std::int64_t{least.count()}, std::int64_t{longest.count()})
          .description("such as 500ms, 7s, 2m or 1h, from "
                       + format_duration(least) + " to 24h");
    auto* option = app_.add_option_function<std::int64_t>(
      name, [&into](auto count) { into = std::chrono::milliseconds{count}; },
      help);
    option->transform(in_units.description(""))
      ->transform([](std::string x) { return x == "0" ? "0ms" : x; })
      ->check(range);
    return finish(option, "TIME")->default_str(format_duration(into));
  }

  /// One of these words, which stand for values of the member.
  template <class T>
  CLI::Option* choice(text_type name, text_type value,
                      const CLI::TransformPairs<T>& words, T& into,
                      text_type help) {
    using pair = std::pair<std::string, T>;
    auto initial = std::ranges::find(words, into, &pair::second);
    auto take = [words, &into](const std::string& word) {
      into = std::ranges::find(words, word, &pair::first)->second;
    };
    return special(name, value, take, help,
                   initial == words.end() ? "" : initial->first)
      ->check(CLI::IsMember(words));
  }

  template <class Take>
  CLI::Option* special(text_type name, text_type value, Take take,
                       text_type help, text_type initial = "") {
    return finish(app_.add_option_function<std::string>(name, take, help),
                  value)
      ->default_str(initial);
  }

private:
  static CLI::Option* finish(CLI::Option* option, text_type value) {
    return option->type_name(value)
      ->capture_default_str()
      ->take_last()
      ->envname(environment_name(option->get_single_name()));
  }

  static std::string check_text(const std::string& text) {
    if (text.find_first_not_of(' ') == text.npos)
      return "the value is empty";
    bool is_plain = std::ranges::none_of(
      text, [](unsigned char c) { return std::iscntrl(c) != 0; });
    return is_plain ? "" : "has a control character in it";
  }

  CLI::App& app_;
};

} // namespace container_agent
