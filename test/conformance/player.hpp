#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace container_agent::test::conformance {

/// How a transcript is damaged between two processes.
enum class damage { missing, directory, garbage };

/// Plays Claude: one process after the other over the same files, driven by
/// its stdin, stdout and signals only.
class claude_player {
public:
  virtual ~claude_player() = default;

  /// Starts a process with these arguments and additional variables. The one
  /// before has ended.
  virtual void start(const std::vector<std::string>& arguments,
                     const std::map<std::string, std::string>& environment)
    = 0;

  virtual void write_line(const std::string& line) = 0;
  virtual void close_input() = 0;
  virtual void signal(int number) = 0;

  /// The next line of its stdout; nothing at its end. Throws
  /// std::runtime_error when none comes.
  virtual std::optional<std::string> read_line() = 0;

  /// Waits for its end and says how it came: `exit code 0`, `signal 9`.
  virtual std::string wait_exit() = 0;

  /// Waits until the model has been asked to answer this prompt.
  virtual void wait_asked(const std::string& prompt) = 0;

  /// Waits until the session's transcript holds this text: Claude writes there
  /// some 100 ms after it has spoken.
  virtual void wait_saved(const std::string& session, const std::string& text)
    = 0;

  /// Lets the model give the answers that it holds back.
  virtual void release_answer() = 0;

  /// Lets the tool end that waits at the `gate`.
  virtual void release_tool() = 0;

  virtual void damage_transcript(const std::string& session, damage how) = 0;
};

/// The real Claude Code, found at this path.
std::unique_ptr<claude_player> real_claude(const std::string& program);

/// `fake_claude`, with more arguments.
std::unique_ptr<claude_player>
fake_claude(const std::vector<std::string>& more_arguments = {});

/// The simulated Claude of test/simulation, under its calendar, alone.
std::unique_ptr<claude_player> simulated_claude();

} // namespace container_agent::test::conformance
