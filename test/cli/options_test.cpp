#include "main/cli/option_table.hpp"
#include "messages/agent_version.hpp"
#include "test/cli/option_support.hpp"

#include <caf/config.hpp>

#include <algorithm>
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
  EXPECT_FALSE(x.pipes.keep);
  EXPECT_TRUE(x.pipes.directory_used);
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
  EXPECT_EQ(x.supervision.delay_max, 10s);
  EXPECT_EQ(x.shutdown.drain_timeout, 7s);
  EXPECT_EQ(x.health.interval, 10s);
  EXPECT_EQ(x.health.max_claude_rss, 0U);
  EXPECT_EQ(x.control.path, "/tmp/cc-bridge-pipes/claude.control.sock");
  EXPECT_FALSE(x.control.asked_for);
  EXPECT_EQ(x.log.level, log_level::info);
  EXPECT_EQ(x.log.format, log_format::json);
  EXPECT_FALSE(x.check);
}

TEST(options, defaults_in_the_table_are_the_real_ones) {
  std::vector<std::string> arguments;
  for (const auto& row : option_table())
    if (!row.initial.empty() && row.name != "reply-timeout"
        && row.group != client_group)
      arguments.push_back("--" + std::string{row.name} + '='
                          + std::string{row.initial});
  auto said = accepted(arguments);
  auto unsaid = accepted({});
  EXPECT_EQ(said.pipes.input, unsaid.pipes.input);
  EXPECT_EQ(said.pipes.permissions, unsaid.pipes.permissions);
  EXPECT_EQ(said.claude.command, unsaid.claude.command);
  EXPECT_EQ(said.claude.host_answers_permissions,
            unsaid.claude.host_answers_permissions);
  EXPECT_EQ(said.input.format, unsaid.input.format);
  EXPECT_EQ(said.output.format, unsaid.output.format);
  EXPECT_EQ(said.limits.max_in_flight, unsaid.limits.max_in_flight);
  EXPECT_EQ(said.limits.max_line_bytes, unsaid.limits.max_line_bytes);
  EXPECT_EQ(said.limits.max_queue, unsaid.limits.max_queue);
  EXPECT_EQ(said.limits.max_queue_bytes, unsaid.limits.max_queue_bytes);
  EXPECT_EQ(said.supervision.max_restarts, unsaid.supervision.max_restarts);
  EXPECT_EQ(said.supervision.window, unsaid.supervision.window);
  EXPECT_EQ(said.supervision.delay, unsaid.supervision.delay);
  EXPECT_EQ(said.supervision.delay_max, unsaid.supervision.delay_max);
  EXPECT_EQ(said.shutdown.drain_timeout, unsaid.shutdown.drain_timeout);
  EXPECT_EQ(said.health.interval, unsaid.health.interval);
  EXPECT_EQ(said.health.max_claude_rss, unsaid.health.max_claude_rss);
  EXPECT_EQ(said.log.level, unsaid.log.level);
  EXPECT_EQ(said.log.format, unsaid.log.format);
  EXPECT_EQ(accepted({"--compat=cc-bridge",
                      "--reply-timeout="
                        + std::string{find_option("reply-timeout")->initial}})
              .output.reply_timeout,
            unsaid.output.reply_timeout);
}

TEST(options, pipes_follow_from_folder_and_instance) {
  auto x = accepted({"--pipe-dir", "/run/p", "--instance", "a-B_9"});
  EXPECT_EQ(x.pipes.input, "/run/p/a-B_9.in.fifo");
  EXPECT_EQ(x.pipes.output, "/run/p/a-B_9.out.fifo");
  x = accepted({"--input-pipe", "i"});
  EXPECT_EQ(x.pipes.input, "i");
  EXPECT_TRUE(x.pipes.directory_used);
  x = accepted({"--input-pipe", "i", "--output-pipe", "o"});
  EXPECT_EQ(x.pipes.output, "o");
  EXPECT_FALSE(x.pipes.directory_used);
}

TEST(options, the_control_socket_is_beside_the_input) {
  EXPECT_EQ(accepted({"--pipe-dir", "/p", "--instance", "a"}).control.path,
            "/p/a.control.sock");
  EXPECT_EQ(accepted({"--output-pipe", "/o"}).control.path,
            "/tmp/cc-bridge-pipes/claude.control.sock");
  EXPECT_EQ(accepted({"--input-pipe", "/i"}).control.path, "/i.control.sock");
  EXPECT_EQ(accepted({"--control-socket", "none"}).control.path, "");
  EXPECT_TRUE(accepted({"--control-socket", "/c"}).control.asked_for);
}

