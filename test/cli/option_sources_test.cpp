#include "main/cli/command_description.hpp"
#include "main/cli/option_values.hpp"
#include "test/cli/option_support.hpp"
#include "test/support/temp_dir.hpp"

#include <functional>

/// Every option from each of its sources, and which source counts.
namespace container_agent::test {

namespace {

using namespace std::chrono_literals;

/// One option, two values of it and how they show. `others` are options that
/// it needs beside it.
struct sample {
  const char* name;
  const char* value;
  const char* other_value;
  std::function<std::string(const options&)> shown;
  const char* as = nullptr;       ///< how `value` shows, if otherwise
  const char* other_as = nullptr; ///< how `other_value` shows, if otherwise
  std::vector<std::string> others = {};
};

std::string number(std::uint64_t x) {
  return std::to_string(x);
}

std::string time(std::chrono::milliseconds x) {
  return std::to_string(x.count());
}

std::string yes(bool x) {
  return x ? "true" : "false";
}

std::string joined(const std::vector<std::string>& list) {
  std::string result;
  for (const auto& x : list)
    result += x + ';';
  return result;
}

std::vector<sample> samples() {
  using o = const options&;
  return {
    {"pipe-dir", "/a", "/b", [](o x) { return x.pipes.directory; }},
    {"instance", "one", "two", [](o x) { return x.pipes.instance; }},
    {"pipe-mode", "0600", "0666",
     [](o x) { return number(x.pipes.permissions); }, "384", "438"},
    {"control-socket", "/a.sock", "none", [](o x) { return x.control.path; },
     "/a.sock", ""},
    {"http", "127.0.0.1:80", "[::1]:0",
     [](o x) { return x.http.address ? x.http.address->text() : ""; }},
    {"http-token-file",
     "/a",
     "/b",
     [](o x) { return x.http.token_file; },
     nullptr,
     nullptr,
     {"--http", "127.0.0.1:0"}},
    {"mode",
     "raw",
     "claude",
     [](o x) { return number(static_cast<unsigned>(x.claude.mode)); },
     "1",
     "0",
     {"--claude-command", "cat"}},
    {"input-format", "text", "stream-json",
     [](o x) { return number(static_cast<unsigned>(x.input.format)); }, "1",
     "2"},
    {"output-format", "text", "stream-json",
     [](o x) { return number(static_cast<unsigned>(x.output.format)); }, "1",
     "0"},
    {"compat", "cc-bridge", "cc-bridge",
     [](o x) { return yes(x.output.open_for_each_reply); }, "true", "true"},
    {"reply-timeout",
     "3s",
     "4s",
     [](o x) { return time(x.output.reply_timeout); },
     "3000",
     "4000",
     {"--compat", "cc-bridge"}},
    {"transparent", "true", "false",
     [](o x) { return yes(x.claude.transparent); }},
    {"exit-on-eof", "true", "false",
     [](o x) { return yes(x.input.exit_on_eof); }},
    {"claude-command", "a", "b", [](o x) { return x.claude.command; }},
    {"claude-args", "--a", "--b",
     [](o x) { return joined(x.claude.arguments); }, "--a;", "--b;"},
    {"cwd", "/a", "/b", [](o x) { return x.claude.directory; }},
    {"env", "A=1", "B=2", [](o x) { return joined(x.claude.environment); },
     "A=1;", "B=2;"},
    {"env-pass", "A_*", "B", [](o x) { return joined(x.claude.pass); }, "A_*;",
     "B;"},
    {"permission-prompts", "none", "host",
     [](o x) { return yes(x.claude.host_answers_permissions); }, "false",
     "true"},
    {"keep-claude", "true", "false", [](o x) { return yes(x.claude.keep); }},
    {"state-dir", "/a", "none", [](o x) { return x.state.directory; }, "/a",
     ""},
    {"fresh", "true", "false", [](o x) { return yes(x.state.fresh); }},
    {"sync", "true", "false", [](o x) { return yes(x.state.sync); }},
    {"max-backlog", "2MiB", "1024GiB",
     [](o x) { return number(x.state.max_backlog); }, "2097152",
     "1099511627776"},
    {"keep-events", "0", "100M",
     [](o x) { return number(x.state.keep_events); }, "0", "104857600"},
    {"attach", "17", "only",
     [](o x) {
       return std::to_string(x.attach.pid) + yes(x.attach.look)
              + yes(x.attach.only);
     },
     "17truefalse", "0truetrue"},
    {"max-in-flight", "2", "3",
     [](o x) { return number(x.limits.max_in_flight); }},
    {"max-line-bytes", "2KiB", "3000",
     [](o x) { return number(x.limits.max_line_bytes); }, "2048", "3000"},
    {"max-queue", "2", "3", [](o x) { return number(x.limits.max_queue); }},
    {"max-queue-bytes", "2KiB", "3000",
     [](o x) { return number(x.limits.max_queue_bytes); }, "2048", "3000"},
    {"max-restarts", "2", "0",
     [](o x) { return number(x.supervision.max_restarts); }},
    {"restart-window", "2s", "3s",
     [](o x) { return time(x.supervision.window); }, "2000", "3000"},
    {"restart-delay", "2ms", "0", [](o x) { return time(x.supervision.delay); },
     "2", "0"},
    {"once", "true", "false", [](o x) { return yes(x.supervision.once); }},
    {"on-give-up", "wait", "exit",
     [](o x) { return yes(x.supervision.on_give_up == give_up_action::wait); },
     "true", "false"},
    {"on-crash", "fail", "continue",
     [](o x) { return yes(x.supervision.continues); }, "false", "true"},
    {"continue-prompt", "Go on.", "Once more.",
     [](o x) { return x.supervision.continue_prompt; }},
    {"stall-timeout", "2s", "0",
     [](o x) { return time(x.supervision.stall_timeout); }, "2000", "0"},
    {"start-timeout", "2s", "0",
     [](o x) { return time(x.supervision.start_timeout); }, "2000", "0"},
    {"launch-patience", "2s", "0",
     [](o x) { return time(x.supervision.launch_patience); }, "2000", "0"},
    {"permission-timeout", "2s", "0",
     [](o x) { return time(x.supervision.permission_timeout); }, "2000", "0"},
    {"drain-timeout", "2s", "0",
     [](o x) { return time(x.shutdown.drain_timeout); }, "2000", "0"},
    {"health-interval", "2s", "0", [](o x) { return time(x.health.interval); },
     "2000", "0"},
    {"max-claude-rss", "2GiB", "0",
     [](o x) { return number(x.health.max_claude_rss); }, "2147483648", "0"},
    {"log-level", "error", "off",
     [](o x) {
       return x.log.level ? number(static_cast<unsigned>(*x.log.level)) : "off";
     },
     "4", "off"},
    {"log-format", "text", "json",
     [](o x) { return number(static_cast<unsigned>(x.log.format)); }, "1", "0"},
    {"log-file", "/a.log", "/b.log", [](o x) { return x.log.file; }},
    {"trace-ring", "16", "0", [](o x) { return number(x.trace.ring); }},
    {"trace-file", "/a.jsonl", "/b.jsonl", [](o x) { return x.trace.file; }},
    {"trace-file-size", "1MiB", "64KiB",
     [](o x) { return number(x.trace.file_size); }, "1048576", "65536"},
    {"trace-files", "2", "0", [](o x) { return number(x.trace.files); }},
    {"trace-dir", "/a", "/b", [](o x) { return x.trace.directory; }},
    {"check", "true", "false", [](o x) { return yes(x.check); }},
  };
}

std::string as(const sample& x) {
  return x.as ? x.as : x.value;
}

std::string other_as(const sample& x) {
  return x.other_as ? x.other_as : x.other_value;
}

std::string variable(const sample& x, const char* value) {
  return environment_name(x.name) + '=' + value;
}

std::string line(const sample& x, const char* value) {
  return std::string{x.name} + " = \"" + value + "\"\n";
}

class each_option : public testing::TestWithParam<sample> {
protected:
  std::vector<std::string> arguments(const std::vector<std::string>& more
                                     = {}) const {
    auto result = GetParam().others;
    result.insert(result.end(), more.begin(), more.end());
    return result;
  }

