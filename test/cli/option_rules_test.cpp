#include "test/cli/option_support.hpp"

#include <algorithm>

/// Contradictions and mistakes, and what is said about them.
namespace container_agent::test {

struct refusal {
  const char* name;
  std::vector<std::string> arguments;
  const char* text;
};

class refusals : public testing::TestWithParam<refusal> {};

TEST_P(refusals, say_what_where_and_what_to_do) {
  auto text = refused(GetParam().arguments);
  EXPECT_THAT(text, HasSubstr(GetParam().text));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2) << text;
}

INSTANTIATE_TEST_SUITE_P(
  options, refusals,
  testing::Values(
    refusal{"unknown", {"--frobnicate"}, "unknown option \"--frobnicate\""},
    refusal{"one_dash", {"-check"}, "two dashes: --check."},
    refusal{"stray", {"opus"}, "unexpected argument \"opus\"\n  Options begin"},
    refusal{
      "no_value", {"--cwd"}, "--cwd: the value is missing\n  Write --cwd DIR"},
    refusal{"empty", {"--cwd="}, "--cwd: the value is empty"},
    refusal{"control_character", {"--cwd=a\nb"}, "control character"},
    refusal{
      "no_choice", {"--mode=row"}, "\"row\" is not claude or raw\n  Choose"},
    refusal{"far_choice",
            {"--log-level=loud"},
            "is not trace, debug, info, warn, error or off\n  Choose"},
    refusal{"no_number",
            {"--max-queue=1k"},
            "Give a whole number from 1 to 1000000."},
    refusal{"no_size",
            {"--max-line-bytes=1.5MiB"},
            "is no size\n  Give one from 1 to 1GiB"},
    refusal{
      "no_unit", {"--drain-timeout=7"}, "has no unit\n  Write 7s or 7ms."},
    refusal{"no_time",
            {"--drain-timeout=soon"},
            "is no time\n  Give one from 0 to 24h"},
    refusal{"no_switch", {"--check=maybe"}, "--check: \"maybe\" is neither"},
    refusal{"instance", {"--instance=../x"}, "can't be an instance's name"},
    refusal{"keep_raw",
            {"--keep-claude", "--mode=raw", "--claude-command=cat"},
            "--keep-claude: can't go with --mode raw"},
    refusal{"keep_attached",
            {"--keep-claude", "--attach-only"},
            "--keep-claude: can't go with --attach-only"},
    refusal{"keep_in_memory",
            {"--keep-claude", "--state-dir=none"},
            "--keep-claude: can't go with --state-dir none"},
    refusal{"fresh_in_memory",
            {"--fresh", "--state-dir=none"},
            "--fresh: has no meaning with --state-dir none"},
    refusal{"sync_in_memory",
            {"--sync", "--state-dir=none"},
            "--sync: has no meaning with --state-dir none"},
    refusal{"events_in_memory",
            {"--keep-events=1M", "--state-dir=none"},
            "--keep-events: has no meaning with --state-dir none"},
    refusal{"small_backlog", {"--max-backlog=65535"}, "from 2MiB to 1024GiB"},
    refusal{
      "same_pipe", {"--input-pipe=/x", "--output-pipe=/x"}, "same pipe, /x"},
    refusal{
      "delays",
      {"--restart-delay=11s"},
      "--restart-delay: the first delay, 11s, is longer than the longest, 10s"},
    refusal{"delay_max",
            {"--restart-delay-max=1ms"},
            "--restart-delay-max: the first"},
    refusal{"transparent_text_in",
            {"--transparent", "--input-format=text"},
            "--input-format: --transparent means stream-json input"},
    refusal{"transparent_auto",
            {"--transparent", "--input-format=auto"},
            "--transparent means stream-json input"},
    refusal{"transparent_text_out",
            {"--transparent", "--output-format=text"},
            "--output-format: --transparent means stream-json output"},
    refusal{"transparent_compat",
            {"--transparent", "--compat=cc-bridge"},
            "can't go with --compat"},
    refusal{"compat_json_out",
            {"--compat=cc-bridge", "--output-format=stream-json"},
            "--output-format: --compat cc-bridge means text output"},
    refusal{"compat_json_in",
            {"--compat=cc-bridge", "--input-format=stream-json"},
            "--input-format: --compat cc-bridge means text input"},
    refusal{
      "reply_timeout", {"--reply-timeout=1s"}, "with --compat cc-bridge only"},
    refusal{"blind_host",
            {"--output-format=text", "--permission-prompts=host"},
            "can't see permission requests"},
    refusal{
      "raw_alone", {"--mode=raw"}, "raw mode needs to know what to start"},
    refusal{"raw_input_format",
            {"--mode=raw", "--claude-command=cat", "--input-format=text"},
            "--input-format: has no meaning with --mode raw"},
    refusal{"raw_output_format",
            {"--mode=raw", "--claude-command=cat", "--output-format=text"},
            "--output-format: has no meaning"},
    refusal{"raw_compat",
            {"--mode=raw", "--claude-command=cat", "--compat=cc-bridge"},
            "--compat: has no meaning"},
    refusal{"raw_transparent",
            {"--mode=raw", "--claude-command=cat", "--transparent"},
            "--transparent: has no meaning"},
    refusal{"raw_in_flight",
            {"--mode=raw", "--claude-command=cat", "--max-in-flight=2"},
            "--max-in-flight: has no meaning"},
    refusal{"raw_state",
            {"--mode=raw", "--claude-command=cat", "--state-dir=/x"},
            "--state-dir: has no meaning with --mode raw"},
    refusal{"raw_fresh",
            {"--mode=raw", "--claude-command=cat", "--fresh"},
            "--fresh: has no meaning with --mode raw"},
    refusal{"raw_permissions",
            {"--mode=raw", "--claude-command=cat", "--permission-prompts=none"},
            "--permission-prompts: has no meaning"},
    refusal{"claudes_input_format",
            {"--", "--input-format=text"},
            "Claude's argument --input-format: the agent speaks stream-json"},
    refusal{"claudes_output_format",
            {"--", "--output-format", "json"},
            "Claude's argument --output-format"},
    refusal{"claudes_permissions",
            {"--", "--permission-prompt-tool", "mcp__x"},
            "Add --permission-prompts none"},
    refusal{"two_words",
            {"--claude-args", "--model opus"},
            "is one argument for Claude"},
    refusal{"env_without_value", {"--env=A"}, "--env: \"A\" has no ="},
    refusal{"env_without_name", {"--env==x"}, "can't be a variable's name"},
    refusal{"env_odd_name", {"--env=A-B=x"}, "can't be a variable's name"},
    refusal{
      "env_claudecode", {"--env=CLAUDECODE=1"}, "CLAUDECODE is never passed"},
    refusal{"env_own", {"--env=CONTAINER_AGENT_X=1"}, "agent's own and never"},
    refusal{"pass_odd_name", {"--env-pass=A*B"}, "can't be a variable's name"},
    refusal{
      "pass_assignment", {"--env-pass=A=1"}, "can't be a variable's name"},
    refusal{"attach_only_and_none",
            {"--attach-only", "--no-attach"},
            "can't go with --no-attach"},
    refusal{"attach_pid_and_none",
            {"--no-attach", "--attach-pid=5"},
            "can't go with --no-attach"},
    refusal{"attach_pid_zero", {"--attach-pid=0"}, "--attach-pid"},
    refusal{"pass_claudecode",
            {"--env-pass=CLAUDECODE"},
            "CLAUDECODE is never passed"}),
  [](const auto& info) { return info.param.name; });

