#include "main/cli/options.hpp"

#include "main/cli/option_reader.hpp"
#include "main/cli/value_text.hpp"
#include "messages/agent_version.hpp"
#include "messages/errors.hpp"

#include <boost/version.hpp>
#include <caf/config.hpp>

#include <initializer_list>
#include <sstream>
#include <utility>

namespace container_agent {

namespace {

/// Tells CLI11 which options need or exclude each other, with the values that
/// were read.
void declare_rules(CLI::App& app, const options& read) {
  auto excludes = [&](bool applies, const char* option,
                      std::initializer_list<const char*> others) {
    for (const auto* other : others)
      if (applies)
        app.get_option(option)->excludes(app.get_option(other));
  };
  auto needs = [&](bool applies, const char* option, const char* other) {
    if (applies)
      app.get_option(option)->needs(app.get_option(other));
  };
  using in = options::input_format;
  using out = options::output_format;
  const auto& claude = read.claude;
  bool compat = read.output.open_for_each_reply;
  bool text = read.output.format == out::text || compat;
  bool in_memory = read.state.directory == "none";

  needs(claude.is_raw(), "--mode", "--claude-command");
  excludes(claude.is_raw(), "--mode",
           {"--input-format", "--output-format", "--compat", "--reply-timeout",
            "--transparent", "--max-in-flight", "--permission-prompts",
            "--fresh", "--sync", "--keep-events"});
  excludes(claude.is_raw() && !in_memory, "--mode", {"--state-dir"});
  excludes(claude.is_raw() && claude.keep, "--mode", {"--keep-claude"});
  excludes(in_memory, "--state-dir", {"--fresh", "--sync", "--keep-events"});
  excludes(in_memory && claude.keep, "--state-dir", {"--keep-claude"});
  excludes(read.attach.only && claude.keep, "--attach", {"--keep-claude"});

  needs(true, "--reply-timeout", "--compat");
  excludes(claude.transparent, "--transparent", {"--compat"});
  excludes(claude.transparent && read.input.format != in::stream_json,
           "--transparent", {"--input-format"});
  excludes(claude.transparent && text, "--transparent", {"--output-format"});
  excludes(compat && read.input.format != in::text, "--compat",
           {"--input-format"});
  excludes(compat && read.output.format != out::text, "--compat",
           {"--output-format"});
  // The host could not see them.
  excludes(claude.prompts == options::permission_prompts::host && text,
           "--permission-prompts", {"--output-format", "--compat"});

  excludes(read.health.max_claude_rss > 0 && read.health.interval.count() == 0,
           "--max-claude-rss", {"--health-interval"});
  needs(true, "--http-token-file", "--http");
  // Otherwise whoever reaches the address could read all.
  needs(read.http.address && !read.http.address->loopback, "--http",
        "--http-token-file");
}

/// Of those that are the agent's own business.
void check_claude_arguments(const options::claude_section& claude) {
  for (const auto& argument : claude.arguments) {
    auto blank = argument.find(' ');
    if (argument.starts_with("--") && blank > 2 && blank < argument.find('='))
      throw option_error{in_quotes(argument)
                           + " is one argument for Claude, which has no such "
                             "option",
                         "Give each word on its own, best after --."};
    auto name = argument.substr(0, argument.find('='));
    if (name == "--input-format" || name == "--output-format")
      throw option_error{"Claude's argument " + name
                           + ": the agent speaks stream-json with Claude",
                         "What the host speaks is container-agent's own " + name
                           + ", before --."};
    if (name == "--permission-prompt-tool" && claude.host_answers_permissions)
      throw option_error{"Claude's argument " + name
                           + ": permission requests go to the host already",
                         "Add --permission-prompts none, before --."};
  }
}

void resolve_places(const CLI::App& app, options& o) {
  auto base = o.pipes.directory + '/' + o.pipes.instance;
  auto beside = [&](std::string& path, const char* suffix) {
    if (path.empty())
      path = base + suffix;
    else if (path == "none")
      path.clear();
  };
  o.pipes.input = base + ".in.fifo";
  o.pipes.output = base + ".out.fifo";
  beside(o.control.path, ".control.sock");
  beside(o.state.directory, ".state");
  o.control.asked_for
    = app.count("--control-socket") > 0 && !o.control.path.empty();
  // Nobody could tell what was dealt with of a raw child's bytes.
  if (o.claude.is_raw())
    o.state.directory.clear();
  // Memory that nobody could come later to read.
  if (o.state.directory.empty())
    o.state.keep_events = 0;
}

/// What one option says about another's value.
void resolve_formats(const CLI::App& app, options& o) {
  bool compat = o.output.open_for_each_reply;
  if (app.count("--input-format") == 0 && compat)
    o.input.format = options::input_format::text;
  if (app.count("--input-format") == 0 && o.claude.transparent)
    o.input.format = options::input_format::stream_json;
  if (app.count("--output-format") == 0 && compat)
    o.output.format = options::output_format::text;
  using prompts = options::permission_prompts;
  bool host_can = o.output.format == options::output_format::stream_json
                  && !o.claude.is_raw();
  o.claude.host_answers_permissions
    = o.claude.prompts == prompts::host
      || (o.claude.prompts == prompts::automatic && host_can);
}

client_options of_client(option_table& table) {
  auto& client = table.client;
  client.command = table.app.get_subcommands().front()->get_name();
  table.agent.claude.mode = options::bridge_mode::claude;
  resolve_places(table.app, table.agent);
  client.socket = table.agent.control.path;
  client.input = table.agent.pipes.input;
  client.state = table.agent.state.directory;
  return client;
}

options of_agent(option_table& table, option_reader& reader) {
  auto& result = table.agent;
  declare_rules(table.app, result);
  reader.parse();
  resolve_places(table.app, result);
  resolve_formats(table.app, result);
  // Whatever a raw child is, it does not say that it is meant to be shared.
  if (result.claude.is_raw())
    result.attach.look = false;
  result.claude.arguments.insert(result.claude.arguments.end(),
                                 reader.passed_on().begin(),
                                 reader.passed_on().end());
  if (!result.claude.is_raw())
    check_claude_arguments(result.claude);
  result.warnings = reader.warnings();
  return std::move(result);
}

std::string version_text() {
  std::ostringstream text;
  text << "container-agent " << agent_version() << "\nCAF " << CAF_MAJOR_VERSION
       << '.' << CAF_MINOR_VERSION << '.' << CAF_PATCH_VERSION << ", Boost "
       << BOOST_VERSION / 100000 << '.' << BOOST_VERSION / 100 % 1000 << '.'
       << BOOST_VERSION % 100 << '\n';
  return text.str();
}

} // namespace

std::variant<options, client_options, early_exit>
parse_command_line(int argc, const char* const* argv) {
  option_table table;
  option_reader reader{table, argc, argv};
  try {
    reader.read();
    if (!table.app.get_subcommands().empty())
      return of_client(table);
    return of_agent(table, reader);
  } catch (const CLI::CallForHelp&) {
    return early_exit{0, help_text(table.app)};
  } catch (const CLI::CallForVersion&) {
    return early_exit{0, version_text()};
  } catch (const CLI::ParseError& error) {
    auto [what, advice] = reader.explain(error);
    return usage_error(what, advice);
  } catch (const option_error& error) {
    return usage_error(error.what, error.advice);
  }
}

early_exit usage_error(const std::string& what, const std::string& advice) {
  return {static_cast<std::int32_t>(exit_code::bad_usage),
          "container-agent: " + what + "\n  " + advice + '\n'};
}

} // namespace container_agent
