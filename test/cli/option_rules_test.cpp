#include "test/cli/option_support.hpp"

/// Contradictions and mistakes, and what is said about them.
namespace container_agent::test {

TEST(options, say_where_and_what_is_wrong_and_what_to_do) {
  struct {
    strings arguments;
    const char* told;
  } const cases[] = {
    {{"--frobnicate"}, "unknown option \"--frobnicate\"\n  See"},
    {{"-check"}, "unknown option \"-check\""},
    {{"opus"}, "unexpected argument \"opus\"\n  See"},
    {{"--cwd"}, "--cwd: 1 required DIR missing\n  Give DIR."},
    {{"--cwd="}, "--cwd: the value is empty"},
    {{"--cwd=", "--check"}, "--cwd: the value is empty"},
    {{"--continue-prompt", " "}, "--continue-prompt: the value is empty"},
    {{"--cwd=a\nb"}, "--cwd: has a control character in it"},
    {{"--mode=a\nb"}, "--mode: a\\x0ab not in {claude,raw}"},
    {{"--mode=row"}, "row not in {claude,raw}\n  Give MODE: {claude,raw}."},
    {{"--max-queue=1k"}, "Give N: a whole number from 1 to 1000000."},
    {{"--drain-timeout=7"}, "--drain-timeout: Missing mandatory unit\n  Give"},
    {{"--check=maybe"}, "--check: maybe not in {true,"},
    {{"--instance=../x"}, "can't be an instance's name\n  Give NAME: a letter"},
    {{"--attach=0"}, "--attach: (0 not in {auto,no,only}) OR"},
    {{"--http=localhost:1"},
     "\"localhost:1\" is no address\n  Give ADDRESS: n"},
    {{"--http=0.0.0.0:1"}, "--http 0.0.0.0:1 requires --http-token-file\n  G"},
    {{"--http-token-file=/x"}, "--http-token-file /x requires --http\n  Give"},
    {{"--keep-claude", "--attach=only"},
     "--keep-claude excludes --attach only"},
    {{"--keep-claude", "--state-dir=none"}, "--state-dir none excludes --keep"},
    {{"--fresh", "--state-dir=none"}, "--state-dir none excludes --fresh\n  L"},
    {{"--sync", "--state-dir=none"}, "--state-dir none excludes --sync"},
    {{"--keep-events=1M", "--state-dir=none"}, "none excludes --keep-events"},
    {{"--transparent", "--input-format=text"}, "excludes --transparent"},
    {{"--transparent", "--input-format=auto"}, "excludes --transparent"},
    {{"--transparent", "--output-format=text"}, "excludes --transparent"},
    {{"--transparent", "--compat=cc-bridge"}, "excludes --transparent"},
    {{"--compat=cc-bridge", "--output-format=stream-json"},
     "--output-format stream-json excludes --compat"},
    {{"--compat=cc-bridge", "--input-format=stream-json"},
     "--input-format stream-json excludes --compat"},
    {{"--reply-timeout=1s"}, "requires --compat"},
    {{"--output-format=text", "--permission-prompts=host"},
     "--output-format text excludes --permission-prompts host"},
    {{"--compat=cc-bridge", "--permission-prompts=host"},
     "--compat cc-bridge excludes --permission-prompts host"},
    {{"--max-claude-rss=1G", "--health-interval=0"},
     "--health-interval 0 excludes --max-claude-rss"},
    {{"--mode=raw"}, "--mode raw requires --claude-command"},
    {{"--", "--input-format=text"},
     "Claude's argument --input-format: the agent speaks stream-json"},
    {{"--", "--output-format", "json"}, "Claude's argument --output-format"},
    {{"--", "--permission-prompt-tool", "mcp__x"},
     "Add --permission-prompts none"},
    {{"--claude-args", "--model opus"}, "is one argument for Claude"},
    {{"--env=A"}, "--env: \"A\" has no ="},
    {{"--env==x"}, "can't be a variable's name"},
    {{"--env=A-B=x"}, "can't be a variable's name\n  Give NAME=VALUE: letters"},
    {{"--env=A*=x"}, "can't be a variable's name"},
    {{"--env=CLAUDECODE=1"}, "CLAUDECODE is never passed"},
    {{"--env=CONTAINER_AGENT_X=1"}, "is the agent's own and never passed"},
    {{"--env-pass=A*B"}, "can't be a variable's name\n  Give NAME: letters"},
    {{"--env-pass=A=1"}, "can't be a variable's name"},
    {{"--env-pass=9"}, "can't be a variable's name"},
    {{"--env-pass=CLAUDECODE"}, "CLAUDECODE is never passed"},
  };
  for (const auto& x : cases)
    EXPECT_THAT(refused(x.arguments), HasSubstr(x.told));
}

TEST(options, mean_nothing_to_a_raw_child) {
  for (std::string option :
       {"--input-format=text", "--output-format=text", "--compat=cc-bridge",
        "--transparent", "--max-in-flight=2", "--permission-prompts=none",
        "--fresh", "--sync", "--keep-events=1M", "--keep-claude",
        "--state-dir=/x"}) {
    auto text = refused({"--mode=raw", "--claude-command=cat", option});
    EXPECT_THAT(text, HasSubstr("--mode raw"));
    EXPECT_THAT(text, HasSubstr(option.substr(0, option.find('='))));
  }
}

TEST(options, that_only_resemble_a_mistake_are_accepted) {
  accepted({"--transparent", "--input-format=stream-json"});
  accepted({"--transparent=false", "--compat=cc-bridge"});
  accepted({"--keep-claude=false", "--state-dir=none"});
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

TEST(options, show_no_secrets_in_mistakes) {
  for (const auto& arguments :
       std::vector<strings>{{"--env", "sk-ant-api03-abc"},
                            {"sk-ant-api03-abc"},
                            {"--claude-args", "--api-key sk-ant-api03-abc"},
                            {"--mode", "Bearer sk-ant-api03-abc"}})
    EXPECT_THAT(refused(arguments), Not(HasSubstr("api03")));
}

} // namespace container_agent::test