  /// A configuration file that sets the option.
  std::string file(const char* value) {
    write_file(dir_ / "agent.toml", line(GetParam(), value));
    return dir_ / "agent.toml";
  }

  std::string shown(const std::vector<std::string>& args,
                    const std::vector<std::string>& environment = {}) const {
    return GetParam().shown(accepted(arguments(args), environment));
  }

  temp_dir dir_;
};

} // namespace

TEST_P(each_option, is_read_from_the_command_line) {
  const auto& x = GetParam();
  auto option = std::string{"--"} + x.name;
  EXPECT_EQ(shown({option + '=' + x.value}), as(x));
  EXPECT_EQ(shown({option + '=' + x.other_value}), other_as(x));
  if (x.value == std::string{"true"}) {
    EXPECT_EQ(shown({option}), "true");
  } else {
    EXPECT_EQ(shown({option, x.value}), as(x));
  }
}

TEST_P(each_option, is_read_from_the_environment_then_from_the_file) {
  const auto& x = GetParam();
  EXPECT_EQ(shown({}, {variable(x, x.value)}), as(x));
  EXPECT_EQ(shown({}, {variable(x, x.other_value)}), other_as(x));
  EXPECT_EQ(shown({}, {variable(x, "")}), shown({}));
  auto path = file(x.other_value);
  EXPECT_EQ(shown({}, {"CONTAINER_AGENT_CONFIG=" + path}), other_as(x));
  EXPECT_EQ(shown({"--config", path}, {variable(x, x.value)}), as(x));
  auto option = std::string{"--"} + x.name;
  EXPECT_EQ(shown({"--config", path, option + '=' + x.value},
                  {variable(x, x.other_value)}),
            as(x));
}

INSTANTIATE_TEST_SUITE_P(options, each_option, testing::ValuesIn(samples()),
                         [](const auto& info) {
                           std::string name = info.param.name;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(option_samples, are_complete) {
  std::vector<std::string> sampled{"config", "version", "help"};
  for (const auto& x : samples())
    sampled.emplace_back(x.name);
  std::vector<std::string> known;
  for (const auto& option : agent_commands().front().options)
    known.push_back(option.name);
  EXPECT_THAT(sampled, testing::UnorderedElementsAreArray(known));
}

// -- what is special about a source -------------------------------------------

TEST(sources, the_last_of_several_counts) {
  EXPECT_EQ(accepted({"--max-queue", "1", "--max-queue=2"}).limits.max_queue,
            2U);
  EXPECT_TRUE(accepted({"--check", "--check"}).check);
}

TEST(sources, lists_add_up_within_a_source_only) {
  temp_dir dir;
  write_file(dir / "a.toml", "env-pass = [\"A\", 'B', \"C\"]\n");
  auto path = (dir / "a.toml").string();
  EXPECT_THAT(accepted({"--config", path}).claude.pass,
              ElementsAre("A", "B", "C"));
  EXPECT_THAT(accepted({"--env-pass", "X", "--env-pass", "Y", "--config", path})
                .claude.pass,
              ElementsAre("X", "Y"));
  EXPECT_THAT(
    accepted({"--config", path}, {"CONTAINER_AGENT_ENV_PASS=P Q"}).claude.pass,
    ElementsAre("P", "Q"));
}

TEST(sources, values_are_taken_as_they_are) {
  EXPECT_THAT(accepted({"--env", "A=[1,2]", "--env=B=x y;z", "--env", "C="})
                .claude.environment,
              ElementsAre("A=[1,2]", "B=x y;z", "C="));
  EXPECT_THAT(
    accepted({"--claude-args", "--check", "--claude-args="}).claude.arguments,
    ElementsAre("--check", ""));
  EXPECT_THAT(accepted({}, {"CONTAINER_AGENT_CLAUDE_ARGS=--a 'b c' \"d\""})
                .claude.arguments,
              ElementsAre("--a", "b c", "d"));
  EXPECT_EQ(accepted({}, {"CONTAINER_AGENT_CWD=/a b"}).claude.directory,
            "/a b");
}

TEST(sources, all_after_two_dashes_is_claudes) {
  EXPECT_THAT(accepted({"--claude-args", "-x", "--", "--check", "--", "y"})
                .claude.arguments,
              ElementsAre("-x", "--check", "--", "y"));
  EXPECT_THAT(accepted({"--"}).claude.arguments, IsEmpty());
}

TEST(sources, help_and_version_come_from_the_command_line_only) {
  EXPECT_THAT(
    accepted({}, {"CONTAINER_AGENT_VERSION=1", "CONTAINER_AGENT_HELP=1"})
      .warnings,
    IsEmpty());
  temp_dir dir;
  write_file(dir / "a.toml", "help = true\n");
  EXPECT_THAT(refused({"--config", dir / "a.toml"}),
              HasSubstr("help has no place in a file"));
  write_file(dir / "a.toml", "config = \"b.toml\"\n");
  EXPECT_THAT(refused({"--config", dir / "a.toml"}),
              HasSubstr("config has no place in a file"));
}

TEST(sources, unknown_variables_are_a_warning) {
  auto warnings = accepted({}, {"CONTAINER_AGENT_MAX_QUEU=3",
                                "CONTAINER_AGENT_PORT_80_TCP=tcp://1",
                                "CONTAINER_AGENT_SERVICE_HOST=1", "OTHER=1"})
                    .warnings;
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_THAT(warnings[0], HasSubstr("CONTAINER_AGENT_MAX_QUEU is no option"));
}

TEST(sources, mistakes_in_the_environment_name_the_variable) {
  EXPECT_THAT(refused({}, {"CONTAINER_AGENT_MAX_QUEUE=many"}),
              HasSubstr("CONTAINER_AGENT_MAX_QUEUE: Value many not in range"));
  EXPECT_THAT(refused({}, {"CONTAINER_AGENT_CHECK=perhaps"}),
              HasSubstr("CONTAINER_AGENT_CHECK: perhaps not in"));
  EXPECT_THAT(refused({}, {"CONTAINER_AGENT_ENV='A=1"}),
              HasSubstr("CONTAINER_AGENT_ENV: a quote is not closed"));
  EXPECT_THAT(refused({}, {"CONTAINER_AGENT_ENV_PASS=A B-C"}),
              HasSubstr("CONTAINER_AGENT_ENV_PASS: \"B-C\" can't be"));
  EXPECT_THAT(refused({"--fresh"}, {"CONTAINER_AGENT_STATE_DIR=none"}),
              HasSubstr("CONTAINER_AGENT_STATE_DIR none excludes --fresh"));
}

TEST(sources, mistakes_in_the_file_name_its_line) {
  temp_dir dir;
  auto path = (dir / "a.toml").string();
  auto told = [&](const std::string& content) {
    write_file(path, content);
    return refused({"--config", path});
  };
  EXPECT_THAT(told("\nmax-queue = \"many\"\n"),
              HasSubstr(path + ":2: max-queue: Value many not in range"));
  EXPECT_THAT(told("max-queu = 3"),
              HasSubstr(path + ":1: max-queu is an unknown option"));
  EXPECT_THAT(told("max-queue = [3, 4]"), HasSubstr("one value, not an array"));
  EXPECT_THAT(told("max-queue"), HasSubstr(path + ":1: "));
  EXPECT_THAT(refused({"--config", dir / "none"}), HasSubstr("can't read"));
}

TEST(sources, the_file_that_was_read_is_known) {
  temp_dir dir;
  write_file(dir / "a.toml", "");
  EXPECT_EQ(accepted({"--config", dir / "a.toml"}).config_file,
            (dir / "a.toml").string());
}

} // namespace container_agent::test
