#include "main/trace_command.hpp"

#include "main/live_view.hpp"
#include "main/trace/trace_files.hpp"
#include "main/trace/trace_tools.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <cstdlib>
#include <iostream>
#include <utility>

namespace container_agent {

namespace {

using inputs = std::vector<trace::trace_input>;

/// The command line: one of the tools, and what it is told.
class trace_command_line {
public:
  trace_command_line() {
    app_.require_subcommand(1);
    auto* convert = tool("convert", "for other programs to open");
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
    tool("summary", "a table by message type and actor");
    auto* show = app_.add_subcommand("show", "a prompt's life as a tree");
    show->add_option("UUID", prompt_, "of the prompt, or its trace id")
      ->required();
    take_files(*show);
    tool("view", "a page that shows the trace by itself");
  }

  void parse(int argc, const char* const* argv) { app_.parse(argc, argv); }
  int complain(const CLI::ParseError& error) { return app_.exit(error); }

  int run() {
    auto chosen = app_.get_subcommands().front()->get_name();
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

  void take_files(CLI::App& tool) {
    tool
      .add_option("FILE", files_,
                  "of --trace-file or a dump, oldest first; -: stdin")
      ->required();
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

  CLI::App app_{"What the actors of the agent say to each other.",
                "container-agent trace"};
  trace::conversion conversion_;
  std::string prompt_;
  std::vector<std::string> files_;
};

} // namespace

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
