#pragma once

#include "messages/exit_kind.hpp"
#include "messages/process_usage.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>
#include <vector>

/// What actors need from the outside. Actors know these interfaces, never Asio:
/// a unit test hands them fakes, the real ones are in main/.
///
/// Ports outlive actors, so what a port has read or still has to write survives
/// an actor's end. A notification therefore carries no data; it only says that
/// there is something to look at. A new incarnation of an actor replaces the
/// notification of the old one. Notifications are called from the event loop,
/// never from within a call to the port.
namespace container_agent {

using notification = std::function<void()>;

/// A stream of bytes that only grows. Offsets count its bytes from the first
/// one on and never change; if the log is on a disk, they outlive the agent.
/// One writer appends lines, another one (an `inlet`) bytes as they arrive; any
/// number of readers each keep an offset of their own.
///
/// What can't be written because a disk is full waits here and is not lost; see
/// `trouble`.
class stream_log {
public:
  virtual ~stream_log() = default;

  /// The offset of the first byte that is still kept.
  virtual std::uint64_t begin() const = 0;

  /// The offset after the last byte.
  virtual std::uint64_t end() const = 0;

  /// The offset after the last line feed: where the incomplete last line
  /// begins, or `end()` if there is none.
  virtual std::uint64_t line_start() const = 0;

  /// Appends whole lines at the start of a line: now, or once the line that an
  /// inlet has begun is complete.
  virtual void append(std::string_view lines) = 0;

  /// Bytes given to `append` that are not in the log yet.
  virtual std::size_t owed() const = 0;

  /// Appends a line feed to an incomplete last line that no writer will
  /// complete. Returns the size of that line without the line feed; 0 if there
  /// is none.
  virtual std::uint64_t end_line() = 0;

  /// Copies bytes from offset `from` on into `into`, as many as there are and
  /// fit. It may copy fewer at the end of a segment, and copies 0 only at the
  /// log's end. Throws std::system_error; std::out_of_range for what is no
  /// longer kept.
  virtual std::size_t read(std::uint64_t from, std::span<char> into) const = 0;

  /// Has the outlet leave out this range, unless it has begun to write it.
  /// Other readers still see it.
  virtual void strike(std::uint64_t from, std::uint64_t to) = 0;

  /// Nobody needs the bytes before this offset any more. The log keeps some of
  /// them for later readers.
  virtual void release(std::uint64_t before) = 0;

  /// Why the last bytes could not be written, for a user; empty if all were.
  virtual std::string trouble() const = 0;

  /// Tries again to write what waits.
  virtual void retry() = 0;

  /// After this, all that was written survives a crash of the machine.
  virtual std::error_code sync() { return {}; }
};

/// The bytes from `from` to `to`. Throws as `stream_log::read`.
std::string text_in(const stream_log& log, std::uint64_t from,
                    std::uint64_t to);

/// Calls `call` with each whole line from `from` on, without its LF.
void for_each_line(const stream_log& log, std::uint64_t from,
                   const std::function<void(std::string_view)>& call);

/// Moves bytes from a FIFO, or from the child's stdout, into a log.
class inlet {
public:
  virtual ~inlet() = default;

  /// The result of a move. `at_end`: no more bytes will come (for a FIFO: it
  /// has no writer any more); the bytes that were moved are in the log even so.
  struct result {
    std::size_t moved = 0;
    bool at_end = false;
    std::error_code error;
  };

  using handler = std::function<void(const result&)>;

  /// Moves once, at most `read_size` bytes, as soon as bytes are available. One
  /// move may be outstanding; the handler is called from the event loop.
  virtual void move(handler on_result) = 0;

  /// Cancels the outstanding move; its handler is not called any more.
  virtual void cancel() = 0;

  /// Bytes waiting in the kernel to be moved; 0 if that is not known.
  virtual std::size_t unread() const { return 0; }

  /// Whether a FIFO reports `at_end` when its last writer leaves. Off at the
  /// start, so that writers may come and go. No effect on other inlets.
  virtual void report_end(bool /*on*/) {}
};

/// Moves bytes from a log into a FIFO, or into the child's stdin. Its position
/// outlives the agent if another process holds it.
class outlet {
public:
  virtual ~outlet() = default;

  /// Allows everything before `limit` to be moved, now and later, as fast as
  /// the other side reads. Struck ranges are left out.
  virtual void let_go(std::uint64_t limit) = 0;

