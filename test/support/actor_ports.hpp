#pragma once

#include "actors/core/ports.hpp"
#include "test/support/memory_log.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// Fakes of all that actors need from the outside (actors/core/ports.hpp).
/// Nothing in them happens by itself: a test says what arrives, what is written
/// and how the child ends. As with the real ports, handlers are called from the
/// loop, never from within a call to the port.
namespace container_agent::test {

/// What the fakes have to call back, in order. `actor_fixture::settle` is its
/// loop.
class port_events {
public:
  void post(std::function<void()> event) {
    events_.push_back(std::move(event));
  }

  /// Calls the first one; false if there was none.
  bool run_one();

private:
  std::deque<std::function<void()>> events_;
};

/// The child's stderr.
class fake_source : public byte_source {
public:
  explicit fake_source(port_events& events) : events_{events} {}

  /// Bytes arrive. One read gives at most `read_size` of them.
  void give(std::string_view data);

  /// No more will come.
  void end();

  void read(handler on_result) override;
  void cancel() override { handler_ = nullptr; }

private:
  void wake();
  void deliver();

  port_events& events_;
  std::string unread_;
  bool ended_ = false;
  handler handler_;
};

/// What comes into a log: the child's stdout or, with `fifo`, the host's input.
class fake_inlet : public inlet {
public:
  enum class kind : std::uint8_t { pipe, fifo };

  fake_inlet(port_events& events, memory_log& log, kind k = kind::fifo)
    : events_{events}, log_{log}, kind_{k} {}

  /// Bytes arrive. One move takes at most `read_size` of them.
  void give(std::string_view data);

  /// The last writer leaves, behind all bytes given so far. A FIFO says so only
  /// to one that wants to know; a pipe is then at its end.
  void end();

  /// The next move fails.
  void fail(std::error_code error);

  /// The next calls of `move` throw, this many.
  int throws = 0;

  /// Somebody waits for bytes.
  bool being_read() const { return handler_ != nullptr; }

  /// What `report_end` said last.
  bool reports_end() const { return reports_end_; }

  std::size_t unread() const override { return unread_.size(); }
  void move(handler on_result) override;
  void cancel() override { handler_ = nullptr; }
  void report_end(bool on) override;

private:
  bool ready() const;
  void wake();
  void deliver();

  port_events& events_;
  memory_log& log_;
  kind kind_;
  std::string unread_;
  bool ended_ = false;
  bool reports_end_ = false;
  std::error_code error_;
  handler handler_;
};

/// What goes out of a log, for `outlet` and `host_outlet` alike. All goes at
/// once, unless told to hold.
template <class Port>
class fake_outlet_of : public Port {
public:
  fake_outlet_of(port_events& events, memory_log& log, std::uint64_t from = 0)
    : events_{events}, log_{log}, limit_{from}, position_{from} {}

  /// From now on nobody reads.
  void hold() { holding_ = true; }

  /// Somebody reads all that waits, and all that follows.
  void resume() {
    holding_ = false;
    advance();
    moved();
  }

  void fail(std::error_code error) {
    error_ = error;
    moved();
  }

  /// All that has gone out, in order.
  const std::string& written() const { return written_; }

  /// The same, and forgets it.
  std::string take_written() { return std::exchange(written_, {}); }

  void let_go(std::uint64_t limit) override {
    limit_ = std::max(limit, limit_);
    advance();
  }
  std::uint64_t position() const override { return position_; }
  void on_moved(notification notify) override { notify_ = std::move(notify); }
  std::error_code error() const override { return error_; }

  std::uint64_t limit() const { return limit_; }

protected:
  void advance() {
    if (holding_)
      return;
    written_ += log_.shown(position_, limit_);
    position_ = limit_;
  }

  void moved() {
    events_.post([this] {
      if (notify_)
        notify_();
    });
  }

  port_events& events_;
  memory_log& log_;
  std::uint64_t limit_;
  std::uint64_t position_;
  bool holding_ = false;
  std::string written_;
  std::error_code error_;
  notification notify_;
};

using fake_outlet = fake_outlet_of<outlet>;

/// The output to the host. Where it is opened once a reply, a reply goes when
/// `read_reply` says that a reader has come, while it holds.
class fake_host_outlet : public fake_outlet_of<host_outlet> {
public:
  using fake_outlet_of::fake_outlet_of;

  /// Replies that are over, each with all its bytes.
  const std::vector<std::string>& replies() const { return replies_; }

