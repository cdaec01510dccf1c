#include "main/app/checks.hpp"
#include "main/cli/environment.hpp"
#include "main/server/http_address.hpp"
#include "test/cli/option_support.hpp"
#include "test/support/temp_dir.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

namespace container_agent::test {

namespace {

using verdict = finding::verdict;

/// A place with a Claude in it, where nothing is wrong.
class checks : public testing::Test {
protected:
  checks() {
    std::filesystem::create_directories(dir_ / "bin");
    std::filesystem::create_directories(dir_ / "home");
    write_file(dir_ / "bin" / "claude", "#!/bin/sh\n");
    ::chmod((dir_ / "bin" / "claude").c_str(), 0755);
    environment_ = {"PATH=" + (dir_ / "bin").string(),
                    "HOME=" + (dir_ / "home").string(), "ANTHROPIC_API_KEY=k"};
  }

  std::vector<finding> look(std::vector<std::string> arguments = {}) {
    arguments.insert(arguments.begin(), {"--pipe-dir", dir_ / "pipes"});
    return check_options(accepted(arguments, variables_), environment_);
  }

  /// The one finding that is no `ok`.
  finding odd(std::vector<std::string> arguments = {}) {
    auto all = look(std::move(arguments));
    finding result;
    int count = 0;
    for (const auto& x : all)
      if (x.result != verdict::ok) {
        result = x;
        ++count;
      }
    EXPECT_EQ(count, 1) << check_report(all).text;
    return result;
  }

  finding problem(std::vector<std::string> arguments, exit_code code) {
    auto result = odd(std::move(arguments));
    EXPECT_EQ(result.result, verdict::problem) << result.what;
    EXPECT_EQ(result.code, code) << result.what;
    EXPECT_FALSE(result.advice.empty());
    return result;
  }

  finding warning(std::vector<std::string> arguments = {}) {
    auto result = odd(std::move(arguments));
    EXPECT_EQ(result.result, verdict::warning) << result.what;
    EXPECT_FALSE(result.advice.empty());
    return result;
  }

