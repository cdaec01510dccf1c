#include "test/integration/client.hpp"

#include <fcntl.h>

/// `container-agent tail`, as somebody who has the folder runs it.
namespace container_agent::test {

namespace {

using testing::EndsWith;
using testing::Not;
using testing::StartsWith;

subprocess tail(const agent_process& agent, std::vector<std::string> args) {
  spawn_options options;
  options.argv
    = {agent_binary(), "tail", "--pipe-dir", agent.input_path().parent_path()};
  options.argv.insert(options.argv.end(), args.begin(), args.end());
  return subprocess{options};
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

} // namespace

TEST(tail, prints_what_an_agent_has_left) {
  temp_dir dir;
  agent_options options;
  options.pipe_dir = dir / "pipes";
  agent_process agent{options};
  agent.prompt("hello", first_uuid);
  agent.wait_for_answer("echo: hello");
  agent.stop();
  auto printed = ask_agent(agent, "tail");
  EXPECT_EQ(printed.status, yes) << printed.err;
  EXPECT_THAT(printed.out, HasSubstr("echo: hello"));
  EXPECT_THAT(printed.out, HasSubstr(R"("subtype":"accepted")"));
  EXPECT_THAT(printed.out, EndsWith("\n"));
}

TEST(tail, begins_at_the_offset_of_a_record) {
  agent_process agent;
  agent.prompt("one", first_uuid);
  agent.wait_for_answer("echo: one");
  agent.prompt("two", second_uuid);
  auto accepted = agent.wait_for_record("accepted");
  agent.wait_for_answer("echo: two");
  auto offset = accepted.at("offset").get<std::uint64_t>();
  auto printed = ask_agent(agent, "tail", {"--from", std::to_string(offset)});
  EXPECT_EQ(printed.status, yes) << printed.err;
  EXPECT_EQ(json::parse(first_line(printed.out)), accepted);
  EXPECT_THAT(printed.out, Not(HasSubstr("echo: one")));
  auto nothing = ask_agent(agent, "tail", {"--from", "end"});
  EXPECT_EQ(nothing.status, yes);
  EXPECT_EQ(nothing.out, "");
}

TEST(tail, follows_one_agent_and_the_next_one) {
  temp_dir dir;
  agent_options options;
  options.pipe_dir = dir / "pipes";
  std::optional<agent_process> agent{std::in_place, options};
  agent->wait_for_record("ready");
  auto shown = tail(*agent, {"--follow"});
  shown.wait_for_output(R"("subtype":"ready")");
  agent->prompt("one", first_uuid);
  shown.wait_for_output("echo: one");
  agent->stop();
  agent.reset();
  agent.emplace(options);
  agent->prompt("two", second_uuid);
  shown.wait_for_output("echo: two");
  shown.send_signal(SIGINT);
  EXPECT_EQ(shown.wait_exit(), yes) << shown.stderr_text();
  EXPECT_EQ(shown.stderr_text(), "");
}

TEST(tail, ends_when_nobody_reads_it_any_more) {
  temp_dir dir;
  make_fifo(dir / "out");
  agent_process agent;
  agent.wait_for_record("ready");
  spawn_options options;
  options.argv = {"/bin/sh", "-c",
                  agent_binary() + " tail --follow --pipe-dir "
                    + agent.input_path().parent_path().string() + " > "
                    + (dir / "out").string()};
  subprocess shown{options};
  unique_fd reader{::open((dir / "out").c_str(), O_RDONLY | O_CLOEXEC)};
  char first = 0;
  ASSERT_EQ(::read(reader.get(), &first, 1), 1) << "it has begun";
  reader.reset();
  EXPECT_EQ(shown.wait_exit(), yes) << shown.stderr_text();
}

TEST(tail, says_what_is_not_there) {
  temp_dir dir;
  auto none = run_program({"tail", "--pipe-dir", dir.path()});
  EXPECT_EQ(none.status, no);
  EXPECT_THAT(none.err, StartsWith("container-agent: there is no "
                                   + (dir / "claude.state").string() + ": "));
  EXPECT_EQ(run_program({"tail", "--state-dir", "none"}).status, no);
  agent_process agent;
  agent.wait_for_record("ready");
  auto later = ask_agent(agent, "tail", {"--from", "1000000000"});
  EXPECT_EQ(later.status, no);
  EXPECT_THAT(later.err, HasSubstr("is not written yet: the log ends at "));
}

} // namespace container_agent::test
