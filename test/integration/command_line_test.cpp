#include "test/integration/client.hpp"

/// What the program says before it bridges anything.
namespace container_agent::test {

namespace {

/// `--check` with a Claude that is there.
outcome check(std::vector<std::string> args,
              std::map<std::string, std::string> env = {}) {
  temp_dir dir;
  args.insert(args.begin(),
              {"--check", "--claude-command", fake_claude_binary(),
               "--pipe-dir", dir / "pipes"});
  auto result = run_program(std::move(args), std::move(env));
  EXPECT_TRUE(!std::filesystem::exists(dir / "pipes")
              || std::filesystem::is_empty(dir / "pipes"))
    << "--check made something";
  return result;
}

} // namespace

TEST(command_line, help_names_every_option) {
  auto help = run_program({"--help"});
  EXPECT_EQ(help.status, (exit_status{0, 0}));
  EXPECT_EQ(help.err, "");
  for (const auto* name : {"pipe-dir",
                           "instance",
                           "pipe-mode",
                           "mode",
                           "exit-on-eof",
                           "input-format",
                           "output-format",
                           "compat",
                           "reply-timeout",
                           "transparent",
                           "max-in-flight",
                           "max-line-bytes",
                           "max-queue",
                           "max-queue-bytes",
                           "claude-command",
                           "claude-args",
                           "cwd",
                           "env",
                           "env-pass",
                           "permission-prompts",
                           "drain-timeout",
                           "health-interval",
                           "max-restarts",
                           "restart-window",
                           "restart-delay",
                           "log-level",
                           "log-format",
                           "log-file",
                           "config",
                           "check",
                           "version",
                           "help"})
    EXPECT_THAT(help.out, HasSubstr(std::string{"--"} + name + ' '));
  std::istringstream lines(help.out);
  for (std::string line; std::getline(lines, line);)
    EXPECT_LE(line.size(), 80U) << line;
}

TEST(command_line, version_is_one_that_can_be_read) {
  auto version = run_program({"--version"});
  EXPECT_EQ(version.status, (exit_status{0, 0}));
  EXPECT_TRUE(std::regex_search(version.out,
                                std::regex(R"(container-agent \d+\.\d+\.\d+)")))
    << version.out;
}

TEST(command_line, check_finds_nothing_wrong_and_starts_nothing) {
  auto checked = check({"--max-queue", "7", "--", "--model", "opus"});
  EXPECT_EQ(checked.status, (exit_status{0, 0})) << checked.err;
}

TEST(command_line, check_finds_a_missing_claude) {
  auto checked
    = run_program({"--check", "--claude-command", "/nowhere/claude"});
  EXPECT_EQ(checked.status, (exit_status{4, 0}));
  EXPECT_THAT(checked.err, HasSubstr("/nowhere/claude"));
}

TEST(command_line, check_finds_something_in_the_way_of_a_pipe) {
  temp_dir dir;
  write_file(dir / "claude.in.fifo", "precious");
  auto checked = run_program({"--check", "--claude-command",
                              fake_claude_binary(), "--pipe-dir", dir.path()});
  EXPECT_EQ(checked.status, (exit_status{3, 0}));
  EXPECT_THAT(checked.err, HasSubstr("claude.in.fifo"));
  EXPECT_EQ(read_file(dir / "claude.in.fifo"), "precious");
}

TEST(command_line, a_working_directory_that_is_missing_is_found) {
  auto checked = check({"--cwd", "/nowhere/at/all"});
  EXPECT_EQ(checked.status, (exit_status{2, 0})) << checked.err;
  EXPECT_THAT(checked.err, HasSubstr("/nowhere/at/all"));
}

// -- mistakes -----------------------------------------------------------------

struct mistake {
  const char* name;
  std::vector<std::string> args;
  std::string told; ///< What the message has to hold.
};

void PrintTo(const mistake& m, std::ostream* out) {
  *out << m.name;
}

class mistakes : public testing::TestWithParam<mistake> {};

TEST_P(mistakes, are_told_with_exit_code_2) {
  auto result = check(GetParam().args);
  EXPECT_EQ(result.status, (exit_status{2, 0})) << result.err;
  EXPECT_THAT(result.err, HasSubstr(GetParam().told));
  EXPECT_EQ(result.out, "");
}

INSTANTIATE_TEST_SUITE_P(
  command_line, mistakes,
  testing::Values(
    mistake{"unknown_option", {"--no-such-option"}, "--no-such-option"},
    mistake{"misspelt_option", {"--max-queu", "3"}, "unknown option"},
    mistake{"stray_argument", {"stray"}, "stray"},
    mistake{"no_value", {"--instance"}, "--instance"},
    mistake{"empty_instance", {"--instance", ""}, "--instance"},
    mistake{"instance_with_a_slash", {"--instance", "a/b"}, "--instance"},
    mistake{
      "instance_that_begins_with_a_digit", {"--instance", "1a"}, "--instance"},
    mistake{
      "instance_too_long", {"--instance", std::string(65, 'a')}, "--instance"},
    mistake{"pipe_mode_in_words", {"--pipe-mode", "rw"}, "--pipe-mode"},
    mistake{"pipe_mode_not_octal", {"--pipe-mode", "0680"}, "--pipe-mode"},
    mistake{"pipe_mode_too_large", {"--pipe-mode", "07777"}, "--pipe-mode"},
    mistake{"mode", {"--mode", "cooked"}, "--mode"},
    mistake{"input_format", {"--input-format", "xml"}, "--input-format"},
    mistake{"output_format", {"--output-format", "xml"}, "--output-format"},
    mistake{"compat", {"--compat", "other"}, "--compat"},
    mistake{"line_of_nothing", {"--max-line-bytes", "0"}, "--max-line-bytes"},
    mistake{
      "line_without_number", {"--max-line-bytes", "lots"}, "--max-line-bytes"},
    mistake{"negative_size", {"--max-line-bytes", "-1"}, "--max-line-bytes"},
    mistake{"queue_of_nothing", {"--max-queue", "0"}, "--max-queue"},
    mistake{"queue_with_a_unit", {"--max-queue", "4k"}, "--max-queue"},
    mistake{"none_in_flight", {"--max-in-flight", "0"}, "--max-in-flight"},
    mistake{
      "duration_without_unit", {"--drain-timeout", "7"}, "--drain-timeout"},
    mistake{"negative_duration", {"--restart-delay", "-1s"}, "--restart-delay"},
    mistake{"restarts", {"--max-restarts", "many"}, "--max-restarts"},
    mistake{"env_without_value", {"--env", "NAME"}, "--env"},
    mistake{"env_without_name", {"--env", "=value"}, "--env"},
    mistake{"permission_prompts",
            {"--permission-prompts", "maybe"},
            "--permission-prompts"},
    mistake{"log_level", {"--log-level", "loud"}, "--log-level"},
    mistake{"log_format", {"--log-format", "xml"}, "--log-format"},
    mistake{"config_missing", {"--config", "/nowhere.toml"}, "/nowhere.toml"}),
  [](const auto& info) { return info.param.name; });

TEST(command_line, a_mistake_shows_no_secret) {
  auto result = check(
    {"--env", "ANTHROPIC_API_KEY=sk-ant-very-secret", "--log-level", "loud"});
  EXPECT_EQ(result.status, (exit_status{2, 0}));
  EXPECT_EQ(result.err.find("very-secret"), std::string::npos) << result.err;
}

// -- other sources ------------------------------------------------------------

TEST(command_line, options_come_from_the_environment) {
  auto result = check({}, {{"CONTAINER_AGENT_LOG_LEVEL", "loud"}});
  EXPECT_EQ(result.status, (exit_status{2, 0}));
  EXPECT_THAT(result.err, HasSubstr("CONTAINER_AGENT_LOG_LEVEL"));

  agent_options options;
  options.env = {{"CONTAINER_AGENT_MAX_LINE_BYTES", "1KiB"},
                 {"CONTAINER_AGENT_PIPE_MODE", "0600"}};
  agent_process agent{options};
  EXPECT_EQ(mode_of(agent.input_path()), 0600U);
  agent.write_line(std::string(1025, 'x'));
  EXPECT_EQ(agent.wait_for_record("rejected")["reason"], "too_long");
}

TEST(command_line, options_come_from_a_file) {
  temp_dir dir;
  write_file(dir / "agent.toml", "# comment\n"
                                 "max-line-bytes = \"1KiB\"\n"
                                 "output-format = \"text\"\n"
                                 "claude-args = [\"--terse\"]\n");
  agent_options options;
  options.args = {"--config", dir / "agent.toml"};
  agent_process agent{options};
  agent.write_line(std::string(1025, 'x'));
  EXPECT_EQ(agent.next_line().rfind("error: ", 0), 0U);
  agent.write_line("hello");
  EXPECT_EQ(agent.next_line(), "echo: hello");
}

TEST(command_line, a_mistake_in_the_file_names_the_line) {
  temp_dir dir;
  write_file(dir / "agent.toml", "max-queue = 3\n\nno-such-thing = 4\n");
  auto result = check({"--config", dir / "agent.toml"});
  EXPECT_EQ(result.status, (exit_status{2, 0}));
  EXPECT_THAT(result.err, HasSubstr("no-such-thing"));
  EXPECT_THAT(result.err, HasSubstr("3"));
}

TEST(command_line, wins_over_environment_and_file) {
  temp_dir dir;
  write_file(dir / "agent.toml", "max-line-bytes = 1024\nmax-queue = 9\n");
  agent_options options;
  options.args = {"--config", dir / "agent.toml", "--max-line-bytes", "3000"};
  options.env = {{"CONTAINER_AGENT_MAX_LINE_BYTES", "2000"}};
  agent_process agent{options};
  agent.write_line(std::string(3001, 'x'));
  agent.write_line(std::string(3000, 'x'));
  agent.wait_for_record("rejected");
  agent.wait_for_answer("xxx");
}

TEST(command_line, arguments_for_claude_are_passed_on) {
  agent_options options;
  options.args = {"--claude-args", "--model", "--claude-args", "a b"};
  options.claude_args = {"--append-system-prompt", "x y", "--max-queue"};
  agent_process agent{options};
  agent.write_line("self");
  auto self
    = json::parse(agent.wait_for_type("result")["result"].get<std::string>());
  std::vector<std::string> argv = self["argv"];
  std::vector<std::string> expected{fake_claude_binary(),
                                    "-p",
                                    "--input-format",
                                    "stream-json",
                                    "--output-format",
                                    "stream-json",
                                    "--verbose",
                                    "--replay-user-messages",
                                    "--permission-prompt-tool",
                                    "stdio",
                                    "--model",
                                    "a b",
                                    "--append-system-prompt",
                                    "x y",
                                    "--max-queue"};
  EXPECT_EQ(argv, expected);
}

} // namespace container_agent::test
