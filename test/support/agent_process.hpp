#pragma once

#include "test/support/deadline.hpp"
#include "test/support/fifo.hpp"
#include "test/support/process_memory.hpp"
#include "test/support/subprocess.hpp"
#include "test/support/temp_dir.hpp"
#include "test/support/unique_fd.hpp"

#include <nlohmann/json.hpp>

#include <csignal>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace container_agent::test {

using json = nlohmann::json;

/// How a test starts the agent. The defaults: stream-json, `fake_claude` as
/// Claude Code, pipes in a directory of the test's own, both ends opened.
struct agent_options {
  /// What starts the agent, such as `unshare --pid --fork`.
  std::vector<std::string> launcher;

  /// More options of the agent.
  std::vector<std::string> args;

  /// Another program in place of the agent; empty: the agent.
  std::string program;

  /// What follows `--`: arguments for Claude.
  std::vector<std::string> claude_args;

  /// The agent's environment, beside PATH.
  std::map<std::string, std::string> env;

  /// What --claude-command names; empty: the option is not given.
  std::optional<std::string> claude_command;

  /// The child keeps its transcripts and counters in `state_dir()` and is
  /// told so by --env FAKE_CLAUDE_STATE=….
  bool pass_state_dir = true;

  /// Empty: `<temp>/pipes`, which is made beforehand.
  std::filesystem::path pipe_dir;
  bool give_pipe_dir = true; ///< false: --pipe-dir is not given.

  /// --instance is given when this differs from the default.
  std::string instance = "claude";

  /// false: --attach no is given. Tests run side by side, and must not take
  /// each other's Claude.
  bool attach = false;

  bool open_input = true;  ///< Wait for the input FIFO and open it.
  bool open_output = true; ///< Wait for the output FIFO and open it.

  std::optional<mode_t> umask;
  std::vector<int> blocked_signals;
  std::vector<int> ignored_signals;
  std::vector<int> inherited_fds;
};

/// The real program with real FIFOs, as a host sees it.
///
/// Whatever it waits for, it waits by one poll(2) on all descriptors: the
/// agent's stdout and stderr are drained meanwhile, the output FIFO too while
/// it is open, and the agent's death is noticed at once. A wait that fails
/// throws std::runtime_error with all that was seen.
class agent_process {
public:
  explicit agent_process(agent_options options = {});
  agent_process(agent_process&&) = delete;
  ~agent_process();

  // -- where things are -----------------------------------------------------

  [[nodiscard]] pid_t pid() const noexcept { return process_->pid(); }
  [[nodiscard]] const std::filesystem::path& dir() const noexcept {
    return temp_.path();
  }
  [[nodiscard]] std::filesystem::path state_dir() const {
    return temp_ / "state";
  }
  [[nodiscard]] const std::filesystem::path& input_path() const noexcept {
    return input_path_;
  }
  [[nodiscard]] const std::filesystem::path& output_path() const noexcept {
    return output_path_;
  }
  /// The child's number, from the last `ready` record that was read. Throws if
  /// there was none: a signal to -1 would go to every process there is.
  [[nodiscard]] pid_t child_pid() const;

  // -- the input ------------------------------------------------------------

  /// Writes all of it. Blocks as long as the agent does not read.
  void write(std::string_view bytes, deadline until = deadline{});

  void write_line(std::string_view line, deadline until = deadline{}) {
    write(std::string{line} + '\n', until);
  }

  void write_json(const json& value, deadline until = deadline{}) {
    write_line(value.dump(), until);
  }

  /// A `user` message as Claude Code takes it.
  void prompt(std::string_view text, std::string_view uuid = {});

  /// Writes what fits now, and returns how much that was; never waits.
  std::size_t write_some(std::string_view bytes);

  /// Opens (again) what is at the input path, once the agent reads it.
  void open_input(deadline until = deadline{});
  void close_input() { input_.reset(); }

  // -- the output -----------------------------------------------------------

  /// The next whole line, without its LF; nothing once all writers have gone.
  std::optional<std::string> try_next_line(deadline until = deadline{});

