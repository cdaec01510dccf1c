#include "test/integration/client.hpp"

/// stop, restart-claude, and how the socket is found.
namespace container_agent::test {

TEST(subcommands, stop_ends_the_agent_and_waits_for_it) {
  agent_process agent;
  agent.wait_for_record("ready");
  auto stop = ask_agent(agent, "stop");
  EXPECT_EQ(stop.status, yes) << stop.text();
  EXPECT_EQ(stop.out, "stopped\n");
  EXPECT_FALSE(is_alive(agent.pid()));
  EXPECT_EQ(agent.wait_exit(), yes);
  EXPECT_EQ(kind_of(socket_of(agent)), "missing");
}

TEST(subcommands, stop_lets_the_turn_end) {
  agent_options options;
  options.args = {"--drain-timeout", "10m"};
  agent_process agent{options};
  gate door{agent};
  agent.write_line(door.prompt());
  agent.wait_for_type("system");
  spawn_options spawn;
  spawn.argv = {agent_binary(), "stop", "--pipe-dir",
                agent.input_path().parent_path().string()};
  subprocess stop{spawn};
  EXPECT_EQ(agent.wait_for_record("stopping")["reason"], "stop requested");
  EXPECT_FALSE(stop.try_wait());
  auto health = ask_agent(agent, "health", {"--ready"});
  EXPECT_EQ(health.status, no);
  EXPECT_EQ(health.err, "not ready: degraded, the agent is stopping: "
                        "draining\n");
  EXPECT_EQ(ask_agent(agent, "health").status, yes);
  door.open();
  agent.wait_for_type("result");
  EXPECT_EQ(agent.wait_exit(), yes);
  EXPECT_EQ(stop.wait_exit(), yes);
}

TEST(subcommands, stop_without_an_agent_says_so) {
  temp_dir dir;
  auto stop = run_program({"stop", "--pipe-dir", dir.path().string()});
  EXPECT_EQ(stop.status, no);
  EXPECT_THAT(stop.err, HasSubstr("container-agent: no agent runs here"));
}

TEST(subcommands, restart_claude_is_passed_on) {
  agent_process agent;
  agent.wait_for_record("ready");
  auto restart = ask_agent(agent, "restart-claude");
  EXPECT_EQ(restart.status, yes);
  EXPECT_EQ(restart.out, "Claude will be restarted between two turns\n");
  EXPECT_EQ(agent.wait_for_log("restart_requested")["at_once"], false);
  EXPECT_EQ(ask_agent(agent, "restart-claude", {"--now"}).status, yes);
  EXPECT_EQ(agent.wait_for_log("restart_requested", 2)["at_once"], true);
}

TEST(subcommands, each_instance_has_its_own_socket) {
  temp_dir dir;
  agent_options options;
  options.pipe_dir = dir / "pipes";
  agent_process first{options};
  options.instance = "other";
  agent_process second{options};
  first.wait_for_record("ready");
  second.wait_for_record("ready");
  auto stop = ask_agent(second, "stop", {"--instance", "other"});
  EXPECT_EQ(stop.status, yes) << stop.text();
  EXPECT_EQ(ask_agent(second, "health", {"--instance", "other"}).status, no);
  EXPECT_EQ(ask_agent(first, "health").status, yes);
}

TEST(subcommands, the_environment_and_the_agents_options_find_the_socket) {
  agent_process agent;
  agent.wait_for_record("ready");
  auto dir = agent.input_path().parent_path().string();
  EXPECT_EQ(run_program({"health"}, {{"CONTAINER_AGENT_PIPE_DIR", dir}}).status,
            yes);
  EXPECT_EQ(run_program({"health", "--max-queue", "7"},
                        {{"CONTAINER_AGENT_CONTROL_SOCKET", socket_of(agent)},
                         {"CONTAINER_AGENT_MODE", "raw"}})
              .status,
            yes);
}

TEST(subcommands, the_socket_is_where_the_option_says_or_nowhere) {
  agent_options options;
  temp_dir dir;
  auto place = (dir / std::string(120, 'd')).string();
  std::filesystem::create_directory(place);
  place += "/a.sock";
  options.args = {"--control-socket", place};
  agent_process agent{options};
  agent.wait_for_record("ready");
  EXPECT_EQ(run_program({"health", "--control-socket", place}).status, yes);
  EXPECT_EQ(kind_of(socket_of(agent)), "missing");
  options.args = {"--control-socket", "none"};
  agent_process silent{options};
  silent.wait_for_record("ready");
  EXPECT_EQ(kind_of(socket_of(silent)), "missing");
  EXPECT_THAT(run_program({"health", "--control-socket", "none"}).err,
              HasSubstr("unhealthy: there is nobody to ask"));
}

TEST(subcommands, something_else_at_its_place_is_an_error_at_the_start) {
  temp_dir dir;
  write_file(dir / "claude.control.sock", "precious");
  auto start = run_program({"--pipe-dir", dir.path().string(),
                            "--claude-command", fake_claude_binary()});
  EXPECT_EQ(start.status, (exit_status{3, 0}));
  EXPECT_THAT(start.err, HasSubstr("something that is no socket is there"));
  EXPECT_EQ(read_file(dir / "claude.control.sock"), "precious");
}

TEST(subcommands, a_second_agent_at_a_living_ones_socket_refuses_to_start) {
  agent_process agent;
  agent.wait_for_record("ready");
  temp_dir dir;
  auto second
    = run_program({"--pipe-dir", dir.path().string(), "--claude-command",
                   fake_claude_binary(), "--control-socket", socket_of(agent)});
  EXPECT_EQ(second.status, (exit_status{3, 0}));
  EXPECT_THAT(second.err, HasSubstr("process " + std::to_string(agent.pid())
                                    + " listens there"));
  EXPECT_EQ(ask_agent(agent, "health").status, yes);
}

TEST(subcommands, where_the_default_cannot_be_made_the_agent_does_without) {
  temp_dir dir;
  agent_options options;
  options.pipe_dir = dir / std::string(100, 'x'); // too long for a socket in it
  agent_process agent{options};
  agent.wait_for_record("ready");
  EXPECT_THAT(
    agent.wait_for_log("control_unavailable")["error"].get<std::string>(),
    HasSubstr("too long"));
  // One that was asked for must be there.
  options.args = {"--control-socket", options.pipe_dir / "socket"};
  options.pipe_dir = dir / "others";
  options.open_input = options.open_output = false;
  agent_process refused{options};
  EXPECT_EQ(refused.wait_exit(), (exit_status{3, 0}));
  EXPECT_EQ(kind_of(refused.output_path()), "missing");
}

TEST(subcommands, mistakes_are_told) {
  auto fails = [](std::vector<std::string> args, const std::string& why) {
    auto result = run_program(args);
    EXPECT_EQ(result.status, (exit_status{2, 0})) << why;
    EXPECT_THAT(result.err, HasSubstr(why));
  };
  fails({"health", "--json"}, "unknown option \"--json\"");
  fails({"status", "--now"}, "unknown option \"--now\"");
  fails({"health", "--live", "--ready"}, "--live excludes --ready");
  fails({"health", "--timeout", "7"}, "--timeout: Missing mandatory unit");
  fails({"health", "please"}, "unexpected argument \"please\"");
  fails({"--timeout", "7s"}, "unknown option \"--timeout\"");
  fails({"--max-claude-rss", "1GiB", "--health-interval", "0"},
        "--max-claude-rss");
}

} // namespace container_agent::test