  temp_dir dir_;
  std::vector<std::string> environment_;
  std::vector<std::string> variables_; ///< CONTAINER_AGENT_…
};

} // namespace

TEST_F(checks, find_nothing_where_nothing_is_wrong) {
  auto findings = look();
  for (const auto& x : findings)
    EXPECT_EQ(x.result, verdict::ok) << x.what << ' ' << x.detail;
  EXPECT_FALSE(start_error(findings).has_value());
  auto report = check_report(findings);
  EXPECT_EQ(report.code, 0);
  EXPECT_THAT(report.text, HasSubstr("claude.in.fifo: will be made"));
  EXPECT_THAT(report.text, HasSubstr((dir_ / "bin" / "claude").string()));
  EXPECT_THAT(report.text, HasSubstr("ANTHROPIC_API_KEY is set"));
  EXPECT_THAT(report.text,
              HasSubstr("0 problems, 0 warnings. Nothing was started."));
}

TEST_F(checks, touch_nothing) {
  look();
  EXPECT_FALSE(std::filesystem::exists(dir_ / "pipes"));
  EXPECT_TRUE(std::filesystem::is_empty(dir_ / "home"));
}

TEST_F(checks, see_pipes_that_are_there) {
  std::filesystem::create_directory(dir_ / "pipes");
  ASSERT_EQ(::mkfifo((dir_ / "pipes" / "claude.in.fifo").c_str(), 0600), 0);
  EXPECT_THAT(check_report(look()).text, HasSubstr("claude.in.fifo: is there"));
}

TEST_F(checks, find_what_is_in_the_way_of_a_pipe) {
  std::filesystem::create_directory(dir_ / "pipes");
  write_file(dir_ / "pipes" / "claude.out.fifo", "precious");
  auto found = problem({}, exit_code::bad_pipe);
  EXPECT_EQ(found.what, "output pipe");
  EXPECT_THAT(found.detail, HasSubstr("a regular file"));
  EXPECT_EQ(read_file(dir_ / "pipes" / "claude.out.fifo"), "precious");
}

TEST_F(checks, find_a_missing_claude) {
  environment_[0] = "PATH=/nowhere:/neither";
  auto found = problem({}, exit_code::claude_not_found);
  EXPECT_EQ(found.where, "claude");
  EXPECT_THAT(found.detail, HasSubstr("/nowhere:/neither"));
  EXPECT_THAT(found.advice,
              HasSubstr("npm install -g @anthropic-ai/claude-code"));
  EXPECT_THAT(found.advice, HasSubstr("--claude-command"));
}

TEST_F(checks, look_for_claude_in_the_childs_path_only) {
  // The test's own PATH has a shell, the child's has not.
  EXPECT_THAT(
    problem({"--claude-command", "sh"}, exit_code::claude_not_found).detail,
    HasSubstr((dir_ / "bin").string()));
}

TEST_F(checks, find_a_claude_that_cannot_be_executed) {
  ::chmod((dir_ / "bin" / "claude").c_str(), 0644);
  EXPECT_THAT(problem({}, exit_code::claude_not_found).detail,
              HasSubstr("not executable"));
  EXPECT_THAT(problem({"--claude-command", dir_ / "bin" / "claude"},
                      exit_code::claude_not_found)
                .detail,
              HasSubstr("not executable"));
  EXPECT_THAT(
    problem({"--claude-command", dir_.path()}, exit_code::claude_not_found)
      .detail,
    HasSubstr("folder"));
}

TEST_F(checks, take_a_relative_command_from_the_childs_folder) {
  auto cwd = dir_.path().string();
  for (const auto& x : look({"--cwd", cwd, "--claude-command", "bin/claude"}))
    EXPECT_EQ(x.result, verdict::ok) << x.what << ' ' << x.detail;
  problem({"--cwd", cwd, "--claude-command", "./claude"},
          exit_code::claude_not_found);
}

TEST_F(checks, give_other_advice_in_raw_mode) {
  environment_.resize(1); // neither home nor log-in matters
  auto found = problem({"--mode", "raw", "--claude-command", "none"},
                       exit_code::claude_not_found);
  EXPECT_THAT(found.advice, Not(HasSubstr("npm")));
}

TEST_F(checks, know_a_command_with_arguments_in_it) {
  EXPECT_THAT(
    problem({"--claude-command", "npx claude"}, exit_code::claude_not_found)
      .advice,
    HasSubstr("one word"));
}

TEST_F(checks, find_a_bad_working_folder) {
  auto found = problem({"--cwd", dir_ / "none"}, exit_code::bad_usage);
  EXPECT_EQ(found.what, "working folder");
  EXPECT_THAT(found.detail, HasSubstr("does not exist"));
  EXPECT_THAT(
    problem({"--cwd", dir_ / "bin" / "claude"}, exit_code::bad_usage).detail,
    HasSubstr("not a folder"));
}

TEST_F(checks, warn_of_a_home_that_cannot_hold_a_session) {
  environment_ = {environment_[0], "ANTHROPIC_API_KEY=k"};
  EXPECT_THAT(warning().detail, HasSubstr("HOME is not set"));
  environment_.push_back("HOME=/nowhere");
  EXPECT_THAT(warning().detail, HasSubstr("No such file"));
  environment_.push_back("CLAUDE_CONFIG_DIR=" + (dir_ / "new").string());
  EXPECT_THAT(check_report(look()).text, HasSubstr("new: will be made"));
}

TEST_F(checks, warn_of_a_missing_log_in) {
  environment_.pop_back();
  EXPECT_THAT(warning().detail, HasSubstr("no key in the environment"));
  std::filesystem::create_directory(dir_ / "home" / ".claude");
  write_file(dir_ / "home" / ".claude" / ".credentials.json", "{}");
  EXPECT_EQ(check_report(look()).code, 0);
  EXPECT_THAT(check_report(look()).text, HasSubstr("0 warnings"));
}

TEST_F(checks, never_show_a_key) {
  environment_.back() = "ANTHROPIC_API_KEY=planted";
  EXPECT_THAT(check_report(look()).text, Not(HasSubstr("planted")));
}

TEST_F(checks, warn_of_a_drain_that_docker_cuts_short) {
  EXPECT_THAT(warning({"--drain-timeout", "30s"}).advice,
              HasSubstr("--stop-timeout 34"));
  EXPECT_THAT(check_report(look({"--drain-timeout", "7s"})).text,
              HasSubstr("0 warnings"));
}

TEST_F(checks, warn_of_restarts_without_end) {
  EXPECT_EQ(warning({"--restart-window", "1s"}).what, "restarts");
  // 200 ms, 400 ms, …: five of them take 6.2 s.
  EXPECT_EQ(warning({"--restart-window", "6200ms"}).what, "restarts");
  EXPECT_EQ(check_report(look({"--restart-window", "6201ms"})).code, 0);
  EXPECT_THAT(check_report(look({"--restart-window", "6201ms"})).text,
              HasSubstr("0 warnings"));
}

TEST_F(checks, warn_of_variables_that_are_no_options) {
  variables_ = {"CONTAINER_AGENT_MAX_QUEU=1"};
  EXPECT_THAT(warning().detail, HasSubstr("CONTAINER_AGENT_MAX_QUEU"));
}

TEST_F(checks, find_a_log_file_that_cannot_be_written) {
  EXPECT_THAT(
    problem({"--log-file", dir_ / "none" / "a.log"}, exit_code::bad_usage)
      .detail,
    HasSubstr("No such file"));
  EXPECT_THAT(problem({"--log-file", dir_.path()}, exit_code::bad_usage).detail,
              HasSubstr("Is a directory"));
  EXPECT_THAT(check_report(look({"--log-file", dir_ / "a.log"})).text,
              HasSubstr("a.log: will be made"));
  EXPECT_FALSE(std::filesystem::exists(dir_ / "a.log"));
}

TEST_F(checks, report_the_first_problems_code) {
  std::filesystem::create_directory(dir_ / "pipes");
  write_file(dir_ / "pipes" / "claude.in.fifo", "");
  environment_[0] = "PATH=/nowhere";
  auto findings = look({"--log-file", "/nowhere/a.log"});
  auto report = check_report(findings);
  EXPECT_EQ(report.code, 3);
  EXPECT_THAT(report.text, HasSubstr("3 problems, 0 warnings."));
  auto error = start_error(findings);
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->code, 3);
  EXPECT_TRUE(error->text.starts_with("container-agent: input pipe: "));
  // The path is named once.
  auto path = (dir_ / "pipes" / "claude.in.fifo").string();
  EXPECT_EQ(error->text.find(path), error->text.rfind(path));
}

TEST_F(checks, http_addresses_are_tried) {
  for (const auto& found : look({"--http", "127.0.0.1:0"}))
    EXPECT_EQ(found.result, verdict::ok) << found.what;
  auto taken = *parse_http_address("127.0.0.1:0");
  auto listener = listen_at(taken);
  auto busy = warning({"--http", taken.text()});
  EXPECT_THAT(busy.detail, HasSubstr("Another program listens there"));
  write_file(dir_ / "token", "abc");
  // For documentation only (RFC 5737), so no address of this machine.
  problem({"--http", "192.0.2.1:0", "--http-token-file", dir_ / "token"},
          exit_code::bad_pipe);
}

} // namespace container_agent::test