  /// Everything before this offset has been moved.
  virtual std::uint64_t position() const = 0;

  /// Called when the position has changed other than within `let_go`, and when
  /// the outlet has failed. Never called from within a call.
  virtual void on_moved(notification notify) = 0;

  /// Why nothing more can be moved. A FIFO is tried again at the next
  /// `on_moved`.
  virtual std::error_code error() const = 0;
};

/// The output to the host.
class host_outlet : public outlet {
public:
  /// Bytes moved that the host has not read yet; 0 if that is not known.
  virtual std::size_t unread() const { return 0; }

  /// For an output that is opened once a reply (`--compat cc-bridge`): the
  /// number of whole replies that were allowed out, and how many of them are
  /// done, either read or dropped. 0 for other outputs.
  virtual std::uint64_t replies_known() const { return 0; }
  virtual std::uint64_t replies_done() const { return 0; }

  /// Drops the oldest reply that is not done, because nobody came to read it.
  /// Returns the number of its bytes that were not written.
  virtual std::size_t drop_reply() { return 0; }
};

/// Ends a reply in the log of a host that opens its output once a reply. This
/// byte never occurs in UTF-8 text.
inline constexpr char reply_end = '\xFF';

/// A source of bytes that are read but not relayed: the child's stderr.
class byte_source {
public:
  virtual ~byte_source() = default;

  /// The result of a read. `at_end`: no more bytes will come; `data` may still
  /// hold the last ones.
  struct result {
    std::string_view data; ///< valid during the call only
    bool at_end = false;
    std::error_code error;
  };

  using handler = std::function<void(const result&)>;

  /// Reads once, at most `read_size` bytes, as soon as bytes are available. One
  /// read may be outstanding; the handler is called from the event loop.
  virtual void read(handler on_result) = 0;

  /// Cancels the outstanding read; its handler is not called any more.
  virtual void cancel() = 0;
};

/// 64 KiB: the capacity of a pipe in Linux, so that one read empties it.
inline constexpr std::size_t read_size = 64 * 1024;

/// How a child ended.
struct child_exit {
  std::int32_t exit_code = 0;
  std::int32_t signal = 0; ///< 0 if it exited
  exit_kind kind = exit_kind::known;
};

/// As shells and `tini` report it: the exit code, or 128 plus the signal.
constexpr std::int32_t shell_code(const child_exit& end) {
  return end.signal != 0 ? 128 + end.signal : end.exit_code;
}

/// What to start.
struct child_command {
  std::string program;                  ///< a name looked up in PATH, or a path
  std::vector<std::string> arguments;   ///< without the program's name
  std::vector<std::string> environment; ///< NAME=VALUE, nothing else is passed
  std::string directory;                ///< empty: the agent's own
};

/// The child, at most one at a time, in its own process group.
class child_process {
public:
  virtual ~child_process() = default;

  /// Starts the child. On failure returns an error whose text is complete for a
  /// user: what could not be run, in which folder, and why.
  struct launch_result {
    std::int32_t pid = 0;
    std::error_code error;
    std::string what;
    bool attached = false;  ///< it was running already
    bool midstream = false; ///< … with an unknown position in its output
    std::uint64_t input_from = 0; ///< … offset of its input in the log
    bool waiting = false;         ///< not possible yet, see `on_appeared`
  };
  /// Its stdin gets the input log from `input_from` on. A child that was
  /// running already goes on where it stands.
  virtual launch_result launch(const child_command& command,
                               std::uint64_t input_from)
    = 0;

  /// True from a successful `launch` until the child was reaped.
  virtual bool running() const = 0;

  /// The process id of the last child launched, 0 if none.
  virtual std::int32_t pid() const = 0;

  /// Valid once `running()` is false again.
  virtual child_exit exit_status() const = 0;

  /// The child's stdin, stdout and stderr, those of the last launch. After the
  /// child's end stdout and stderr can still be read to their end.
  virtual outlet& input() = 0;
  virtual inlet& output() = 0;
  virtual byte_source& error_output() = 0;

  /// Closes the child's stdin once everything allowed so far was moved. A child
  /// that was attached to is then let go of altogether.
  virtual void close_input() = 0;

  /// Sends `signal` to the whole process group, also after the child's end, to
  /// reach the processes it left behind. No error if the group is empty.
  virtual std::error_code signal_group(int signal) = 0;