  /// The next whole line; throws when there is none.
  std::string next_line(deadline until = deadline{});

  /// The next line as JSON; throws when it is none.
  json next_record(deadline until = deadline{});

  /// Reads on until a JSON line for which the predicate holds; what it passes
  /// over is kept in `passed_over()`.
  json wait_for(const std::function<bool(const json&)>& predicate,
                std::string_view what, deadline until = deadline{});

  /// Reads on until the agent's own record with this `subtype`.
  json wait_for_record(std::string_view subtype, deadline until = deadline{});

  /// Reads on until a line of this `type`, such as "result".
  json wait_for_type(std::string_view type, deadline until = deadline{});

  /// `result` of this prompt. Claude Code does not name the prompt in a
  /// result, so: of the text that the stand-in echoes.
  json wait_for_answer(std::string_view text, deadline until = deadline{});

  /// Some bytes, as they come; empty once all writers have gone.
  std::string read_some(deadline until = deadline{});

  /// Exactly `n` bytes, or fewer once all writers have gone.
  std::string read_bytes(std::size_t n, deadline until = deadline{});

  /// All the bytes until all writers have gone.
  std::string read_to_eof(deadline until = deadline{});

  /// Leaves, with what was read but not yet taken kept for the next reads;
  /// then opens (again) what is at the output path.
  void close_output() { output_.reset(); }
  void open_output(deadline until = deadline{});

  /// Forgets what was read but not yet taken, as a reader that dies does.
  void discard_unread() {
    buffer_.clear();
    taken_ = scanned_ = 0;
  }

  /// While false, the output FIFO stays open but nothing is read from it.
  void set_reading(bool on) { reading_ = on; }

  /// The lines that waits have passed over so far.
  [[nodiscard]] const std::vector<std::string>& passed_over() const noexcept {
    return passed_over_;
  }

  // -- the log --------------------------------------------------------------

  /// The `nth` (from 1) log line of this event, now or to come.
  json wait_for_log(std::string_view event, std::size_t nth = 1,
                    deadline until = deadline{});

  /// Waits until stderr holds this text.
  void wait_for_stderr(std::string_view text, deadline until = deadline{});

  /// The log so far; lines that are not JSON come as strings.
  std::vector<json> log();

  [[nodiscard]] const std::string& stderr_text() const noexcept {
    return process_->stderr_text();
  }
  [[nodiscard]] const std::string& stdout_text() const noexcept {
    return process_->stdout_text();
  }

  // -- the process ----------------------------------------------------------

  void send_signal(int signal) const { process_->send_signal(signal); }

  /// Waits for the end. The output is read meanwhile if it is open.
  exit_status wait_exit(deadline until = deadline{});

  /// Has the agent ended by now?
  bool has_exited() { return process_->try_wait().has_value(); }

  /// SIGTERM, then the end.
  exit_status stop() {
    send_signal(SIGTERM);
    return wait_exit();
  }

  [[nodiscard]] process_memory memory() const { return memory_of(pid()); }

  /// One poll(2) and whatever follows from it. Throws past the deadline.
  /// For tests that wait for something of their own.
  void step(std::string_view waiting_for, const deadline& until,
            bool want_write = false, int other_fd = -1);

private:
  [[noreturn]] void fail(const std::string& what) const;
  bool read_output();
  std::optional<std::string> take_line();
  void note(const json& record);

  temp_dir temp_;
  std::filesystem::path input_path_;
  std::filesystem::path output_path_;
  std::unique_ptr<directory_watch> watch_;
  std::unique_ptr<subprocess> process_;
  unique_fd input_;
  unique_fd output_;
  bool reading_ = true;
  std::string buffer_;      ///< Read and not yet taken.
  std::size_t taken_ = 0;   ///< How much of its beginning was taken.
  std::size_t scanned_ = 0; ///< Up to here there is no LF.
  std::vector<std::string> passed_over_;
  pid_t child_pid_ = -1;
};

} // namespace container_agent::test
