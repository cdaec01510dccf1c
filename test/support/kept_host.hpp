#pragma once

#include "test/support/deadline.hpp"
#include "test/support/subprocess.hpp"
#include "test/support/temp_dir.hpp"
#include "test/support/unique_fd.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace container_agent::test {

/// Whether Claude outlives its agent.
enum class keep { claude, nothing };

/// A host that holds both FIFOs open while agents come and go on one state
/// directory, with `--keep-claude` unless told otherwise, and keeps all that it
/// has read.
class kept_host {
public:
  /// More options of the agents, and arguments for Claude.
  explicit kept_host(std::vector<std::string> args = {},
                     std::vector<std::string> claude_args = {},
                     std::string claude = {}, keep what = keep::claude);
  kept_host(kept_host&&) = delete;

  /// Kills all that the agents leave.
  ~kept_host();

  [[nodiscard]] const std::filesystem::path& dir() const {
    return temp_.path();
  }
  /// The directory in which the agents keep the conversation.
  [[nodiscard]] std::filesystem::path log_dir() const {
    return temp_ / "pipes/claude.state";
  }
  /// The directory in which the stand-in keeps its own.
  [[nodiscard]] std::filesystem::path state_dir() const {
    return temp_ / "state";
  }

  void start_agent();
  /// Another program, which takes the same options.
  void start_agent(const std::string& program,
                   const std::map<std::string, std::string>& env);
  void kill_agent();
  /// As the kernel does when a container ends.
  void kill_everything();
  exit_status end_agent(int signal);
  subprocess& agent() { return *agent_; }

  /// The last one that has started; 0 if none has.
  [[nodiscard]] pid_t claude_pid() const;

  /// Is written as the agent reads.
  void write(std::string_view bytes) { unwritten_ += bytes; }
  void prompt(std::string_view text, std::string_view uuid);
  [[nodiscard]] std::size_t unwritten() const { return unwritten_.size(); }

  /// Waits for room or output, and reads at most `size` bytes. Returns how
  /// many; throws past the deadline.
  std::size_t step(std::size_t size, const deadline& until);

  /// Reads what the agents have left in the FIFO.
  void read_rest();

  /// Reads on until a line, JSON, for which the predicate holds.
  nlohmann::json
  wait_for(const std::function<bool(const nlohmann::json&)>& predicate,
           std::string_view what, deadline until = deadline{});

  nlohmann::json wait_for_record(std::string_view subtype);
  nlohmann::json wait_for_result(std::string_view uuid);

  /// All that was read.
  [[nodiscard]] const std::string& stream() const { return stream_; }

  /// Its whole lines that are not the agents' own, with their LF.
  [[nodiscard]] std::string claude_lines() const;

  /// All that is in `events.log`.
  [[nodiscard]] std::string events() const;

private:
  void kill_marked() const;

  temp_dir temp_;
  std::string mark_; // of all processes that come from an agent
  std::vector<std::string> argv_;
  unique_fd input_;
  unique_fd output_;
  std::unique_ptr<subprocess> agent_;
  std::string unwritten_;
  std::string stream_;
  std::size_t looked_ = 0; // lines before it went by in `wait_for`
};

} // namespace container_agent::test