  /// For a child that outlives SIGKILL: kills the process that would report its
  /// end, so that the child counts as ended.
  virtual void kill_harder() {}

  /// Whether the child was started by somebody else and only attached to. The
  /// agent must neither end it nor start it again.
  virtual bool is_guest() const { return false; }

  /// Lets go of a guest at once, even if its stdin has not got everything.
  virtual void let_go() {}

  /// Called when the child has ended.
  virtual void on_exit(notification notify) = 0;

  /// Whether the agent waits for children instead of starting them.
  virtual bool only_attaches() const { return false; }

  /// Called after a `launch` that returned `waiting`, when the next one may
  /// succeed.
  virtual void on_appeared(notification notify) { (void)notify; }
};

/// What the kernel reports about processes.
class process_probe {
public:
  virtual ~process_probe() = default;

  /// Figures of the agent itself.
  virtual process_usage own() = 0;

  /// Figures of another process; nothing if it has gone or can't be looked at.
  virtual std::optional<process_usage> of(std::int32_t pid) = 0;
};

/// Requests of clients (docs/control.md). A client may leave at any time; its
/// answer is then dropped.
class control_port {
public:
  virtual ~control_port() = default;

  struct request {
    std::uint64_t id = 0; ///< never used twice
    std::string line;     ///< without LF, at most `max_request` bytes

    /// How often it was handed out, from 1; more if the actor that took it
    /// died.
    std::uint32_t attempt = 1;

    std::int32_t pid = 0; ///< the client's; 0 if not known
  };

  /// The next waiting request, if any. The caller keeps it until `answer`.
  virtual std::optional<request> next() = 0;

  /// Sends one line, given without LF. No effect if the client has left.
  virtual void answer(std::uint64_t id, std::string_view line) = 0;

  /// Makes all requests that were taken but not answered wait again, for the
  /// successor of an actor that has died.
  virtual void take_back() = 0;

  virtual std::size_t connections() const = 0;

  /// Called when a request has arrived.
  virtual void on_request(notification notify) = 0;
};

/// 4 KiB: the longest request of a client.
inline constexpr std::size_t max_request = 4096;

/// Time of day, for records and logs. Delays come from the actor's own clock.
class wall_clock {
public:
  virtual ~wall_clock() = default;
  virtual std::chrono::system_clock::time_point now() const = 0;
};

/// Random numbers, for uuids and the jitter of backoff.
class random_source {
public:
  virtual ~random_source() = default;
  virtual std::uint64_t next() = 0;
};

enum class log_level : std::uint8_t { trace, debug, info, warn, error };

/// A named value in a log record. Texts are not copied: most records have a
/// level that is not enabled, and must cost nothing.
struct log_field {
  std::string_view name;
  std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>
    value;

  log_field(std::string_view n, std::string_view v) : name{n}, value{v} {}
  log_field(std::string_view n, const char* v)
    : name{n}, value{std::string_view{v}} {}
  log_field(std::string_view n, bool v) : name{n}, value{v} {}
  log_field(std::string_view n, double v) : name{n}, value{v} {}
  log_field(std::string_view n, std::int32_t v)
    : name{n}, value{std::int64_t{v}} {}
  log_field(std::string_view n, std::int64_t v) : name{n}, value{v} {}
  log_field(std::string_view n, std::uint32_t v)
    : name{n}, value{std::uint64_t{v}} {}
  log_field(std::string_view n, std::uint64_t v) : name{n}, value{v} {}
  log_field(std::string_view n, unsigned long long v)
    : name{n}, value{std::uint64_t{v}} {}
};

/// Structured log: a stable event name and fields. Prompts and answers are
/// logged at `debug` or below only; keys and tokens never.
class event_log {
public:
  virtual ~event_log() = default;

  virtual bool enabled(log_level level) const = 0;

  /// `logger` is the actor's name. `logger`, `event` and the names of fields
  /// must be literals, because they may be read later. Values are copied in
  /// that case.
  virtual void write(log_level level, std::string_view logger,
                     std::string_view event,
                     std::initializer_list<log_field> fields)
    = 0;
};

class message_hook;

/// What every actor is handed.
struct actor_context {
  wall_clock& clock;
  random_source& random;
  event_log& log;
  message_hook* hook = nullptr; ///< actors/core/message_hook.hpp
};

} // namespace container_agent
