#include "main/log/logging.hpp"
#include "test/support/temp_dir.hpp"
#include "test/support/unique_fd.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <sstream>

namespace container_agent::test {

namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

constexpr std::chrono::system_clock::time_point time_of_log{1769860800'123ms};

/// A log whose stderr is a pipe.
struct logged {
  explicit logged(log_settings settings = {}) {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    reader.reset(ends[0]);
    writer.reset(ends[1]);
    ::fcntl(reader.get(), F_SETFL, O_NONBLOCK);
    log = make_event_log(settings, {.error_output = writer.get(),
                                    .now = [] { return time_of_log; }});
  }

  std::string text() {
    std::string result;
    std::array<char, 65536> buffer;
    for (;;) {
      auto count = ::read(reader.get(), buffer.data(), buffer.size());
      if (count <= 0)
        return result;
      result.append(buffer.data(), static_cast<std::size_t>(count));
    }
  }

  unique_fd reader;
  unique_fd writer;
  std::unique_ptr<agent_log> log;
};

log_settings at(std::optional<log_level> level,
                log_format format = log_format::json) {
  log_settings result;
  result.level = level;
  result.format = format;
  return result;
}

std::vector<json> records(const std::string& text) {
  std::vector<json> result;
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);)
    result.push_back(json::parse(line));
  return result;
}

} // namespace

TEST(event_log, writes_json_lines) {
  logged x;
  x.log->write(log_level::info, "conversation", "prompt_accepted",
               {{"uuid", "u"}, {"position", 3}});
  EXPECT_EQ(x.text(),
            R"({"timestamp":"2026-01-31T12:00:00.123Z","level":"info",)"
            R"("logger":"conversation","event":"prompt_accepted",)"
            R"("uuid":"u","position":3})"
            "\n");
}

TEST(event_log, writes_text_for_people) {
  logged x{at(log_level::info, log_format::text)};
  x.log->write(log_level::warn, "conversation", "restart", {{"delay", "a b"}});
  EXPECT_EQ(x.text(), "2026-01-31 12:00:00.123Z warn  conversation         "
                      "restart             delay=\"a b\"\n");
}

TEST(event_log, names_every_level) {
  logged x{at(log_level::trace)};
  for (auto level : {log_level::trace, log_level::debug, log_level::info,
                     log_level::warn, log_level::error})
    x.log->write(level, "a", "b", {});
  std::vector<std::string> names;
  for (const auto& record : records(x.text()))
    names.push_back(record["level"]);
  EXPECT_THAT(names,
              testing::ElementsAre("trace", "debug", "info", "warn", "error"));
}

TEST(event_log, leaves_out_what_is_below_its_level) {
  logged x{at(log_level::warn)};
  EXPECT_FALSE(x.log->enabled(log_level::info));
  EXPECT_TRUE(x.log->enabled(log_level::warn));
  EXPECT_TRUE(x.log->enabled(log_level::error));
  x.log->write(log_level::info, "a", "b", {});
  EXPECT_EQ(x.text(), "");
}

TEST(event_log, may_be_off) {
  logged x{at(std::nullopt)};
  EXPECT_FALSE(x.log->enabled(log_level::error));
  x.log->write(log_level::error, "a", "b", {});
  EXPECT_EQ(x.text(), "");
}

TEST(event_log, hides_planted_secrets_in_both_formats) {
  for (auto format : {log_format::json, log_format::text}) {
    logged x{at(log_level::trace, format)};
    x.log->write(log_level::error, "a", "b",
                 {{"line", "ANTHROPIC_API_KEY=planted-1"},
                  {"stderr", "Authorization: Bearer planted-2"},
                  {"what", "sk-ant-api03-planted-3"},
                  {"token", "planted-4"},
                  {"client_secret", "planted-5"},
                  {"url", "https://u:planted-6@h/"},
                  {"json", R"({"password":"planted-7"})"}});
    auto text = x.text();
    EXPECT_THAT(text, HasSubstr("[redacted]"));
    EXPECT_THAT(text, Not(HasSubstr("planted")));
  }
}

TEST(event_log, never_waits_and_tells_what_was_dropped) {
  logged x;
  // Far more than a pipe holds; nobody reads.
  const int written = 10'000;
  for (int i = 0; i < written; ++i)
    x.log->write(log_level::info, "a", "b", {{"i", i}});
  auto first = records(x.text());
  ASSERT_LT(first.size(), static_cast<std::size_t>(written));
  x.log->write(log_level::info, "a", "again", {});
  auto rest = records(x.text());
  // A line that was begun when the pipe was full may come first.
  ASSERT_GE(rest.size(), 2U);
  auto dropped = rest[rest.size() - 2];
  EXPECT_EQ(dropped["event"], "log_lines_dropped");
  EXPECT_EQ(dropped["level"], "warn");
  EXPECT_EQ(dropped["logger"], "log");
  EXPECT_EQ(rest.back()["event"], "again");
  EXPECT_EQ(first.size() + rest.size() - 2
              + dropped["count"].get<std::size_t>(),
            static_cast<std::size_t>(written));
}

