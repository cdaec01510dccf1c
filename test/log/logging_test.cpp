#include "main/log/logging.hpp"
#include "test/log/log_pipe.hpp"
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
#include <new>
#include <optional>
#include <sstream>

namespace container_agent::test {

namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

constexpr std::chrono::system_clock::time_point time_of_log{1769860800'123ms};

/// A log whose stderr is a pipe.
struct logged {
  explicit logged(log_settings settings = {})
    : log{std::in_place, settings,
          log_surroundings{.error_output = pipe.log_end(),
                           .now = [] { return time_of_log; }}} {}

  std::string text() { return pipe.read_all(); }

  void write(std::string_view event, log_level level = log_level::info) {
    log->write(level, "a", event, {});
  }

  log_pipe pipe;
  std::optional<agent_log> log;
};

log_settings to_file(const std::filesystem::path& path) {
  return {.file = path};
}

std::vector<json> records(const std::string& text) {
  std::vector<json> result;
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);)
    result.push_back(json::parse(line));
  return result;
}

/// The value of this member of each record.
std::vector<std::string> all(const std::string& member,
                             const std::string& text) {
  std::vector<std::string> result;
  for (const auto& record : records(text))
    result.push_back(record[member]);
  return result;
}

} // namespace

TEST(event_log, writes_json_or_text) {
  const std::pair<log_format, const char*> cases[] = {
    {log_format::json,
     R"({"timestamp":"2026-01-31T12:00:00.123Z","level":"warn",)"
     R"("logger":"conversation","event":"restart","delay":"a b","n":3})"
     "\n"},
    {log_format::text, "2026-01-31 12:00:00.123Z warn  conversation         "
                       "restart             delay=\"a b\" n=3\n"},
  };
  for (auto [format, line] : cases) {
    logged x{{.format = format}};
    x.log->write(log_level::warn, "conversation", "restart",
                 {{"delay", "a b"}, {"n", 3}});
    EXPECT_EQ(x.text(), line);
  }
}

TEST(event_log, leaves_out_what_is_below_its_level) {
  const std::vector<std::string> names{"trace", "debug", "info", "warn",
                                       "error"};
  for (std::size_t least = 0; least <= names.size(); ++least) {
    std::optional<log_level> level; // off
    if (least < names.size())
      level = static_cast<log_level>(least);
    logged x{{.level = level}};
    for (std::size_t i = 0; i < names.size(); ++i) {
      EXPECT_EQ(x.log->enabled(static_cast<log_level>(i)), i >= least);
      x.write("e", static_cast<log_level>(i));
    }
    EXPECT_THAT(all("level", x.text()),
                testing::ElementsAreArray(
                  names.begin() + static_cast<long>(least), names.end()));
  }
}

TEST(event_log, never_waits_and_tells_what_was_dropped) {
  for (auto at_its_end : {false, true}) {
    logged x;
    // Far more than a pipe holds; nobody reads.
    const std::size_t written = 10'000;
    for (std::size_t i = 0; i < written; ++i)
      x.write("e");
    auto first = records(x.text());
    ASSERT_LT(first.size(), written);
    at_its_end ? x.log.reset() : x.write("again");
    auto rest = records(x.text());
    if (!at_its_end) {
      ASSERT_FALSE(rest.empty());
      EXPECT_EQ(rest.back()["event"], "again");
      rest.pop_back();
    }
    // A line that was begun when the pipe was full may come first.
    ASSERT_FALSE(rest.empty());
    auto dropped = rest.back();
    EXPECT_EQ(dropped["event"], "log_lines_dropped");
    EXPECT_EQ(dropped["level"], "warn");
    EXPECT_EQ(dropped["logger"], "log");
    EXPECT_EQ(first.size() + rest.size() - 1
                + dropped["count"].get<std::size_t>(),
              written);
  }
}

