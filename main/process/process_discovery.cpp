#include "main/process/process_discovery.hpp"

#include "main/process/launch_failure.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

namespace container_agent::runtime {

namespace {

constexpr std::string_view agent_name = "container-agent";
constexpr std::string_view shim_name = "agent-shim";
constexpr std::string_view reaper_name = "agent-reaper";

// A shim and a reaper may be between an agent and its child.
constexpr int generations_to_agent = 3;

// Limits the walk along a chain of parents; real ones are short.
constexpr int max_generations = 64;

constexpr std::array<std::string_view, 11> interpreters{
  "node", "nodejs", "bun",    "deno",    "sh",  "bash",
  "dash", "ash",    "python", "python3", "perl"};

std::string_view last_part(std::string_view path) {
  return path.substr(path.rfind('/') + 1); // npos + 1 is 0
}

std::string canonical(const std::string& path) {
  std::unique_ptr<char, void (*)(void*)> real{::realpath(path.c_str(), nullptr),
                                              std::free};
  return real ? std::string{real.get()} : std::string{};
}

/// The value of an option, as `--name value` or `--name=value`.
bool has_value(const std::vector<std::string>& arguments, std::string_view name,
               std::string_view value) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string_view argument{arguments[i]};
    if (argument == name && i + 1 < arguments.size()
        && arguments[i + 1] == value)
      return true;
    if (argument.size() == name.size() + 1 + value.size()
        && argument.starts_with(name) && argument[name.size()] == '='
        && argument.ends_with(value))
      return true;
  }
  return false;
}

} // namespace

command_names names_of(const child_command& command) {
  command_names result;
  result.name = last_part(command.program);
  auto found = find_program(command).path;
  if (found.empty())
    return result;
  if (!found.starts_with('/') && !command.directory.empty())
    found = command.directory + '/' + found;
  if (auto real = canonical(found); !real.empty() && real != found)
    result.paths.push_back(std::move(real));
  result.paths.push_back(std::move(found));
  return result;
}

command_match match_command(const command_names& names,
                            std::string_view executable,
                            const std::vector<std::string>& command_line) {
  auto is_path = [&](std::string_view path) {
    return std::find(names.paths.begin(), names.paths.end(), path)
           != names.paths.end();
  };
  auto is_command = [&](std::string_view path) {
    return is_path(path) || last_part(path) == names.name;
  };
  if (command_line.empty())
    return command_match::no; // a kernel thread, or a zombie
  if (is_command(command_line.front()) || is_path(executable))
    return command_match::program;
  auto interpreter = last_part(command_line.front());
  if (std::find(interpreters.begin(), interpreters.end(), interpreter)
      == interpreters.end())
    return command_match::no;
  auto script = std::find_if(command_line.begin() + 1, command_line.end(),
                             [](auto& x) { return !x.starts_with('-'); });
  return script != command_line.end() && is_command(*script)
           ? command_match::script
           : command_match::no;
}

bool asks_for_stream_json(const std::vector<std::string>& command_line) {
  auto has = [&](std::string_view word) {
    return std::find(command_line.begin(), command_line.end(), word)
           != command_line.end();
  };
  return (has("-p") || has("--print"))
         && has_value(command_line, "--input-format", "stream-json")
         && has_value(command_line, "--output-format", "stream-json");
}

struct process_discovery::match {
  process_info info;
  bool stream_json = false;
};

process_discovery::process_discovery(const process_table& table, bool claude,
                                     std::int32_t self, std::uint32_t user)
  : table_{table}, claude_{claude}, self_{self}, user_{user} {}

attach_policy process_discovery::find(const command_names& names) const {
  auto found = matches(names);
  drop_kin(found);
  std::vector<claude_candidate> candidates;
  for (const auto& m : found)
    if (agent_above(m.info) == 0)
      candidates.push_back(describe(m.info, m.stream_json));
  return choose_claude(std::move(candidates), user_);
}

attach_policy process_discovery::find(std::int32_t pid) const {
  auto info = table_.info(pid);
  if (!info || info->state == 'Z' || info->state == 'X')
    return {{}, {no_such_process(pid)}};
  if (descends(self_, pid))
    return {{},
            {{pid, "own", "it is the agent itself, or what has started it",
              "Name another one."}}};
  auto candidate
    = describe(*info, asks_for_stream_json(table_.command_line(pid)));
  candidate.agent = agent_above(*info);
  return choose_claude({std::move(candidate)}, user_);
}