TEST(event_log, gathers_lines_until_there_is_time) {
  logged x;
  std::function<void()> later;
  x.log->gather([&](auto write) { later = std::move(write); });
  for (int i = 0; i < 3; ++i)
    x.log->write(log_level::info, "conversation", "e", {{"number", i}});
  EXPECT_EQ(x.text(), "");
  later();
  auto lines = records(x.text());
  ASSERT_EQ(lines.size(), 3u);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(lines[static_cast<std::size_t>(i)]["number"], i);
  later();
  EXPECT_EQ(x.text(), "");
}

TEST(event_log, writes_an_error_at_once_and_what_waits_before_it) {
  logged x;
  x.log->gather([](auto) {});
  x.log->write(log_level::info, "conversation", "first", {});
  x.log->write(log_level::error, "conversation", "second", {});
  auto lines = records(x.text());
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0]["event"], "first");
  EXPECT_EQ(lines[1]["event"], "second");
}

TEST(event_log, does_not_gather_for_ever) {
  logged many;
  many.log->gather([](auto) {});
  for (int i = 0; i < 100; ++i)
    many.log->write(log_level::info, "conversation", "e", {});
  EXPECT_GT(records(many.text()).size(), 50u);
  logged long_one;
  long_one.log->gather([](auto) {});
  long_one.log->write(log_level::info, "conversation", "e",
                      {{"text", std::string(100'000, 'x')}});
  EXPECT_EQ(records(long_one.text()).size(), 1u);
}

TEST(event_log, writes_what_waits_at_its_end) {
  logged x;
  x.log->gather([](auto) {});
  x.log->write(log_level::info, "conversation", "last", {});
  x.log.reset();
  EXPECT_EQ(records(x.text()).size(), 1u);
}

TEST(event_log, tells_at_its_end_what_was_dropped) {
  logged x;
  for (int i = 0; i < 10'000; ++i)
    x.log->write(log_level::info, "a", "b", {});
  x.text();
  x.log.reset();
  EXPECT_THAT(x.text(), HasSubstr("log_lines_dropped"));
}

TEST(event_log, appends_to_a_file_and_reopens_it) {
  temp_dir dir;
  auto settings = at(log_level::info);
  settings.file = dir / "agent.log";
  write_file(settings.file, "before\n");
  auto log = make_event_log(settings);
  log->write(log_level::info, "a", "one", {});
  std::filesystem::rename(settings.file, dir / "agent.log.1");
  log->write(log_level::info, "a", "two", {});
  EXPECT_TRUE(log->reopen());
  log->write(log_level::info, "a", "three", {});
  auto old = read_file(dir / "agent.log.1");
  EXPECT_TRUE(old.starts_with("before\n"));
  EXPECT_THAT(old, HasSubstr("two"));
  EXPECT_THAT(old, Not(HasSubstr("three")));
  EXPECT_THAT(read_file(settings.file), HasSubstr("three"));
}

TEST(event_log, stays_with_the_old_file_if_it_cannot_reopen) {
  temp_dir dir;
  std::filesystem::create_directory(dir / "logs");
  auto settings = at(log_level::info);
  settings.file = dir / "logs" / "agent.log";
  auto log = make_event_log(settings);
  std::filesystem::rename(dir / "logs", dir / "moved");
  EXPECT_FALSE(log->reopen());
  log->write(log_level::info, "a", "still_here", {});
  auto text = read_file(dir / "moved" / "agent.log");
  EXPECT_THAT(text, HasSubstr("log_not_reopened"));
  EXPECT_THAT(text, HasSubstr("still_here"));
}

TEST(event_log, reopening_stderr_changes_nothing) {
  logged x;
  EXPECT_TRUE(x.log->reopen());
  x.log->write(log_level::info, "a", "b", {});
  EXPECT_THAT(x.text(), HasSubstr("\"b\""));
}

TEST(event_log, that_cannot_be_opened_says_why) {
  temp_dir dir;
  auto settings = at(log_level::info);
  settings.file = dir / "none" / "agent.log";
  try {
    make_event_log(settings);
    ADD_FAILURE() << "opened";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr(settings.file));
    EXPECT_THAT(error.what(), HasSubstr("No such file"));
  }
}

TEST(event_log, is_coloured_on_a_terminal_only) {
  unique_fd terminal{::posix_openpt(O_RDWR | O_NOCTTY)};
  if (!terminal || ::grantpt(terminal.get()) != 0
      || ::unlockpt(terminal.get()) != 0)
    GTEST_SKIP() << "no pseudo-terminal here";
  unique_fd other{::open(::ptsname(terminal.get()), O_RDWR | O_NOCTTY)};
  ASSERT_TRUE(other);
  auto line = [&](bool colour) {
    auto log = make_event_log(at(log_level::info, log_format::text),
                              {.error_output = other.get(),
                               .now = [] { return time_of_log; },
                               .colour = colour});
    log->write(log_level::error, "a", "b", {});
    std::array<char, 1024> buffer;
    auto count = ::read(terminal.get(), buffer.data(), buffer.size());
    return std::string{buffer.data(), static_cast<std::size_t>(count)};
  };
  ::unsetenv("NO_COLOR");
  EXPECT_THAT(line(true), HasSubstr("\x1b[31merror"));
  EXPECT_THAT(line(false), Not(HasSubstr("\x1b")));
  ::setenv("NO_COLOR", "1", 1);
  EXPECT_THAT(line(true), Not(HasSubstr("\x1b")));
  ::unsetenv("NO_COLOR");
}

} // namespace container_agent::test
