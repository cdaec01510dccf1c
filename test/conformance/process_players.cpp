#include "test/conformance/player.hpp"
#include "test/support/messages_api.hpp"
#include "test/support/programs.hpp"
#include "test/support/subprocess.hpp"
#include "test/support/temp_dir.hpp"
#include "test/support/unique_fd.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace container_agent::test::conformance {

namespace {

namespace fs = std::filesystem;

/// How long Claude may take for a line: it is 360 MB to load, and other tests
/// may run beside it.
constexpr std::chrono::seconds patience{120};

/// A Claude that is a process, in a folder of its own with a file `gate`. Tools
/// wait for its lock, by `flock gate true`.
class process_player : public claude_player {
public:
  process_player() {
    fs::create_directory(work());
    gate_.reset(
      ::open((work() / "gate").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    ::flock(gate_.get(), LOCK_EX);
  }

  void start(const std::vector<std::string>& arguments,
             const std::map<std::string, std::string>& environment) override {
    spawn_options options;
    options.argv = command();
    options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
    options.env = variables();
    options.env.insert(environment.begin(), environment.end());
    options.cwd = work();
    options.stdin_pipe = true;
    process_.reset();
    process_ = std::make_unique<subprocess>(options);
  }

  void write_line(const std::string& line) override {
    process_->write_stdin(line + '\n', deadline{patience});
  }

  void close_input() override { process_->close_stdin(); }
  void signal(int number) override { process_->send_signal(number); }

  std::optional<std::string> read_line() override {
    try {
      return process_->read_line(deadline{patience});
    } catch (const std::runtime_error&) {
      // What has come so far is told as shapes; as lines it is too long to
      // read.
      throw std::runtime_error("no line came in time");
    }
  }

  std::string wait_exit() override {
    return to_string(process_->wait_exit(deadline{patience}));
  }

  void release_tool() override { gate_.reset(); }

  void damage_transcript(const std::string& session, damage how) override {
    auto file = transcript(session);
    if (file.empty())
      return;
    fs::remove(file);
    if (how == damage::directory)
      fs::create_directory(file);
    else if (how == damage::garbage)
      std::ofstream{file} << "this is { no JSON\n";
  }

protected:
  virtual std::vector<std::string> command() = 0;
  virtual std::map<std::string, std::string> variables() = 0;

  /// The path of the transcript; empty if there is none.
  virtual fs::path transcript(const std::string& session) = 0;

  [[nodiscard]] fs::path folder() const { return dir_.path(); }
  [[nodiscard]] fs::path work() const { return folder() / "work"; }

private:
  temp_dir dir_;
  unique_fd gate_; // closed, it gives up the lock
  std::unique_ptr<subprocess> process_;
};

class real_player final : public process_player {
public:
  explicit real_player(const std::string& program)
    : program_{fs::absolute(program)} {
    if (!fs::exists(program_))
      throw std::runtime_error("no Claude Code at " + program_
                               + ": run tools/install-claude-code.sh");
    fs::create_directory(home());
  }

  void wait_asked(const std::string& prompt) override {
    api_.wait_started(prompt, 1, patience);
  }

  void release_answer() override { api_.release(); }

  void wait_saved(const std::string& session,
                  const std::string& text) override {
    auto file = transcript(session);
    unique_fd changes{::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
    ::inotify_add_watch(changes.get(), file.c_str(), IN_MODIFY);
    deadline until{patience};
    while (read_file(file).find(text) == std::string::npos) {
      pollfd fds[] = {{changes.get(), POLLIN, 0}};
      if (::poll(fds, 1, until.poll_timeout()) == 0)
        throw std::runtime_error("not in the transcript: " + text);
      char buffer[4096];
      while (::read(changes.get(), buffer, sizeof(buffer)) > 0) {}
    }
  }

private:
  [[nodiscard]] fs::path home() const { return folder() / "home"; }

  std::vector<std::string> command() override {
    return {program_,      "-p",        "--input-format",
            "stream-json", "--verbose", "--output-format",
            "stream-json"};
  }

  std::map<std::string, std::string> variables() override {
    return {{"HOME", home()},
            {"ANTHROPIC_BASE_URL", api_.url()},
            {"ANTHROPIC_API_KEY", "dummy"},
            {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"},
            {"DISABLE_AUTOUPDATER", "1"},
            {"IS_SANDBOX", "1"}};
  }

  fs::path transcript(const std::string& session) override {
    std::error_code none;
    for (const auto& entry : fs::recursive_directory_iterator(
           home() / ".claude" / "projects", none))
      if (entry.path().filename() == session + ".jsonl")
        return entry.path();
    return {};
  }

  std::string program_;
  messages_api api_;
};

class fake_player final : public process_player {
public:
  explicit fake_player(std::vector<std::string> more) : more_{std::move(more)} {
    fs::create_directory(folder() / "state");
    ::mkfifo(answers().c_str(), 0600);
  }

  // It asks nobody, and saves before it speaks.
  void wait_asked(const std::string&) override {}
  void wait_saved(const std::string&, const std::string&) override {}

  /// All present and future readers of the FIFO get its end.
  void release_answer() override {
    unique_fd opened{
      ::open(answers().c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC)};
    fs::remove(answers());
  }

private:
  [[nodiscard]] fs::path answers() const { return work() / "answers"; }

  std::vector<std::string> command() override {
    std::vector<std::string> result{fake_claude_binary()};
    result.insert(result.end(), more_.begin(), more_.end());
    return result;
  }

  std::map<std::string, std::string> variables() override {
    return {{"FAKE_CLAUDE_STATE", folder() / "state"}};
  }

  fs::path transcript(const std::string& session) override {
    return folder() / "state" / ("session." + session);
  }

  std::vector<std::string> more_;
};

} // namespace

std::unique_ptr<claude_player> real_claude(const std::string& program) {
  return std::make_unique<real_player>(program);
}

std::unique_ptr<claude_player>
fake_claude(const std::vector<std::string>& more_arguments) {
  return std::make_unique<fake_player>(more_arguments);
}

} // namespace container_agent::test::conformance