// Most processes don't match; for those only one file and one link are read.
std::vector<process_discovery::match>
process_discovery::matches(const command_names& names) const {
  std::vector<match> result;
  for (auto pid : table_.processes()) {
    auto command_line = table_.command_line(pid);
    if (command_line.empty() || pid == self_)
      continue;
    auto how = match_command(names, {}, command_line);
    if (how == command_match::no)
      how = match_command(names, table_.executable(pid), command_line);
    auto stream_json = asks_for_stream_json(command_line);
    // An editor or a pager with that file is not a candidate.
    if (how == command_match::no
        || (how == command_match::script && claude_ && !stream_json))
      continue;
    auto info = table_.info(pid);
    if (info && info->state != 'Z' && info->state != 'X')
      result.push_back({std::move(*info), stream_json});
  }
  return result;
}

void process_discovery::drop_kin(std::vector<match>& found) const {
  auto all = found;
  std::erase_if(found, [&](const match& m) {
    if (descends(self_, m.info.pid))
      return true;
    return std::any_of(all.begin(), all.end(), [&](const match& other) {
      return other.info.pid != m.info.pid
             && descends(m.info.pid, other.info.pid);
    });
  });
}

claude_candidate process_discovery::describe(const process_info& info,
                                             bool stream_json) const {
  claude_candidate result;
  result.pid = info.pid;
  result.start_time = info.start_time;
  result.owner = table_.owner(info.pid).value_or(user_);
  result.kept = is_below_shim(info);
  result.speaks_protocol = stream_json || !claude_;
  result.input = table_.descriptor(info.pid, 0);
  result.output = table_.descriptor(info.pid, 1);
  if (result.input.is_pipe() && result.output.is_pipe())
    add_users(result);
  return result;
}

void process_discovery::add_users(claude_candidate& candidate) const {
  candidate.input_has_writer = false;
  std::array pipes{candidate.input.pipe, candidate.output.pipe};
  for (const auto& holder : table_.holders(pipes)) {
    auto writes_input = holder.writes && holder.pipe == candidate.input.pipe;
    auto reads_output = holder.reads && holder.pipe == candidate.output.pipe;
    candidate.input_has_writer = candidate.input_has_writer || writes_input;
    // Descendants may have inherited the ends without using them.
    if ((!writes_input && !reads_output) || holder.pid == self_
        || descends(holder.pid, candidate.pid))
      continue;
    auto& users = candidate.users;
    auto known = std::find_if(users.begin(), users.end(),
                              [&](auto& x) { return x.pid == holder.pid; });
    if (known == users.end()) {
      auto info = table_.info(holder.pid);
      known = users.insert(users.end(),
                           {holder.pid, info ? info->name : "", false, false});
    }
    known->writes_input = known->writes_input || writes_input;
    known->reads_output = known->reads_output || reads_output;
  }
}

std::int32_t process_discovery::agent_above(const process_info& info) const {
  std::int32_t found = 0;
  auto pid = info.parent;
  for (int i = 0; i < generations_to_agent && pid > 0; ++i) {
    auto above = table_.info(pid);
    if (is_agent(pid))
      found = pid;
    pid = above ? above->parent : 0;
  }
  return found == self_ ? 0 : found;
}

bool process_discovery::is_below_shim(const process_info& info) const {
  auto above = table_.info(info.parent);
  return above && above->name == shim_name;
}

bool process_discovery::is_agent(std::int32_t pid) const {
  auto info = table_.info(pid);
  if (info && info->name == agent_name)
    return true;
  // The shim and the reaper are forks of an agent that may have ended.
  if (info && (info->name == shim_name || info->name == reaper_name))
    return false;
  auto executable = table_.executable(pid);
  return !executable.empty() && last_part(executable) == agent_name;
}

/// True also for a process and itself.
bool process_discovery::descends(std::int32_t pid, std::int32_t from) const {
  for (int i = 0; i < max_generations && pid > 0; ++i) {
    if (pid == from)
      return true;
    auto info = table_.info(pid);
    pid = info ? info->parent : 0;
  }
  return false;
}

} // namespace container_agent::runtime
