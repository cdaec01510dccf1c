#pragma once

#include "test/support/unique_fd.hpp"

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace container_agent::bench {

/// The agent that is measured and what it is told.
struct agent_setup {
  std::string program;             ///< Path of the agent.
  std::string echo_program;        ///< This program, as the child.
  std::string log_level = "info";  ///< The agent's default.
  std::vector<std::string> more{}; ///< Further options.

  /// The same with these options, too.
  [[nodiscard]] agent_setup with(std::vector<std::string> options) const {
    auto result = *this;
    result.more = std::move(options);
    return result;
  }
};

/// What stands between the two FIFOs.
struct blueprint {
  /// Commands as of a shell's pipeline; the first reads the input FIFO and the
  /// last writes the output FIFO.
  std::vector<std::vector<std::string>> commands;

  /// The only command is an agent: it opens the FIFOs itself, in the
  /// directory that `--pipe-dir` tells it.
  bool is_agent = false;

  /// What the FIFOs and the pipes between the commands hold; 0 leaves it to
  /// the kernel (64 KiB). An agent sizes its own.
  int pipe_bytes = 0;

  /// Writes a `ready` line before it takes anything.
  bool says_ready = false;
};

/// `cat | cat | …`: the floor, what moving the bytes costs at least.
blueprint cats(int count);

/// `echo child | cat`: the floor of what comes out of the child.
blueprint echo_and_cat(const agent_setup& setup);

/// The agent with `cat` as its child, byte for byte.
blueprint raw_agent(const agent_setup& setup);

/// The agent with the stream-json echo as its child.
blueprint stream_json_agent(const agent_setup& setup);

/// A process that is killed, with the children it leaves, at the end of this
/// object's life. The program must be a child subreaper for that.
class process {
public:
  /// Descriptors of the new process: stdin, stdout, stderr.
  process(const std::vector<std::string>& argv, int in, int out, int err);
  process(process&&) noexcept;
  process& operator=(process&&) = delete;
  ~process();

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

  /// Readable once the process has ended.
  [[nodiscard]] int pidfd() const noexcept { return pidfd_.get(); }

private:
  pid_t pid_ = -1;
  test::unique_fd pidfd_;
};

/// A system under test: two FIFOs in a directory of their own and what moves
/// bytes from one to the other.
class chain {
public:
  /// Makes `directory` and the FIFOs and opens them; starts nothing yet.
  chain(std::filesystem::path directory, blueprint what);

  /// Starts the processes, and nothing else: this is timed.
  void start();

  /// start(), waits for `ready` if it says so, and lets go of the far ends of
  /// the FIFOs, so that the death of the other side shows from now on.
  /// `probe` is sent first and must come back, if not empty.
  void start_and_probe(std::string_view probe);

  /// Waits until there is something to read. Throws std::runtime_error, with
  /// the end of its log, when a process ends first.
  void await_output();

  /// Ends all its processes, so that blocked writes to it fail.
  void stop() noexcept;

  /// The host writes here.
  [[nodiscard]] int input() const noexcept { return input_.get(); }

  /// The host reads here.
  [[nodiscard]] int output() const noexcept { return output_.get(); }

  /// The first process: the agent, if there is one.
  [[nodiscard]] const process& head() const { return processes_.front(); }

  /// The process between the agent and its child.
  [[nodiscard]] pid_t guard() const;

  /// What the input FIFO holds by now.
  [[nodiscard]] int input_capacity() const;

  /// All processes that bytes pass, the agent's child too, in the order in
  /// which they meet them.
  [[nodiscard]] std::vector<pid_t> pids() const;

  /// The last lines that its processes wrote to stderr.
  [[nodiscard]] std::string log_tail() const;

private:
  [[nodiscard]] std::filesystem::path fifo(std::string_view way) const;
  void let_go_of_far_ends();

  std::filesystem::path directory_;
  blueprint what_;
  test::unique_fd input_;
  test::unique_fd output_;
  test::unique_fd log_;
  std::vector<process> processes_;
};

} // namespace container_agent::bench
