#include "test/support/agent_process.hpp"

#include "test/support/json_text.hpp"
#include "test/support/programs.hpp"

#include <poll.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <sstream>
#include <stdexcept>

namespace container_agent::test {

namespace {

/// What a pipe holds: more never comes at once.
constexpr std::size_t read_size = 64 * 1024;

/// How much of stderr and of the output a failure shows.
constexpr std::size_t shown_bytes = 4096;

std::string tail(const std::string& text) {
  if (text.size() <= shown_bytes)
    return text;
  return "…" + text.substr(text.size() - shown_bytes);
}

std::vector<std::string> command_line(const agent_options& options,
                                      const std::filesystem::path& pipe_dir,
                                      const std::filesystem::path& state) {
  auto argv = options.launcher;
  argv.push_back(options.program.empty() ? agent_binary() : options.program);
  auto add = [&](std::string name, std::string value) {
    argv.push_back(std::move(name));
    argv.push_back(std::move(value));
  };
  if (options.give_pipe_dir)
    add("--pipe-dir", pipe_dir);
  if (options.instance != "claude")
    add("--instance", options.instance);
  auto command = options.claude_command.value_or(fake_claude_binary());
  if (!command.empty())
    add("--claude-command", command);
  if (options.pass_state_dir)
    add("--env", "FAKE_CLAUDE_STATE=" + state.string());
  if (!options.attach)
    add("--attach", "no");
  if (options.give_pipe_dir)
    add("--trace-dir", pipe_dir.parent_path() / "dumps");
  argv.insert(argv.end(), options.args.begin(), options.args.end());
  if (!options.claude_args.empty()) {
    argv.push_back("--");
    argv.insert(argv.end(), options.claude_args.begin(),
                options.claude_args.end());
  }
  return argv;
}

} // namespace

agent_process::agent_process(agent_options options) {
  auto pipe_dir = options.pipe_dir.empty() ? temp_ / "pipes" : options.pipe_dir;
  std::filesystem::create_directories(pipe_dir);
  std::filesystem::create_directories(state_dir());
  input_path_ = pipe_dir / (options.instance + ".in.fifo");
  output_path_ = pipe_dir / (options.instance + ".out.fifo");
  watch_ = std::make_unique<directory_watch>(pipe_dir);
  spawn_options spawn;
  spawn.argv = command_line(options, pipe_dir, state_dir());
  spawn.env = options.env;
  spawn.umask = options.umask;
  spawn.blocked_signals = options.blocked_signals;
  spawn.ignored_signals = options.ignored_signals;
  spawn.inherited_fds = options.inherited_fds;
  process_ = std::make_unique<subprocess>(spawn);
  if (options.open_output)
    open_output();
  if (options.open_input)
    open_input();
}

agent_process::~agent_process() = default;

void agent_process::fail(const std::string& what) const {
  std::ostringstream text;
  text << what << "\n-- passed over:\n";
  std::string seen;
  for (const auto& line : passed_over_)
    seen += line.substr(0, 400) + '\n';
  text << tail(seen) << "-- stderr:\n" << tail(process_->stderr_text());
  if (!process_->stdout_text().empty())
    text << "-- stdout:\n" << tail(process_->stdout_text());
  throw std::runtime_error(text.str());
}

bool agent_process::read_output() {
  if (taken_ > read_size && taken_ * 2 > buffer_.size()) {
    buffer_.erase(0, taken_);
    scanned_ -= taken_;
    taken_ = 0;
  }
  auto size = buffer_.size();
  buffer_.resize(size + read_size);
  auto n = ::read(output_.get(), buffer_.data() + size, read_size);
  buffer_.resize(size + (n > 0 ? static_cast<std::size_t>(n) : 0));
  if (n == 0)
    output_.reset();
  return n > 0;
}

void agent_process::step(std::string_view waiting_for, const deadline& until,
                         bool want_write, int other_fd) {
  pollfd fds[] = {{process_->stdout_fd(), POLLIN, 0},
                  {process_->stderr_fd(), POLLIN, 0},
                  {process_->exit_fd(), POLLIN, 0},
                  {reading_ ? output_.get() : -1, POLLIN, 0},
                  {want_write ? input_.get() : -1, POLLOUT, 0},
                  {other_fd, POLLIN, 0}};
  if (::poll(fds, 6, until.poll_timeout()) == 0 && until.passed())
    fail("timed out waiting for " + std::string{waiting_for});
  if (fds[0].revents != 0 || fds[1].revents != 0)
    process_->drain();
  if (fds[2].revents != 0)
    process_->try_wait();
  if (fds[3].revents != 0)
    read_output();
}

// -- the input ---------------------------------------------------------------

std::size_t agent_process::write_some(std::string_view bytes) {
  auto before = bytes.size();
  while (!bytes.empty()) {
    auto n = ::write(input_.get(), bytes.data(), bytes.size());
    if (n > 0)
      bytes.remove_prefix(static_cast<std::size_t>(n));
    else if (errno == EAGAIN)
      break;
    else if (errno != EINTR)
      fail(std::string{"cannot write to the input: "} + std::strerror(errno));
  }
  return before - bytes.size();
}

void agent_process::write(std::string_view bytes, deadline until) {
  for (;;) {
    bytes.remove_prefix(write_some(bytes));
    if (bytes.empty())
      return;
    step("room in the input", until, true);
  }
}

void agent_process::prompt(std::string_view text, std::string_view uuid) {
  json message
    = {{"type", "user"}, {"message", {{"role", "user"}, {"content", text}}}};
  if (!uuid.empty())
    message["uuid"] = uuid;
  write_json(message);
}

void agent_process::open_input(deadline until) {
  for (;;) {
    watch_->drain();
    if (auto fd = try_open_fifo_writer(input_path_)) {
      input_ = std::move(*fd);
      return;
    }
    if (has_exited())
      fail("the agent ended before it opened its input");
    step("the input FIFO", until, false, watch_->fd());
  }
}

// -- the output --------------------------------------------------------------

void agent_process::open_output(deadline until) {
  for (;;) {
    watch_->drain();
    if (kind_of(output_path_) == "fifo") {
      output_ = open_fifo_reader(output_path_);
      return;
    }
    if (has_exited())
      fail("the agent ended before it made its output");
    step("the output FIFO", until, false, watch_->fd());
  }
}

std::optional<std::string> agent_process::take_line() {
  auto lf = buffer_.find('\n', std::max(scanned_, taken_));
  if (lf == std::string::npos) {
    scanned_ = buffer_.size();
    return std::nullopt;
  }
  auto line = buffer_.substr(taken_, lf - taken_);
  taken_ = scanned_ = lf + 1;
  return line;
}

std::optional<std::string> agent_process::try_next_line(deadline until) {
  for (;;) {
    if (auto line = take_line())
      return line;
    if (!output_)
      return std::nullopt;
    if (has_exited() && !read_output())
      return take_line();
    step("a line of output", until);
  }
}

std::string agent_process::next_line(deadline until) {
  auto line = try_next_line(until);
  if (!line)
    fail("the output ended, and a line was expected");
  return *line;
}

json agent_process::next_record(deadline until) {
  auto line = next_line(until);
  auto record = json::parse(line, nullptr, false);
  if (record.is_discarded())
    fail("not JSON: " + line.substr(0, 400));
  note(record);
  return record;
}

pid_t agent_process::child_pid() const {
  if (child_pid_ <= 1)
    fail("no child is ready yet");
  return child_pid_;
}

void agent_process::note(const json& record) {
  if (record.is_object() && text_in(record, "type") == "container_agent"
      && text_in(record, "subtype") == "ready" && record.contains("pid"))
    child_pid_ = record["pid"].get<pid_t>();
}

json agent_process::wait_for(const std::function<bool(const json&)>& predicate,
                             std::string_view what, deadline until) {
  for (;;) {
    std::optional<std::string> line;
    try {
      line = try_next_line(until);
    } catch (const std::exception&) {
      fail("timed out waiting for " + std::string{what});
    }
    if (!line)
      fail("the output ended before " + std::string{what});
    auto record = json::parse(*line, nullptr, false);
    if (record.is_object()) {
      note(record);
      if (predicate(record))
        return record;
    }
    passed_over_.push_back(*line);
  }
}

json agent_process::wait_for_record(std::string_view subtype, deadline until) {
  return wait_for(
    [&](const json& record) {
      return text_in(record, "type") == "container_agent"
             && text_in(record, "subtype") == subtype;
    },
    std::string{"the record "} + std::string{subtype}, until);
}

json agent_process::wait_for_type(std::string_view type, deadline until) {
  return wait_for(
    [&](const json& record) { return text_in(record, "type") == type; },
    std::string{"a line of type "} + std::string{type}, until);
}

json agent_process::wait_for_answer(std::string_view text, deadline until) {
  return wait_for(
    [&](const json& record) {
      return text_in(record, "type") == "result"
             && text_in(record, "result").find(text) != std::string::npos;
    },
    std::string{"the answer to "} + std::string{text}, until);
}

std::string agent_process::read_some(deadline until) {
  while (taken_ == buffer_.size()) {
    if (!output_ || (has_exited() && !read_output()))
      return {};
    if (taken_ == buffer_.size())
      step("some output", until);
  }
  auto bytes = buffer_.substr(taken_);
  buffer_.clear();
  taken_ = scanned_ = 0;
  return bytes;
}

std::string agent_process::read_bytes(std::size_t n, deadline until) {
  while (buffer_.size() - taken_ < n) {
    if (!output_ || (has_exited() && !read_output()))
      break;
    if (buffer_.size() - taken_ < n)
      step("more bytes of output", until);
  }
  auto bytes = buffer_.substr(taken_, n);
  taken_ += bytes.size();
  scanned_ = taken_;
  return bytes;
}

std::string agent_process::read_to_eof(deadline until) {
  return read_bytes(std::string::npos / 2, until);
}

// -- the log -----------------------------------------------------------------

std::vector<json> agent_process::log() {
  process_->drain();
  std::vector<json> lines;
  std::istringstream in(process_->stderr_text());
  std::string line;
  while (std::getline(in, line)) {
    auto record = json::parse(line, nullptr, false);
    lines.push_back(record.is_discarded() ? json(line) : record);
  }
  return lines;
}

json agent_process::wait_for_log(std::string_view event, std::size_t nth,
                                 deadline until) {
  for (;;) {
    auto ended = has_exited();
    std::size_t count = 0;
    for (const auto& line : log())
      if (line.is_object() && text_in(line, "event") == event && ++count == nth)
        return line;
    if (ended)
      fail("the agent ended before it logged " + std::string{event});
    step("the log event " + std::string{event}, until);
  }
}

void agent_process::wait_for_stderr(std::string_view text, deadline until) {
  while (process_->stderr_text().find(text) == std::string::npos) {
    if (has_exited())
      fail("the agent ended before it wrote " + std::string{text});
    step(text, until);
  }
}

// -- the process -------------------------------------------------------------

exit_status agent_process::wait_exit(deadline until) {
  while (!process_->try_wait())
    step("the agent's end", until);
  // What it wrote last stays in the FIFO while this end is open.
  while (output_ && reading_ && read_output()) {}
  return process_->wait_exit();
}

} // namespace container_agent::test
