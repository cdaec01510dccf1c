#pragma once

#include "actors/core/ports.hpp"
#include "actors/supervision/restart_policy.hpp"
#include "main/log/logging.hpp"
#include "main/server/http_address.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// What the program was told: by its command line, by its environment
/// (CONTAINER_AGENT_…) and by a configuration file, in this order of
/// precedence. docs/options.md is the manual.
namespace container_agent {

struct options {
  enum class bridge_mode {
    claude, ///< Claude Code, by the pipe protocol
    raw,    ///< any program, byte for byte
  };

  enum class input_format {
    automatic, ///< a line that begins with { is JSON, any other a prompt
    text,
    stream_json,
  };

  enum class output_format { stream_json, text };

  enum class permission_prompts { automatic, host, none };

  /// The two FIFOs. `input` and `output` follow from directory and instance.
  struct pipe_section {
    std::string directory = "/tmp/cc-bridge-pipes";
    std::string instance = "claude";
    std::string input;
    std::string output;
    std::uint32_t permissions = 0660; ///< of FIFOs made, whatever the umask
  };

  struct input_section {
    input_format format = input_format::automatic;
    bool exit_on_eof = false;
  };

  struct output_section {
    output_format format = output_format::stream_json;
    /// `--compat cc-bridge`: the output is opened for each reply.
    bool open_for_each_reply = false;
    /// How long such a reply waits for its reader.
    std::chrono::milliseconds reply_timeout{120'000};
  };

  struct claude_section {
    bridge_mode mode = bridge_mode::claude;
    std::string command = "claude";     ///< a name looked up in PATH, or a path
    std::vector<std::string> arguments; ///< the user's, in order
    std::string directory;              ///< empty: the agent's own
    std::vector<std::string> environment; ///< NAME=VALUE, set for the child
    std::vector<std::string> pass; ///< names passed on; a last * matches all
    permission_prompts prompts = permission_prompts::automatic;
    /// What `prompts` comes to: whether Claude's permission requests go to the
    /// host, which must answer them.
    bool host_answers_permissions = true;
    bool transparent = false; ///< nothing injected, no queue
    bool keep = false;        ///< Claude outlives the agent

    bool is_raw() const { return mode == bridge_mode::raw; }
  };

  /// The conversation's logs. docs/state.md
  struct state_section {
    std::string directory; ///< resolved; empty: in memory (`none`)
    bool fresh = false;    ///< a new conversation; old logs are set aside
    bool sync = false;     ///< a prompt's beginning and end survive the machine

    /// What the host may not have read before Claude has to wait, in bytes.
    std::uint64_t max_backlog = 256 * 1024 * 1024;

    /// What is kept of the past for readers who come later, in bytes.
    std::uint64_t keep_events = 64 * 1024 * 1024;
  };

  /// Claude Code that runs already. docs/attach.md
  struct attach_section {
    bool look = true;     ///< at the start, whether one can be attached to
    bool only = false;    ///< never start one
    std::int32_t pid = 0; ///< this one; 0: none was named
  };

  struct limit_section {
    std::uint64_t max_in_flight = 1;                 ///< prompts
    std::uint64_t max_line_bytes = 16 * 1024 * 1024; ///< without its LF
    std::uint64_t max_queue = 1024;                  ///< prompts
    std::uint64_t max_queue_bytes = 4 * 1024 * 1024;
  };

  struct supervision_section {
    std::uint64_t max_restarts = 5; ///< within the window, 0: none
    std::chrono::milliseconds window{60'000};
    std::chrono::milliseconds delay{200}; ///< the first; doubles each time
    std::chrono::milliseconds longest_delay() const { return 50 * delay; }
    give_up_action on_give_up = give_up_action::exit; ///< on Claude
    bool once = false;     ///< the agent ends with Claude, with its exit code
    bool continues = true; ///< prompts that Claude had begun when it died
    std::string continue_prompt = "Continue from where you left off.";
    std::chrono::milliseconds stall_timeout{1'800'000}; ///< 0: off
    std::chrono::milliseconds start_timeout{120'000};   ///< 0: off
    std::chrono::milliseconds launch_patience{60'000};  ///< 0: off
    std::chrono::milliseconds permission_timeout{0};    ///< 0: off
  };

  struct shutdown_section {
    /// For the turn that runs. The steps after it have their own time.
    std::chrono::milliseconds drain_timeout{7'000};
  };

  struct health_section {
    std::chrono::milliseconds interval{10'000}; ///< 0: off
    std::uint64_t max_claude_rss = 0;           ///< bytes; 0: off
  };

  /// The control socket.
  struct control_section {
    std::string path;       ///< resolved; empty: none
    bool asked_for = false; ///< by the user, not by default
  };

  /// Pages by TCP.
  struct http_section {
    std::optional<http_address> address; ///< nothing: off
    std::string token_file;              ///< empty: no token is needed
  };

  /// What is kept of the actors' messages: docs/observability.md.
  struct trace_section {
    std::uint64_t ring = 4096;                  ///< events in memory; 0: none
    std::string file;                           ///< empty: none
    std::uint64_t file_size = 64 * 1024 * 1024; ///< bytes, then the next file
    std::uint64_t files = 4;                    ///< beside the current one
    std::string directory = "/tmp/container-agent-trace"; ///< for dumps
  };

  pipe_section pipes;
  input_section input;
  output_section output;
  claude_section claude;
  state_section state;
  attach_section attach;
  limit_section limits;
  supervision_section supervision;
  shutdown_section shutdown;
  health_section health;
  control_section control;
  http_section http;
  log_settings log;
  trace_section trace;

  bool check = false;      ///< check everything and start nothing
  std::string config_file; ///< the one that was read, if any

  /// What deserves a word but is no error, such as a variable
  /// CONTAINER_AGENT_… that is no option. To be logged.
  std::vector<std::string> warnings;
};

/// The program ends at once: after --help and --version (code 0, text for
/// stdout), or because of a mistake (code 2, text for stderr).
struct early_exit {
  std::int32_t code = 0;
  std::string text;
};

early_exit usage_error(const std::string& what, const std::string& advice);

/// What a subcommand was told: `container-agent health --live`.
struct client_options {
  std::string command;
  std::string socket; ///< empty: the user has turned it off
  std::string input;  ///< the agent's input pipe, which it locks
  std::chrono::milliseconds timeout{5'000}; ///< for the agent's answer
  bool json = false;
  bool live = false;
  bool ready = false;
  bool now = false;

  // Options of `tail`.
  std::string state; ///< the directory; empty: in memory
  std::string from = "start";
  bool follow = false;
};

/// Reads all three sources, for the agent or for the subcommand that the
/// command line names. A subcommand may be given the agent's options, too:
/// those that say where things are count.
std::variant<options, client_options, early_exit>
parse_command_line(int argc, const char* const* argv);

} // namespace container_agent
