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

/// What actors need from the outside. They know these, never Asio: a unit test
/// hands them fakes, the real ones are in main/.
///
/// Ports outlive actors. What a port has read, or still has to write, is
/// therefore safe from an actor's end: a notification says only "look", and
/// carries nothing. A new incarnation sets its own notification in place of the
/// old one. Notifications are called from the event loop, never from within a
/// call to the port.
namespace container_agent {

using notification = std::function<void()>;

/// A stream of bytes that only grows. Offsets count its bytes from the first
/// one on, for as long as the stream exists: they outlive the agent where the
/// log is on a disk. One writer appends lines, another one (an `inlet`) bytes
/// that come as they come; any number of readers each keep an offset of their
/// own.
///
/// What can't be written (a full disk) waits here and is not lost: see
/// `trouble`.
class stream_log {
public:
  virtual ~stream_log() = default;

  /// The first byte that is still kept.
  virtual std::uint64_t begin() const = 0;

  /// Behind the last byte.
  virtual std::uint64_t end() const = 0;

  /// Behind the last line feed: where the line begins that is not whole yet, or
  /// `end()`.
  virtual std::uint64_t line_start() const = 0;

  /// Appends whole lines, where a line begins: now, or as soon as the line that
  /// an inlet is within has ended.
  virtual void append(std::string_view lines) = 0;

  /// Bytes that were given to `append` and are not in the log yet.
  virtual std::size_t owed() const = 0;

  /// Ends a line that nobody will finish, by a line feed. Returns how many
  /// bytes it has, without that; 0 if there is none.
  virtual std::uint64_t end_line() = 0;

  /// Copies what lies at `from` into `into`, as much as there is and fits;
  /// perhaps less than that at a segment's end, and 0 only at the log's. Throws
  /// std::system_error; std::out_of_range for what is not kept any more.
  virtual std::size_t read(std::uint64_t from, std::span<char> into) const = 0;

  /// What lies between is not for the outlet, which leaves it out unless it has
  /// begun it. For other readers it stays.
  virtual void strike(std::uint64_t from, std::uint64_t to) = 0;

  /// Nobody needs what comes before this offset, beyond what is kept for those
  /// who come later.
  virtual void release(std::uint64_t before) = 0;

  /// Why the last bytes could not be written, for a user; empty if all could.
  virtual std::string trouble() const = 0;

  /// Tries again what could not be written.
  virtual void retry() = 0;

  /// What was written survives the machine's crash after this, too.
  virtual std::error_code sync() { return {}; }
};

/// The bytes from `from` to `to`. Throws as `stream_log::read`.
std::string text_in(const stream_log& log, std::uint64_t from,
                    std::uint64_t to);

/// Calls for each whole line from `from` on, without its LF.
void for_each_line(const stream_log& log, std::uint64_t from,
                   const std::function<void(std::string_view)>& call);

/// Brings what comes out of a FIFO, or out of the child's stdout, into a log.
class inlet {
public:
  virtual ~inlet() = default;

  /// What a move came to. `at_end`: no more will come (or, for a FIFO, nobody
  /// has it open for writing any more); what was moved is in the log all the
  /// same.
  struct result {
    std::size_t moved = 0;
    bool at_end = false;
    std::error_code error;
  };

  using handler = std::function<void(const result&)>;

  /// Moves once, as soon as something is there, at most `read_size` bytes. One
  /// move may be outstanding; the handler is called from the event loop.
  virtual void move(handler on_result) = 0;

  /// Gives the outstanding move up; its handler is not called any more.
  virtual void cancel() = 0;

  /// Bytes that wait in the kernel to be moved; 0 if that is not known.
  virtual std::size_t unread() const { return 0; }

  /// Whether a FIFO shall report `at_end` when its last writer leaves. Off at
  /// the start, when writers may come and go. No effect on other inlets.
  virtual void report_end(bool /*on*/) {}
};

/// Takes what lies in a log out into a FIFO, or into the child's stdin. Its
/// position outlives the agent where somebody holds it.
class outlet {
public:
  virtual ~outlet() = default;

  /// What lies before `limit` may go: moves it as the other side takes it, now
  /// and later, and leaves out what was struck.
  virtual void let_go(std::uint64_t limit) = 0;

  /// All before this offset has gone.
  virtual std::uint64_t position() const = 0;

  /// Called when the position has changed other than within `let_go`, and when
  /// the outlet has failed. Never from within a call.
  virtual void on_moved(notification notify) = 0;

  /// Why nothing more can go; a FIFO's is tried again with the next `on_moved`.
  virtual std::error_code error() const = 0;
};

/// The output to the host.
class host_outlet : public outlet {
public:
  /// Bytes gone that the host has not read yet; 0 if that is not known.
  virtual std::size_t unread() const { return 0; }

  /// Where the output is opened once a reply (`--compat cc-bridge`): how many
  /// whole replies it was let go, and how many of these are done with, read or
  /// dropped. Elsewhere there are none.
  virtual std::uint64_t replies_known() const { return 0; }
  virtual std::uint64_t replies_done() const { return 0; }