TEST(event_log, gathers_lines_until_there_is_time) {
  logged x;
  std::function<void()> later;
  x.log->gather([&](auto write) { later = std::move(write); });
  for (auto event : {"one", "two", "three"})
    x.write(event);
  EXPECT_EQ(x.text(), "");
  later();
  EXPECT_THAT(all("event", x.text()), ElementsAre("one", "two", "three"));
  later();
  EXPECT_EQ(x.text(), "");
}

TEST(event_log, copies_the_texts_that_it_gathers) {
  logged x;
  x.log->gather([](auto) {});
  for (auto value : {"one", "two"}) {
    std::string text{value};
    x.log->write(log_level::info, "a", "e", {{"text", text}, {"same", text}});
    text.assign(text.size(), '?');
  }
  x.log->gather({});
  auto written = x.text();
  EXPECT_THAT(all("text", written), ElementsAre("one", "two"));
  EXPECT_THAT(all("same", written), ElementsAre("one", "two"));
}

TEST(event_log, writes_what_waits_before_an_error_and_at_its_end) {
  logged x;
  x.log->gather([](auto) {});
  x.write("first");
  EXPECT_TRUE(x.log->reopen()) << "changes nothing on stderr";
  x.write("second", log_level::error);
  EXPECT_THAT(all("event", x.text()), ElementsAre("first", "second"));
  x.write("last");
  x.log.reset();
  EXPECT_THAT(all("event", x.text()), ElementsAre("last"));
}

TEST(event_log, does_not_gather_for_ever) {
  logged many;
  many.log->gather([](auto) {});
  for (int i = 0; i < 100; ++i)
    many.write("e");
  EXPECT_GT(records(many.text()).size(), 50u);
  logged long_one;
  long_one.log->gather([](auto) {});
  long_one.log->write(log_level::info, "conversation", "e",
                      {{"text", std::string(100'000, 'x')}});
  EXPECT_EQ(records(long_one.text()).size(), 1u);
}

TEST(event_log, tells_of_a_line_that_it_had_no_memory_for) {
  logged x;
  x.log->gather([](auto) { throw std::bad_alloc{}; });
  x.write("lost");
  x.log->gather({});
  x.write("next");
  EXPECT_THAT(all("event", x.text()), ElementsAre("log_lines_dropped", "next"));
}

TEST(event_log, appends_to_a_file_and_reopens_it) {
  temp_dir dir;
  write_file(dir / "agent.log", "before\n");
  agent_log log{to_file(dir / "agent.log")};
  log.write(log_level::info, "a", "one", {});
  std::filesystem::rename(dir / "agent.log", dir / "agent.log.1");
  log.write(log_level::info, "a", "two", {});
  EXPECT_TRUE(log.reopen());
  log.write(log_level::info, "a", "three", {});
  auto old = read_file(dir / "agent.log.1");
  ASSERT_TRUE(old.starts_with("before\n"));
  EXPECT_THAT(all("event", old.substr(7)), ElementsAre("one", "two"));
  EXPECT_THAT(all("event", read_file(dir / "agent.log")), ElementsAre("three"));
}

TEST(event_log, stays_with_the_old_file_if_it_cannot_reopen) {
  temp_dir dir;
  std::filesystem::create_directory(dir / "logs");
  agent_log log{to_file(dir / "logs" / "agent.log")};
  std::filesystem::rename(dir / "logs", dir / "moved");
  EXPECT_FALSE(log.reopen());
  log.write(log_level::info, "a", "still_here", {});
  EXPECT_THAT(all("event", read_file(dir / "moved" / "agent.log")),
              ElementsAre("log_not_reopened", "still_here"));
}

TEST(event_log, that_cannot_be_opened_says_why) {
  temp_dir dir;
  try {
    agent_log log{to_file(dir / "none" / "agent.log")};
    ADD_FAILURE() << "opened";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr(dir / "none" / "agent.log"));
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
    agent_log log{{.format = log_format::text},
                  {.error_output = other.get(), .colour = colour}};
    log.write(log_level::error, "a", "b", {});
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
