#include "main/app/settings.hpp"
#include "main/cli/command_description.hpp"
#include "main/log/agent_version.hpp"
#include "test/cli/option_support.hpp"

#include <caf/config.hpp>

#include <algorithm>
#include <regex>
#include <sstream>

/// Defaults, what follows from what, limits, help.
namespace container_agent::test {

using namespace std::chrono_literals;

// -- defaults and what follows from what --------------------------------------

TEST(options, have_the_documented_defaults) {
  auto x = accepted({});
  EXPECT_EQ(x.pipes.input, "/tmp/cc-bridge-pipes/claude.in.fifo");
  EXPECT_EQ(x.pipes.output, "/tmp/cc-bridge-pipes/claude.out.fifo");
  EXPECT_EQ(x.pipes.permissions, 0660U);
  EXPECT_EQ(x.claude.mode, options::bridge_mode::claude);
  EXPECT_EQ(x.claude.command, "claude");
  EXPECT_TRUE(x.claude.host_answers_permissions);
  EXPECT_FALSE(x.claude.transparent);
  EXPECT_EQ(x.input.format, options::input_format::automatic);
  EXPECT_FALSE(x.input.exit_on_eof);
  EXPECT_EQ(x.output.format, options::output_format::stream_json);
  EXPECT_FALSE(x.output.open_for_each_reply);
  EXPECT_EQ(x.output.reply_timeout, 120s);
  EXPECT_EQ(x.limits.max_in_flight, 1U);
  EXPECT_EQ(x.limits.max_line_bytes, 16U * 1024 * 1024);
  EXPECT_EQ(x.limits.max_queue, 1024U);
  EXPECT_EQ(x.limits.max_queue_bytes, 4U * 1024 * 1024);
  EXPECT_EQ(x.supervision.max_restarts, 5U);
  EXPECT_EQ(x.supervision.window, 60s);
  EXPECT_EQ(x.supervision.delay, 200ms);
  EXPECT_EQ(x.supervision.longest_delay(), 10s);
  EXPECT_FALSE(x.supervision.once);
  EXPECT_TRUE(x.attach.look);
  EXPECT_FALSE(x.attach.only);
  EXPECT_EQ(x.attach.pid, 0);
  EXPECT_EQ(x.shutdown.drain_timeout, 7s);
  EXPECT_EQ(x.health.interval, 10s);
  EXPECT_EQ(x.health.max_claude_rss, 0U);
  EXPECT_EQ(x.control.path, "/tmp/cc-bridge-pipes/claude.control.sock");
  EXPECT_FALSE(x.control.asked_for);
  EXPECT_EQ(x.log.level, log_level::info);
  EXPECT_EQ(x.log.format, log_format::json);
  EXPECT_FALSE(x.check);
}

TEST(options, pipes_follow_from_folder_and_instance) {
  auto x = accepted({"--pipe-dir", "/run/p", "--instance", "a-B_9"});
  EXPECT_EQ(x.pipes.input, "/run/p/a-B_9.in.fifo");
  EXPECT_EQ(x.pipes.output, "/run/p/a-B_9.out.fifo");
}

TEST(options, the_control_socket_is_beside_the_pipes) {
  EXPECT_EQ(accepted({"--pipe-dir", "/p", "--instance", "a"}).control.path,
            "/p/a.control.sock");
  EXPECT_EQ(accepted({"--control-socket", "none"}).control.path, "");
  EXPECT_TRUE(accepted({"--control-socket", "/c"}).control.asked_for);
}

TEST(options, the_state_is_beside_the_pipes) {
  EXPECT_EQ(accepted({"--pipe-dir", "/p", "--instance", "a"}).state.directory,
            "/p/a.state");
  EXPECT_EQ(accepted({"--state-dir", "/s"}).state.directory, "/s");
}

TEST(options, a_state_in_memory_is_kept_for_nobody) {
  for (const auto& arguments : std::vector<std::vector<std::string>>{
         {"--state-dir", "none"}, {"--mode=raw", "--claude-command=cat"}}) {
    auto x = accepted(arguments).state;
    EXPECT_EQ(x.directory, "");
    EXPECT_EQ(x.keep_events, 0U);
    EXPECT_EQ(x.max_backlog, options::state_section{}.max_backlog);
  }
}

TEST(options, compat_means_text) {
  auto x = accepted({"--compat", "cc-bridge"});
  EXPECT_EQ(x.input.format, options::input_format::text);
  EXPECT_EQ(x.output.format, options::output_format::text);
  EXPECT_FALSE(x.claude.host_answers_permissions);
  accepted({"--compat", "cc-bridge", "--input-format", "text",
            "--output-format", "text"});
}

TEST(options, transparent_means_stream_json) {
  auto x = accepted({"--transparent"});
  EXPECT_EQ(x.input.format, options::input_format::stream_json);
  EXPECT_EQ(x.output.format, options::output_format::stream_json);
}

TEST(options, permission_requests_go_to_hosts_that_can_see_them) {
  auto host = [](std::vector<std::string> arguments) {
    return accepted(arguments).claude.host_answers_permissions;
  };
  EXPECT_TRUE(host({}));
  EXPECT_TRUE(host({"--permission-prompts", "host"}));
  EXPECT_FALSE(host({"--permission-prompts", "none"}));
  EXPECT_FALSE(host({"--output-format", "text"}));
  EXPECT_FALSE(host({"--mode", "raw", "--claude-command", "cat"}));
}

TEST(child_arguments, are_the_agents_then_the_users) {
  auto x = accepted({"--", "--model", "opus"}).claude;
  std::vector<std::string> expected{"-p",
                                    "--input-format",
                                    "stream-json",
                                    "--output-format",
                                    "stream-json",
                                    "--verbose",
                                    "--replay-user-messages",
                                    "--permission-prompt-tool",
                                    "stdio",
                                    "--model",
                                    "opus"};
  EXPECT_EQ(child_arguments(x, {}), expected);
  x.host_answers_permissions = false;
  EXPECT_THAT(child_arguments(x, {}),
              Not(testing::Contains("--permission-prompt-tool")));
}

TEST(child_arguments, name_the_session_once) {
  auto x = accepted({"--", "--resume", "old", "--model", "opus"}).claude;
  auto arguments = child_arguments(x, "new");
  EXPECT_EQ(std::count(arguments.begin(), arguments.end(), "--resume"), 1);
  EXPECT_THAT(arguments, testing::Contains("new"));
  EXPECT_THAT(arguments, Not(testing::Contains("old")));
}

TEST(child_arguments, are_the_users_alone_in_raw_mode) {
  auto x = accepted({"--mode", "raw", "--claude-command", "cat", "--", "-u"});
  EXPECT_THAT(child_arguments(x.claude, {}), ElementsAre("-u"));
}

// -- limits -------------------------------------------------------------------

TEST(options, have_limits_below_at_and_above) {
  struct {
    const char* name;
    const char* below; ///< empty: there is none
    const char* least;
    const char* most;
    const char* above;
  } const cases[] = {
    {"max-in-flight", "0", "1", "1000", "1001"},
    {"max-line-bytes", "0", "1", "1GiB", "1073741825"},
    {"max-queue", "0", "1", "1000000", "1000001"},
    {"max-queue-bytes", "0", "1", "1GiB", "1073741825"},
    {"max-backlog", "2097151", "2MiB", "1TiB", "1025GiB"},
    {"keep-events", "-1", "0", "1TiB", "1025GiB"},
    {"max-restarts", "-1", "0", "1000", "1001"},
    {"restart-window", "0", "1ms", "24h", "25h"},
    {"restart-delay", "-1ms", "0", "24h", "25h"},
    {"stall-timeout", "-1ms", "0", "24h", "25h"},
    {"start-timeout", "-1ms", "0", "24h", "25h"},
    {"launch-patience", "-1ms", "0", "24h", "25h"},
    {"permission-timeout", "-1ms", "0", "24h", "25h"},
    {"drain-timeout", "-1ms", "0", "24h", "86400001ms"},
    {"health-interval", "-1ms", "0", "24h", "25h"},
    {"max-claude-rss", "-1", "0", "1024GiB", "1025GiB"},
    {"trace-ring", "-1", "0", "1048576", "1048577"},
    {"trace-file-size", "65535", "64KiB", "1GiB", "1073741825"},
    {"trace-files", "-1", "0", "1000", "1001"},
    {"reply-timeout", "0", "1ms", "24h", "25h"},
  };
  for (const auto& x : cases) {
    auto with = [&](const char* value) {
      strings arguments{std::string{"--"} + x.name + '=' + value};
      if (x.name == std::string{"reply-timeout"})
        arguments.emplace_back("--compat=cc-bridge");
      return arguments;
    };
    accepted(with(x.least));
    accepted(with(x.most));
    for (auto value : {x.below, x.above})
      EXPECT_THAT(refused(with(value)),
                  testing::ContainsRegex("Value .* not in range .*\n  Give "))
        << x.name << ' ' << value;
  }
}

TEST(options, know_units) {
  auto size = [](const char* text) {
    return accepted({"--keep-events", text}).state.keep_events;
  };
  EXPECT_EQ(size("4096"), 4096u);
  EXPECT_EQ(size("7B"), 7u);
  for (auto text : {"64KiB", "64k", "64K", "64kB"})
    EXPECT_EQ(size(text), 65536u) << text;
  EXPECT_EQ(size("3MiB"), 3u << 20);
  EXPECT_EQ(size("1GiB"), 1u << 30);
  auto time = [](const char* text) {
    return accepted({"--drain-timeout", text}).shutdown.drain_timeout;
  };
  EXPECT_EQ(time("500ms"), 500ms);
  EXPECT_EQ(time("7s"), 7s);
  EXPECT_EQ(time("2m"), 2min);
  EXPECT_EQ(time("1h"), 1h);
  EXPECT_EQ(time("0"), 0ms);
  for (auto text : {"", "7", "1.5s", "soon", "7d", "s7", "7S"})
    EXPECT_THAT(refused({std::string{"--drain-timeout="} + text}),
                HasSubstr("Give TIME: such as 500ms, 7s, 2m or 1h, from 0"));
  for (auto text : {"", "many", "1.5MiB", "1e3", "1QiB"})
    EXPECT_THAT(refused({std::string{"--keep-events="} + text}),
                HasSubstr("Give SIZE: such as 4096, 64KiB or 16MiB, from 0"));
}

TEST(options, have_limits_of_texts) {
  accepted({"--instance", std::string(64, 'a')});
  EXPECT_THAT(refused({"--instance", std::string(65, 'a')}),
              HasSubstr("instance's name"));
  for (auto [text, mode] : {std::pair{"0600", 0600u}, {"777", 0777u}})
    EXPECT_EQ(accepted({"--pipe-mode", text}).pipes.permissions, mode);
  for (auto text : {"0577", "1777", "0680", "rw", "06000", "6"})
    EXPECT_THAT(refused({"--pipe-mode", text}), HasSubstr("from 0600 to 0777"));
}

TEST(options, take_the_words_of_the_table_and_no_others) {
  std::size_t count = 0;
  for (const auto& option : agent_commands().front().options)
    if (!option.values.empty()) {
      ++count;
      EXPECT_THAT(refused({"--" + option.name, "nothing-like-it"}),
                  HasSubstr("nothing-like-it not in {" + option.values[0]));
    }
  EXPECT_EQ(count, 10u);
}

// -- help and version ---------------------------------------------------------

namespace {

std::string help_of(const strings& arguments) {
  auto result = parse(arguments);
  auto* end = std::get_if<early_exit>(&result);
  EXPECT_TRUE(end != nullptr && end->code == 0);
  return end == nullptr ? "" : end->text;
}

/// Each option on one line.
std::string unwrapped(const std::string& help) {
  static const std::regex wrap{R"(\n {30,})"};
  return std::regex_replace(help, wrap, " ");
}

} // namespace

TEST(help, fits_a_terminal) {
  std::istringstream lines{help_of({"--help"})};
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count)
    EXPECT_LE(line.size(), 80U) << line;
  EXPECT_LE(count, 140);
  EXPECT_GT(count, 50);
}