TEST(options, what_only_resembles_a_mistake_is_accepted) {
  accepted({"--transparent", "--input-format=stream-json"});
  accepted({"--mode=raw", "--claude-command=cat", "--", "--input-format", "x"});
  accepted(
    {"--permission-prompts=none", "--", "--permission-prompt-tool", "x"});
  accepted({"--", "--append-system-prompt", "- be nice", "-- and short"});
  accepted({"--", "--settings={\"a\": 1}"});
  accepted({"--env-pass=*", "--env-pass=CLAUDE*"});
  accepted({"--", "--continue"});
  accepted({"--keep-claude", "--output-format=text"});
  accepted({"--keep-claude", "--compat=cc-bridge"});
  accepted({"--keep-claude", "--transparent"});
  accepted({"--mode=raw", "--claude-command=cat", "--state-dir=none"});
}

TEST(options, mistakes_show_no_secrets) {
  for (auto arguments : std::vector<std::vector<std::string>>{
         {"--env", "sk-ant-api03-abc"},
         {"sk-ant-api03-abc"},
         {"--claude-args", "--api-key sk-ant-api03-abc"},
         {"--mode", "Bearer sk-ant-api03-abc"}})
    EXPECT_THAT(refused(arguments), Not(HasSubstr("api03")));
}

} // namespace container_agent::test