  /// Gives the oldest reply up that is not done: nobody came to read it.
  /// Returns the number of its bytes that were not written.
  virtual std::size_t drop_reply() { return 0; }
};

/// Ends a reply in the log of a host that opens its output once a reply. No
/// text in UTF-8 holds this byte.
inline constexpr char reply_end = '\xFF';

/// Where bytes come from that are only looked at: the child's stderr.
class byte_source {
public:
  virtual ~byte_source() = default;

  /// What a read found. `at_end`: no more will come; bytes read before are
  /// still in `data`.
  struct result {
    std::string_view data; ///< valid during the call only
    bool at_end = false;
    std::error_code error;
  };

  using handler = std::function<void(const result&)>;

  /// Reads once, as soon as something is there, at most `read_size` bytes. One
  /// read may be outstanding; the handler is called from the event loop.
  virtual void read(handler on_result) = 0;

  /// Gives the outstanding read up; its handler is not called any more.
  virtual void cancel() = 0;
};

/// 64 KiB: what a pipe holds in Linux, so that one read empties it.
inline constexpr std::size_t read_size = 64 * 1024;

/// How a child ended.
struct child_exit {
  std::int32_t exit_code = 0;
  std::int32_t signal = 0; ///< 0 if it exited
  exit_kind kind = exit_kind::known;
};

/// As shells and `tini` say it: the exit code, or 128 and the signal.
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

/// The child, at most one at a time, in a process group of its own.
class child_process {
public:
  virtual ~child_process() = default;

  /// Starts it. On failure returns an error whose text is complete for a user:
  /// what could not be run, in which folder, and why.
  struct launch_result {
    std::int32_t pid = 0;
    std::error_code error;
    std::string what;
    bool attached = false;  ///< it ran already
    bool midstream = false; ///< … and where its output stands is not known
    std::uint64_t input_from = 0; ///< … and where its input begins in its log
    bool waiting = false;         ///< it is not possible yet, see `on_appeared`
  };
  /// Its stdin is what the input's log holds from `input_from` on; of one that
  /// ran already, from where it stands.
  virtual launch_result launch(const child_command& command,
                               std::uint64_t input_from)
    = 0;

  /// From a successful `launch` until the end was reaped.
  virtual bool running() const = 0;

  /// Of the last child launched, 0 if none.
  virtual std::int32_t pid() const = 0;

  /// Valid once `running()` is false again.
  virtual child_exit exit_status() const = 0;

  /// The child's ends. They belong to the last launch; after the child's end
  /// stdout and stderr can still be read to their end.
  virtual outlet& input() = 0;
  virtual inlet& output() = 0;
  virtual byte_source& error_output() = 0;

  /// Closes the child's stdin once all that it was let go has gone. Of one that
  /// was attached to the agent lets go altogether then.
  virtual void close_input() = 0;

  /// Sends `signal` to the whole process group, also after the child's end for
  /// what it left behind. No error if nobody is there.
  virtual std::error_code signal_group(int signal) = 0;

  /// For a child that is still there a while after SIGKILL: ends whoever would
  /// have told of its end, so that it counts as ended.
  virtual void kill_harder() {}

  /// Whether the child is somebody else's, who has let us attach to it: it is
  /// not the agent's to end, nor to start again.
  virtual bool is_guest() const { return false; }

  /// Lets go of a guest at once, whatever its stdin has not got yet.
  virtual void let_go() {}

  /// Called when the child has ended.
  virtual void on_exit(notification notify) = 0;

  /// Whether children are waited for instead of started.
  virtual bool only_attaches() const { return false; }

  /// Called when, after a `launch` that is `waiting`, the next `launch` may
  /// succeed.
  virtual void on_appeared(notification notify) { (void)notify; }
};

/// What the kernel tells of processes.
class process_probe {
public:
  virtual ~process_probe() = default;

  /// The agent itself.
  virtual process_usage own() = 0;

  /// Nothing if there is no such process (any more), or it can't be looked at.
  virtual std::optional<process_usage> of(std::int32_t pid) = 0;
};

/// Where clients ask (docs/control.md). They may go at any time; whoever has
/// gone does not get his answer, and nobody else does.
class control_port {
public:
  virtual ~control_port() = default;

  struct request {
    std::uint64_t id = 0; ///< never used twice
    std::string line;     ///< without LF, at most `max_request` bytes

    /// Times that it was handed out, from 1: more if whoever took it has died.
    std::uint32_t attempt = 1;

    std::int32_t pid = 0; ///< who asks; 0 if not known
  };

  /// The next request that waits, if any. It is in the taker's hands until
  /// `answer`.
  virtual std::optional<request> next() = 0;

  /// One line, without LF. Nothing happens if the client has gone.
  virtual void answer(std::uint64_t id, std::string_view line) = 0;

  /// All requests that were taken and not answered wait again: for one who
  /// takes over from one who has died.
  virtual void take_back() = 0;

  virtual std::size_t connections() const = 0;

  /// Called when a request has come.
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

/// A named value in a log record. Texts are the caller's: most records are of a
/// level that nobody wants, and must not cost a copy.
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

  /// `logger` is the actor's name. It, `event` and the names of fields have to
  /// be literals: they may be read later. Values are copied if they are.
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
