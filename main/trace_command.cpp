#include "main/trace_command.hpp"

#include "main/live_view.hpp"
#include "main/options.hpp"
#include "main/trace/trace_files.hpp"
#include "main/trace/trace_tools.hpp"
#include "main/trace_follow.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <utility>
#include <variant>

namespace container_agent {

namespace {

using inputs = std::vector<trace::trace_input>;

/// The command line: one of the tools, and what it is told.
class trace_command_line {
public:
  trace_command_line() {
    app_.require_subcommand(1);
    auto* convert = tool("convert", "for other programs to open", true);
    convert
      ->add_option("--to", conversion_.to,
                   "chrome (Perfetto, chrome://tracing), otlp (JSON lines for "
                   "the OpenTelemetry Collector) or mermaid")
      ->required()
      ->check(CLI::IsMember({"chrome", "otlp", "mermaid"}));
    convert->add_option("--prompt", conversion_.prompt,
                        "mermaid: whose life, by its uuid or trace id");
    convert->add_flag("--all", conversion_.all,
                      "otlp: also what belongs to no prompt");
    tool("summary", "a table by message type and actor", true);
    auto* show = app_.add_subcommand("show", "a prompt's life as a tree");
    show->add_option("UUID", prompt_, "of the prompt, or its trace id")
      ->required();
    take_files(*show);
    tool("view", "a page that shows the trace by itself", true);
    add_follow();
  }

  void parse(int argc, const char* const* argv) { app_.parse(argc, argv); }
  int complain(const CLI::ParseError& error) { return app_.exit(error); }

  int run(const std::vector<std::string>& environment) {
    auto chosen = app_.get_subcommands().front()->get_name();
    if (chosen == "follow")
      return follow(environment);
    trace::trace_files files{files_, std::cin};
    if (!files.error().empty()) {
      std::cerr << "container-agent: " << files.error() << '\n';
      return EXIT_FAILURE;
    }
    return read(chosen, files.inputs());
  }

private:
  CLI::App* tool(const std::string& name, const std::string& what,
                 bool reads_files) {
    auto* result = app_.add_subcommand(name, what);
    if (reads_files)
      take_files(*result);
    return result;
  }

  void take_files(CLI::App& tool) {
    tool
      .add_option("FILE", files_,
                  "of --trace-file or a dump, oldest first; -: stdin")
      ->required();
  }

  void add_follow() {
    auto* tool = app_.add_subcommand("follow", "what happens now");
    tool->add_option("--actor", filter_.actor, "only what it sends or gets");
    tool->add_option("--type", filter_.type, "only this kind of message");
    tool->add_option("--prompt", filter_.prompt,
                     "only this prompt's, by its uuid or trace id");
    tool->add_flag("--json", filter_.json, "the lines as they are");
    for (const char* name :
         {"--pipe-dir", "--instance", "--input-pipe", "--control-socket"})
      tool->add_option(name, place_[name],
                       "as for the agent: where it is found");
  }

  int read(const std::string& chosen, const inputs& traces) {
    if (chosen == "convert")
      return trace::convert(conversion_, traces, std::cout, std::cerr);
    if (chosen == "summary")
      return trace::summary(traces, std::cout, std::cerr);
    if (chosen == "show")
      return trace::show(prompt_, traces, std::cout, std::cerr);
    return trace::view(live_view_page(), traces, std::cout, std::cerr);
  }

  // The agent is found as by the other subcommands.
  int follow(const std::vector<std::string>& environment) {
    std::vector<std::string> words{"container-agent", "status"};
    for (const auto& [name, value] : place_)
      if (!value.empty())
        words.insert(words.end(), {name, value});
    std::vector<const char*> argv;
    for (const auto& word : words)
      argv.push_back(word.c_str());
    auto parsed = parse_client_options(static_cast<int>(argv.size()),
                                       argv.data(), environment);
    if (auto* end = std::get_if<early_exit>(&parsed)) {
      std::cerr << end->text;
      return end->code;
    }
    return follow_trace(std::get<client_options>(parsed).socket, filter_,
                        std::cout, std::cerr);
  }

  CLI::App app_{"What the actors of the agent say to each other.",
                "container-agent trace"};
  trace::conversion conversion_;
  std::string prompt_;
  std::vector<std::string> files_;
  follow_filter filter_;
  std::map<std::string, std::string> place_;
};

} // namespace

bool is_trace_command(int argc, const char* const* argv) {
  return argc > 1 && std::string_view{argv[1]} == "trace";
}

int run_trace_command(int argc, const char* const* argv,
                      const std::vector<std::string>& environment) {
  trace_command_line line;
  try {
    line.parse(argc - 1, argv + 1);
  } catch (const CLI::ParseError& error) {
    constexpr int wrong_usage = 2;
    return line.complain(error) == 0 ? EXIT_SUCCESS : wrong_usage;
  }
  return line.run(environment);
}

} // namespace container_agent
