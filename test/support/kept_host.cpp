#include "test/support/kept_host.hpp"

#include "test/support/fifo.hpp"
#include "test/support/json_text.hpp"
#include "test/support/log_files.hpp"
#include "test/support/process_search.hpp"
#include "test/support/programs.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace container_agent::test {

namespace {

using nlohmann::json;

unique_fd make_and_open(const std::filesystem::path& path) {
  make_fifo(path);
  return unique_fd{::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC)};
}

} // namespace

kept_host::kept_host(std::vector<std::string> args,
                     std::vector<std::string> claude_args, std::string claude,
                     keep what)
  : mark_{new_mark()},
    argv_{agent_binary(),
          "--attach",
          "no",
          "--pipe-dir",
          temp_ / "pipes",
          "--claude-command",
          claude.empty() ? std::string{fake_claude_binary()} : claude,
          "--env",
          "FAKE_CLAUDE_STATE=" + state_dir().string(),
          "--restart-delay",
          "1ms"} {
  std::filesystem::create_directory(temp_ / "pipes");
  std::filesystem::create_directory(state_dir());
  input_ = make_and_open(temp_ / "pipes/claude.in.fifo");
  output_ = make_and_open(temp_ / "pipes/claude.out.fifo");
  if (what == keep::claude)
    argv_.emplace_back("--keep-claude");
  argv_.insert(argv_.end(), args.begin(), args.end());
  argv_.emplace_back("--");
  argv_.insert(argv_.end(), claude_args.begin(), claude_args.end());
}

kept_host::~kept_host() {
  agent_.reset();
  kill_marked();
}

void kept_host::start_agent() {
  start_agent(argv_.front(), {});
}

void kept_host::start_agent(const std::string& program,
                            const std::map<std::string, std::string>& env) {
  spawn_options spawn;
  spawn.argv = argv_;
  spawn.argv.front() = program;
  spawn.env = env;
  auto equals = mark_.find('=');
  spawn.env[mark_.substr(0, equals)] = mark_.substr(equals + 1);
  agent_ = std::make_unique<subprocess>(spawn);
}

void kept_host::kill_agent() {
  end_agent(SIGKILL);
}

exit_status kept_host::end_agent(int signal) {
  agent_->send_signal(signal);
  return agent_->wait_exit();
}

// The agent's shim and reaper have its environment, and Claude ends with them.
void kept_host::kill_everything() {
  agent_->send_signal(SIGKILL);
  kill_marked();
  agent_->wait_exit();
}

void kept_host::kill_marked() const {
  auto claude = claude_pid();
  for (auto left = processes_marked(mark_); !left.empty();
       left = processes_marked(mark_))
    for (auto pid : left) {
      ::kill(pid, SIGKILL);
      wait_gone(pid);
    }
  if (claude > 1)
    wait_gone(claude);
}

pid_t kept_host::claude_pid() const {
  std::istringstream starts{read_file(state_dir() / "starts")};
  pid_t last = 0;
  while (starts >> last) {}
  return last;
}

std::string kept_host::events() const {
  return log_text(log_dir(), "events");
}

void kept_host::prompt(std::string_view text, std::string_view uuid) {
  write(json{{"type", "user"},
             {"message", {{"role", "user"}, {"content", text}}},
             {"uuid", uuid}}
          .dump()
        + '\n');
}

std::size_t kept_host::step(std::size_t size, const deadline& until) {
  pollfd fds[]
    = {{output_.get(), POLLIN, 0},
       {input_.get(), static_cast<short>(unwritten_.empty() ? 0 : POLLOUT), 0},
       {agent_->exit_fd(), POLLIN, 0},
       {agent_->stderr_fd(), POLLIN, 0}};
  if (::poll(fds, 4, until.poll_timeout()) == 0)
    throw std::runtime_error(
      "timed out; the output ended in\n"
      + stream_.substr(stream_.size()
                       - std::min<std::size_t>(stream_.size(), 2000))
      + "\n-- stderr:\n" + agent_->stderr_text());
  agent_->drain();
  if (fds[2].revents != 0)
    throw std::runtime_error("the agent has ended: " + agent_->stderr_text());
  if ((fds[1].revents & POLLOUT) != 0) {
    auto count = ::write(input_.get(), unwritten_.data(), unwritten_.size());
    unwritten_.erase(0, count > 0 ? static_cast<std::size_t>(count) : 0);
  }
  if ((fds[0].revents & POLLIN) == 0)
    return 0;
  auto known = stream_.size();
  stream_.resize(known + size);
  auto count = ::read(output_.get(), stream_.data() + known, size);
  auto got = count > 0 ? static_cast<std::size_t>(count) : 0;
  stream_.resize(known + got);
  return got;
}

void kept_host::read_rest() {
  char block[4096];
  for (ssize_t count; (count = ::read(output_.get(), block, sizeof block)) > 0;)
    stream_.append(block, static_cast<std::size_t>(count));
}

json kept_host::wait_for(const std::function<bool(const json&)>& predicate,
                         std::string_view what, deadline until) {
  for (;;) {
    for (auto end = stream_.find('\n', looked_); end != std::string::npos;
         end = stream_.find('\n', looked_)) {
      auto text = stream_.substr(looked_, end - looked_);
      looked_ = end + 1;
      auto line = json::parse(text, nullptr, false);
      if (line.is_object() && predicate(line))
        return line;
    }
    try {
      step(64 * 1024, until);
    } catch (const std::runtime_error& error) {
      throw std::runtime_error("waiting for " + std::string{what} + ": "
                               + error.what());
    }
  }
}

json kept_host::wait_for_record(std::string_view subtype) {
  return wait_for(
    [&](const json& line) {
      return text_in(line, "type") == "container_agent"
             && text_in(line, "subtype") == subtype;
    },
    subtype);
}

json kept_host::wait_for_result(std::string_view uuid) {
  return wait_for(
    [&](const json& line) {
      return text_in(line, "type") == "result"
             && text_in(line, "user_message_uuid") == uuid;
    },
    "the result of " + std::string{uuid}, deadline{std::chrono::seconds{90}});
}

std::string kept_host::claude_lines() const {
  std::string result;
  for (std::size_t at = 0;;) {
    auto end = stream_.find('\n', at);
    if (end == std::string::npos)
      return result;
    auto line = std::string_view{stream_}.substr(at, end + 1 - at);
    if (!line.starts_with(R"({"type":"container_agent")"))
      result += line;
    at = end + 1;
  }
}

} // namespace container_agent::test