TEST(options, the_state_is_beside_the_input) {
  EXPECT_EQ(accepted({"--pipe-dir", "/p", "--instance", "a"}).state.directory,
            "/p/a.state");
  EXPECT_EQ(accepted({"--output-pipe", "/o"}).state.directory,
            "/tmp/cc-bridge-pipes/claude.state");
  EXPECT_EQ(accepted({"--input-pipe", "/i"}).state.directory, "/i.state");
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

struct limit {
  const char* name;
  const char* below; ///< nullptr: there is none
  const char* least;
  const char* most;
  const char* above;
};

class limits : public testing::TestWithParam<limit> {};

TEST_P(limits, hold_below_at_and_above) {
  const auto& x = GetParam();
  std::vector<std::string> others;
  if (x.name == std::string{"reply-timeout"})
    others = {"--compat", "cc-bridge"};
  if (x.name == std::string{"restart-delay"})
    others = {"--restart-delay-max", "24h"};
  if (x.name == std::string{"restart-delay-max"})
    others = {"--restart-delay", "0"};
  auto with = [&](const char* value) {
    auto arguments = others;
    arguments.push_back(std::string{"--"} + x.name + '=' + value);
    return arguments;
  };
  accepted(with(x.least));
  accepted(with(x.most));
  EXPECT_THAT(refused(with(x.above)), HasSubstr("is out of range\n  Give "));
  if (x.below != nullptr) {
    EXPECT_THAT(refused(with(x.below)), HasSubstr("is out of range\n  Give "));
  }
}

INSTANTIATE_TEST_SUITE_P(
  options, limits,
  testing::Values(limit{"max-in-flight", "0", "1", "1000", "1001"},
                  limit{"max-line-bytes", "0", "1", "1GiB", "1073741825"},
                  limit{"max-queue", "0", "1", "1000000", "1000001"},
                  limit{"max-queue-bytes", "0", "1", "1GiB", "1073741825"},
                  limit{"max-restarts", nullptr, "0", "1000", "1001"},
                  limit{"restart-window", "0", "1ms", "24h", "25h"},
                  limit{"restart-delay", nullptr, "0", "24h", "25h"},
                  limit{"restart-delay-max", nullptr, "0", "24h", "25h"},
                  limit{"stall-timeout", nullptr, "0", "24h", "25h"},
                  limit{"start-timeout", nullptr, "0", "24h", "25h"},
                  limit{"launch-patience", nullptr, "0", "24h", "25h"},
                  limit{"permission-timeout", nullptr, "0", "24h", "25h"},
                  limit{"drain-timeout", nullptr, "0", "24h", "25h"},
                  limit{"health-interval", nullptr, "0", "24h", "25h"},
                  limit{"max-claude-rss", nullptr, "0", "1024GiB", "1025GiB"},
                  limit{"reply-timeout", "0", "1ms", "24h", "25h"}),
  [](const auto& info) {
    std::string name = info.param.name;
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
  });

TEST(limits_of_texts, hold) {
  accepted({"--instance", std::string(64, 'a')});
  EXPECT_THAT(refused({"--instance", std::string(65, 'a')}),
              HasSubstr("instance's name"));
  accepted({"--pipe-mode", "0600"});
  accepted({"--pipe-mode", "0777"});
  EXPECT_THAT(refused({"--pipe-mode", "0577"}),
              HasSubstr("owner must be able"));
  EXPECT_THAT(refused({"--pipe-mode", "1777"}), HasSubstr("no octal mode"));
}

TEST(options, take_the_words_of_the_table_and_no_others) {
  std::size_t count = 0;
  for (const auto& row : option_table()) {
    if (row.values.empty())
      continue;
    ++count;
    // "auto text stream-json" → "auto, text or stream-json"
    std::string spelled{row.values};
    if (auto last = spelled.rfind(' '); last != spelled.npos)
      spelled.replace(last, 1, " or ");
    for (auto at = spelled.find(' '); at < spelled.find(" or ");
         at = spelled.find(' ', at + 2))
      spelled.replace(at, 1, ", ");
    EXPECT_THAT(refused({"--" + std::string{row.name}, "nothing-like-it"}),
                HasSubstr(" is not " + spelled + '\n'));
  }
  EXPECT_EQ(count, 9U);
}

// -- help and version ---------------------------------------------------------

TEST(help, fits_a_terminal) {
  std::istringstream lines{help_text()};
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count)
    EXPECT_LE(line.size(), 80U) << line;
  EXPECT_LE(count, 140);
  EXPECT_GT(count, 50);
}

TEST(help, names_every_option_its_value_and_default) {
  auto text = help_text();
  for (const auto& row : option_table()) {
    EXPECT_THAT(text, HasSubstr("  --" + std::string{row.name} + ' '));
    EXPECT_THAT(text, HasSubstr(std::string{row.metavar}));
    if (!row.initial.empty()) {
      EXPECT_THAT(text, HasSubstr('[' + std::string{row.initial} + ']'));
    }
  }
}

TEST(help, ends_the_program_with_0) {
  for (auto arguments : std::vector<std::vector<std::string>>{
         {"--help"}, {"-h"}, {"--check", "--help"}}) {
    auto result = parse(arguments);
    auto* end = std::get_if<early_exit>(&result);
    ASSERT_NE(end, nullptr);
    EXPECT_EQ(end->code, 0);
    EXPECT_EQ(end->text, help_text());
  }
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

TEST(variable_name, is_upper_case_with_underscores) {
  EXPECT_EQ(environment_name("max-queue-bytes"),
            "CONTAINER_AGENT_MAX_QUEUE_BYTES");
}

} // namespace container_agent::test
