#include "main/client/trace_command.hpp"

#include "main/cli/option_table.hpp"
#include "main/client/trace_follow.hpp"
#include "main/server/live_view.hpp"
#include "main/trace/read/prompt_life.hpp"
#include "main/trace/read/trace_files.hpp"
#include "main/trace/tools/trace_tools.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <utility>

namespace container_agent {

namespace {

/// Lines of 64 bytes, less than any has, would fill the page.
constexpr std::size_t most_events = 1'000'000;

using inputs = std::vector<trace::trace_input>;

/// The command line: one of the tools, and what it is told.
class trace_command_line {
public:
  trace_command_line() {
    app_.require_subcommand(1);
    add_follow();
    auto* convert = tool("convert", "for other programs to open");
    convert
      ->add_option("--to", conversion_.to,
                   "chrome (Perfetto, chrome://tracing), otlp (JSON lines for "
                   "the OpenTelemetry Collector) or mermaid")
      ->required()
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"chrome", "otlp", "mermaid"}));
    convert
      ->add_option("--prompt", conversion_.prompt,
                   "mermaid: whose life, by its uuid or trace id")
      ->type_name("UUID");
    convert->add_flag("--all", conversion_.all,
                      "otlp: also what belongs to no prompt");
    auto* summary = tool("summary", "a table by message type and actor");
    add_filters(*summary, prompt_, wanted_.types, wanted_.actors);
    auto* show = app_.add_subcommand("show", "a prompt's life as a tree");
    show->add_option("UUID", prompt_, "of the prompt, or its trace id")
      ->required();
    take_files(*show);
    auto* view = tool("view", "a page that shows the trace by itself");
    view
      ->add_option("--last", limits_.events,
                   "the page holds so many events, the last ones, of 64 MiB "
                   "at most")
      ->check(CLI::Range(std::size_t{1}, most_events))
      ->capture_default_str();
  }

  std::vector<command_description> describe_all() const {
    std::vector<command_description> result;
    for (const auto* tool : app_.get_subcommands({}))
      result.push_back(describe(*tool, "trace " + tool->get_name()));
    return result;
  }

  void parse(int argc, const char* const* argv) { app_.parse(argc, argv); }
  int complain(const CLI::ParseError& error) { return app_.exit(error); }

  int run() {
    auto chosen = app_.get_subcommands().front()->get_name();
    if (chosen == "follow")
      return follow();
    trace::trace_files files{files_, std::cin};
    if (!files.error().empty()) {
      std::cerr << "container-agent: " << files.error() << '\n';
      return EXIT_FAILURE;
    }
    return read(chosen, files.inputs());
  }

private:
  CLI::App* tool(const std::string& name, const std::string& what) {
    auto* result = app_.add_subcommand(name, what);
    take_files(*result);
    return result;
  }

  static void add_filters(CLI::App& tool, std::string& prompt,
                          std::vector<std::string>& types,
                          std::vector<std::string>& actors) {
    tool
      .add_option("--prompt", prompt,
                  "only of this one, by its uuid or trace id")
      ->type_name("UUID");
    auto list = [&](const char* name, auto& into, const char* help) {
      tool.add_option(name, into, help)
        ->expected(1)
        ->type_name("NAME")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    };
    list("--type", types, "only messages of this type; may be repeated");
    list("--actor", actors, "only from or to this actor; may be repeated");
  }

  void add_follow() {
    follow_ = app_.add_subcommand(
      "follow", "the events of a running agent, as they come; other options "
                "say where it is, as for `container-agent status`");
    follow_->allow_extras();
    auto& wish = following_.wish;
    add_filters(*follow_, wish.prompt, wish.types, wish.actors);
    follow_
      ->add_option("--past", wish.past,
                   "so many that the agent remembers come first")
      ->type_name("N");
    follow_->add_flag("--json", following_.json,
                      "lines as they are, for the other tools");
    follow_
      ->add_option(
        "--color", colour_,
        "auto (on a terminal, unless NO_COLOR is set), always, never")
      ->type_name("WHEN")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  }

  int follow() {
    following_.where = follow_->remaining();
    const auto* none = std::getenv("NO_COLOR");
    auto automatic = ::isatty(STDOUT_FILENO) == 1 && (!none || *none == '\0');
    following_.coloured
      = colour_ == "always" || (colour_ == "auto" && automatic);
    return follow_trace(following_);
  }

  void take_files(CLI::App& tool) {
    tool
      .add_option("FILE", files_,
                  "of --trace-file or a dump, oldest first; -: stdin")
      ->required();
  }

  int summary(const inputs& traces) {
    if (!prompt_.empty())
      wanted_.trace = trace::trace_of_prompt(prompt_);
    return trace::summary(wanted_, traces, std::cout, std::cerr);
  }

  int read(const std::string& chosen, const inputs& traces) {
    if (chosen == "convert")
      return trace::convert(conversion_, traces, std::cout, std::cerr);
    if (chosen == "summary")
      return summary(traces);
    if (chosen == "show")
      return trace::show(prompt_, traces, std::cout, std::cerr);
    return trace::view(live_view_page(), limits_, traces, std::cout, std::cerr);
  }

  CLI::App app_{"What the actors of the agent say to each other.",
                "container-agent trace"};
  trace::conversion conversion_;
  trace::event_filter wanted_;
  trace::view_limits limits_;
  CLI::App* follow_ = nullptr;
  follow_settings following_;
  std::string colour_ = "auto";
  std::string prompt_;
  std::vector<std::string> files_;
};

} // namespace

std::vector<command_description> all_commands() {
  auto result = agent_commands();
  // `trace follow` finds the agent as a subcommand does.
  auto places_of_agent = result[1].options;
  for (auto& command : trace_command_line{}.describe_all()) {
    if (command.words == "trace follow")
      for (const auto& option : places_of_agent)
        if (option.group == places)
          command.options.push_back(option);
    result.push_back(std::move(command));
  }
  return result;
}

bool is_trace_command(int argc, const char* const* argv) {
  return argc > 1 && std::string_view{argv[1]} == "trace";
}

int run_trace_command(int argc, const char* const* argv) {
  trace_command_line line;
  try {
    line.parse(argc - 1, argv + 1);
  } catch (const CLI::ParseError& error) {
    constexpr int wrong_usage = 2;
    return line.complain(error) == 0 ? EXIT_SUCCESS : wrong_usage;
  }
  return line.run();
}

} // namespace container_agent