  /// A reader comes and takes the oldest waiting reply.
  void read_reply();

  void let_go(std::uint64_t limit) override;
  std::size_t drop_reply() override;
  std::uint64_t replies_known() const override;
  std::uint64_t replies_done() const override { return done_; }

private:
  std::vector<std::string> replies_;
  std::uint64_t done_ = 0;
};

/// The child. It does nothing by itself, except to die of SIGKILL.
class fake_child : public child_process {
public:
  fake_child(port_events& events, memory_log& input, memory_log& output)
    : events_{events}, input_log_{input}, output_log_{output} {}

  /// Commands that were launched, the last one last.
  std::vector<child_command> launches;

  /// Signals sent to the group of the last child.
  std::vector<int> signals;

  /// The next launch fails with this.
  std::error_code launch_error;
  std::string launch_what;

  /// The next launch finds one that runs already, or waits until `appear`.
  bool attaches = false;
  bool waits = false;

  /// For a child that runs already: where its input begins in the log, and how
  /// much of it the child has received. If unset, as the launch says.
  std::optional<std::uint64_t> began_at;
  std::optional<std::uint64_t> stands_at;

  /// Children are never started, only waited for.
  bool attach_only = false;

  /// There may be one to attach to now.
  void appear();

  /// It is somebody else's.
  bool guest = false;
  bool is_guest() const override { return guest; }

  /// The agent has let go of it.
  void let_go() override { end({0, 0, exit_kind::detached}); }

  /// It outlives SIGKILL, and ends by `kill_harder`.
  bool outlives_kill = false;
  void kill_harder() override { end({0, 9}); }

  /// It ends, and nobody learns how.
  void vanish() { end({0, 0, exit_kind::unknown}); }

  /// Somebody that the child started keeps its stdout open after its end.
  bool output_stays_open = false;

  /// The child says something on stdout, or on stderr.
  void say(std::string_view data) { current().output.give(data); }
  void complain(std::string_view data) { current().errors.give(data); }

  /// The child ends by itself.
  void exit(std::int32_t code) { end({code, 0}); }

  /// The child is killed.
  void die(std::int32_t signal) { end({0, signal}); }

  /// What the last child was sent, forgotten once read.
  std::string received() { return current().input.take_written(); }

  fake_outlet& stdin_pipe() { return current().input; }
  fake_inlet& stdout_pipe() { return current().output; }
  bool input_closed() const { return current().input_closed; }

  launch_result launch(const child_command& command,
                       std::uint64_t input_from) override;
  bool running() const override { return running_; }
  std::int32_t pid() const override;
  child_exit exit_status() const override { return status_; }
  outlet& input() override { return current().input; }
  inlet& output() override { return current().output; }
  byte_source& error_output() override { return current().errors; }
  void close_input() override { current().input_closed = true; }
  std::error_code signal_group(int signal) override;
  void on_exit(notification notify) override { notify_ = std::move(notify); }
  bool only_attaches() const override { return attach_only; }
  void on_appeared(notification notify) override {
    appeared_ = std::move(notify);
  }

  static constexpr std::int32_t first_pid = 1000;

private:
  struct ends {
    ends(port_events& events, memory_log& in, std::uint64_t from,
         memory_log& out)
      : input{events, in, from},
        output{events, out, fake_inlet::kind::pipe},
        errors{events} {}

    fake_outlet input;
    fake_inlet output;
    fake_source errors;
    bool input_closed = false;
  };

  ends& current() const { return *ends_.at(ends_.size() - 1); }
  void end(child_exit status);

  port_events& events_;
  memory_log& input_log_;
  memory_log& output_log_;
  std::vector<std::unique_ptr<ends>> ends_; // old ones: a read may be posted
  bool running_ = false;
  child_exit status_;
  notification notify_;
  notification appeared_;
};

/// Time of day that stands still until a test moves it.
class fake_clock : public wall_clock {
public:
  std::chrono::system_clock::time_point time{
    std::chrono::sys_days{std::chrono::year{2026} / 11 / 23}
    + std::chrono::hours{12}};

  std::chrono::system_clock::time_point now() const override { return time; }
};

/// 1, 2, 3, … : the uuids made from it are all different, and known.
class counting_random : public random_source {
public:
  std::uint64_t last = 0;
  int throws = 0; ///< so many more times

  std::uint64_t next() override {
    if (throws > 0 && throws--)
      throw std::runtime_error{"no chance"};
    return ++last;
  }
};

} // namespace container_agent::test
