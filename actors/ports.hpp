#pragma once

#include "messages/bytes.hpp"
#include "messages/exit_kind.hpp"
#include "messages/process_usage.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>
#include <vector>

/// What actors need from the outside. They know these, never Asio: a unit test
/// hands them fakes, the real ones are in main/runtime/.
///
/// Ports outlive actors. What a port has read, or still has to write, is
/// therefore safe from an actor's end: a notification says only "look", and
/// carries nothing. A new incarnation sets its own notification in place of the
/// old one. Notifications are called from the event loop, never from within a
/// call to the port.
namespace container_agent {

namespace codec {
struct host_setting;
}

using notification = std::function<void()>;

/// Where bytes come from: a FIFO, the child's stdout or stderr.
class byte_source {
public:
  virtual ~byte_source() = default;

  /// What a read found. `at_end`: no more will come (or, for a FIFO, nobody has
  /// it open for writing any more); bytes read before are still in `data`.
  struct result {
    std::string_view data; ///< valid during the call only
    bool at_end = false;
    std::error_code error;

    /// `data` again, for keeps, if the source gives its block away; else empty.
    /// Of bytes that nobody wants to look at, `data` is empty and this is not.
    bytes block{};

    /// Where `data` begins in the stream, if it was only looked at and is still
    /// there: see `bytes::origin`.
    std::uint64_t origin = bytes::nowhere;

    std::size_t size() const { return std::max(data.size(), block.size()); }

    /// What was found, for keeps.
    bytes keep() const { return block.empty() ? bytes{data} : block; }
  };

  using handler = std::function<void(const result&)>;

  /// Reads once, as soon as something is there, at most `read_size` bytes. One
  /// read may be outstanding; the handler is called from the event loop.
  virtual void read(handler on_result) = 0;

  /// Gives the outstanding read up; its handler is not called any more.
  virtual void cancel() = 0;

  /// Bytes that wait in the kernel to be read; 0 if that is not known.
  virtual std::size_t unread() const { return 0; }

  /// Why a read fails, or would, that needs no repair by the reader, such as a
  /// full disk: for a user; empty if nothing is wrong. Nothing is lost, and a
  /// later read succeeds when that has passed.
  virtual std::string trouble() const { return {}; }

  /// Whether a FIFO shall report `at_end` when its last writer leaves. Off at
  /// the start, when writers may come and go. No effect on other sources.
  virtual void report_end(bool on) = 0;
};

/// 64 KiB: what a pipe holds in Linux, so that one read empties it.
inline constexpr std::size_t read_size = 64 * 1024;

/// Where bytes go: a FIFO or the child's stdin. Writes in order; what the
/// kernel does not take at once waits in the port.
class byte_sink {
public:
  virtual ~byte_sink() = default;

  /// Takes `data`. Whoever writes keeps `pending()` small by waiting for
  /// `on_drained`.
  virtual void write(bytes data) = 0;

  /// Bytes taken and not yet written.
  virtual std::size_t pending() const = 0;

  /// Called whenever `pending()` has come down to 0 or the sink has failed.
  virtual void on_drained(notification notify) = 0;

  /// Why writing failed, if it did: nothing more will be written.
  virtual std::error_code error() const = 0;
};

/// The output to the host.
class host_sink : public byte_sink {
public:
  /// What was written since the last call is a whole reply: where the output
  /// is opened once a reply, it is closed after this, and its reader gets EOF.
  virtual void end_reply() = 0;

  /// Gives the oldest unfinished reply up: nobody came to read it. Returns the
  /// number of its bytes that were not written.
  virtual std::size_t drop_reply() = 0;

  /// These bytes, whose original waits elsewhere (`bytes::origin`), are not
  /// written: it may go.
  virtual void leave_out(const bytes& /*piece*/) {}

  /// Bytes written that the host has not read yet; 0 if that is not known.
  virtual std::size_t unread() const { return 0; }

  /// Replies finished or dropped so far: tells a timer whether the reply that
  /// it was set for still waits.
  virtual std::uint64_t replies_done() const = 0;
};

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
    bool waiting = false;   ///< it is not possible yet, see `on_appeared`
  };
  virtual launch_result launch(const child_command& command) = 0;

  /// From a successful `launch` until the end was reaped.
  virtual bool running() const = 0;

  /// Of the last child launched, 0 if none.
  virtual std::int32_t pid() const = 0;

  /// Valid once `running()` is false again.
  virtual child_exit exit_status() const = 0;

  /// The child's ends. They belong to the last launch; after the child's end
  /// stdout and stderr can still be read to their end.
  virtual byte_sink& input() = 0;
  virtual byte_source& output() = 0;
  virtual byte_source& error_output() = 0;

  /// Closes the child's stdin once what is pending has been written. Of one
  /// that was attached to the agent lets go altogether then.
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

  /// Lets go of a guest at once, whatever is pending for its stdin.
  virtual void let_go() {}

  /// Called when the child has ended.
  virtual void on_exit(notification notify) = 0;

  /// Whether children are waited for instead of started.
  virtual bool only_attaches() const { return false; }

  /// Called when, after a `launch` that is `waiting`, the next `launch` may
  /// succeed.
  virtual void on_appeared(notification notify) { (void)notify; }
};

/// What must outlive the agent itself (`--keep-claude`), noted as it happens:
/// see `codec::kept_conversation`. This one notes nothing.
class journal {
public:
  virtual ~journal() = default;

  /// A prompt was taken; `line` is what Claude gets. `input` as below.
  virtual void accepted(const std::string&, const bytes&, std::uint64_t) {}
  /// `again`: an earlier child had it under the name that it has now.
  virtual void sent(const std::string& /*uuid*/, std::uint32_t /*times*/,
                    bool /*again*/) {}
  /// Claude knows it by this uuid from now on; empty: by its own again.
  virtual void continued(const std::string& /*uuid*/,
                         const std::string& /*as*/) {}
  virtual void begun(const std::string& /*uuid*/) {}
  /// That child has begun to answer it.
  virtual void answering(const std::string& /*uuid*/) {}
  /// The child reports the life of prompts.
  virtual void lifecycle() {}
  /// Another child is there, or about to be: it has begun nothing.
  virtual void launched() {}
  /// That child has all that the host had set.
  virtual void ready() {}
  /// All that the host has set by now, in the order to set it again. `input` as
  /// below, or 0.
  virtual void settings(const std::vector<codec::host_setting>&,
                        std::uint64_t /*input*/) {}
  /// Claude waits for the host's answer to this request; and does not any more,
  /// as this line is the answer (`input` as below), or without one.
  virtual void asks(const std::string& /*request*/) {}
  virtual void asked(const std::string& /*request*/,
                     std::string_view /*answer*/, std::uint64_t /*input*/) {}
  /// These of Claude's tasks run in the background now.
  virtual void tasks(const std::vector<std::string>& /*ids*/) {}
  /// `result_end`: see `codec::closed_prompt`.
  virtual void closed(const std::string&, std::uint64_t /*result_end*/) {}
  virtual void failed(const std::string& /*uuid*/, std::string_view /*why*/) {}
  /// A prompt that has failed is about to be accepted anew.
  virtual void forgotten(const std::string& /*uuid*/) {}
  /// `failed`: so often in a row it could not be resumed.
  virtual void session(const std::string& /*id*/, bool /*anew*/,
                       std::uint32_t /*failed*/) {}

  /// The input up to this position was dealt with.
  virtual void input_taken(std::uint64_t) {}
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
  message_hook* hook = nullptr; ///< actors/message_hook.hpp
};

} // namespace container_agent