TEST(help, names_every_option_its_value_and_default) {
  auto text = help_of({"--help"});
  for (const auto& command : agent_commands()) {
    auto help = unwrapped(
      command.words.empty() ? text : help_of({command.words, "-h"}));
    EXPECT_THAT(text, HasSubstr("  " + command.words + ' '));
    for (const auto& option : command.options)
      if (command.words.empty() || option.group == "Options") {
        EXPECT_THAT(help, HasSubstr("--" + option.name
                                    + (option.metavar.empty() ? "" : " ")
                                    + option.metavar));
        if (!option.initial.empty()) {
          EXPECT_THAT(help, HasSubstr(" [" + option.initial + "]"));
        }
      }
  }
}

TEST(help, comes_before_any_mistake) {
  auto text = help_of({"--help"});
  EXPECT_EQ(help_of({"-h"}), text);
  EXPECT_EQ(help_of({"--check", "--help", "--max-queue=0"}), text);
}

TEST(version, is_told_with_those_of_the_libraries) {
  auto result = parse({"--version"});
  auto* end = std::get_if<early_exit>(&result);
  ASSERT_NE(end, nullptr);
  EXPECT_EQ(end->code, 0);
  EXPECT_TRUE(end->text.starts_with("container-agent "
                                    + std::string{agent_version()} + "\nCAF "))
    << end->text;
  EXPECT_THAT(end->text, HasSubstr(std::to_string(CAF_MAJOR_VERSION) + '.'));
  EXPECT_THAT(end->text, HasSubstr(", Boost 1."));
}

} // namespace container_agent::test
