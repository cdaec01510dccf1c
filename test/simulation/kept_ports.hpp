#pragma once

#include "main/runtime/output_mover.hpp"
#include "main/runtime/pipe_calls.hpp"
#include "main/runtime/pipe_sink.hpp"
#include "test/simulation/kernel_fifo.hpp"
#include "test/simulation/lifeline.hpp"

#include <deque>
#include <string>
#include <vector>

/// The ports of an agent with `--keep-claude`, over FIFOs that outlive it. None
/// of them does anything once it is dead.
namespace container_agent::simulation {

/// The kernel's calls, on FIFOs with numbers.
class simulated_calls final : public runtime::pipe_calls {
public:
  simulated_calls(lifeline& life, std::vector<kernel_fifo*> fifos)
    : life_{life}, fifos_{std::move(fifos)} {}

  ssize_t write(int to, std::string_view text) override;
  ssize_t read(int from, std::span<char> buffer) override;
  ssize_t splice(int from, int to, std::size_t size) override;
  std::string look(int from, std::size_t size) override {
    return std::string{fifo(from).content().substr(0, size)};
  }
  std::size_t unread(int pipe) override { return fifo(pipe).available(); }
  std::size_t capacity(int pipe) override { return fifo(pipe).capacity(); }

private:
  kernel_fifo& fifo(int number) {
    return *fifos_[static_cast<std::size_t>(number)];
  }

  lifeline& life_;
  std::vector<kernel_fifo*> fifos_;
};

/// What a `runtime::pipe_sink` with a writer does: it writes a piece a call,
/// and what does not fit waits.
class piece_pipe {
public:
  piece_pipe(run_context& run, lifeline& life, kernel_fifo& fifo, int number,
             runtime::piece_writer& writer);

  void open();
  void close();
  void write(bytes data);
  void leave_out(const bytes& piece);
  std::size_t pending() const { return pending_; }
  void on_drained(notification notify) { notify_ = std::move(notify); }
  std::error_code error() const { return error_; }

private:
  void pump();
  void write_on();
  void let_go();
  void fail();
  void tell();

  run_context& run_;
  lifeline& life_;
  int number_;
  runtime::piece_writer& writer_;
  bool open_ = false;
  std::deque<bytes> queue_;
  bytes unwanted_;
  std::size_t pending_ = 0;
  std::error_code error_;
  notification notify_;
};

/// A sink over such a pipe. Its writes throw at times, before they have taken
/// anything.
template <class Port>
class kept_sink_of : public Port {
public:
  kept_sink_of(run_context& run, lifeline& life, kernel_fifo& fifo, int number,
               runtime::piece_writer& writer, const char* name)
    : pipe{run, life, fifo, number, writer}, run_{run}, name_{name} {}

  void write(bytes data) override {
    run_.faults.at_port(name_);
    pipe.write(std::move(data));
  }

  std::size_t pending() const override { return pipe.pending(); }
  void on_drained(notification notify) override {
    pipe.on_drained(std::move(notify));
  }
  std::error_code error() const override { return pipe.error(); }

  piece_pipe pipe;

private:
  run_context& run_;
  const char* name_;
};

using kept_sink = kept_sink_of<byte_sink>;

class kept_host_sink final : public kept_sink_of<host_sink> {
public:
  using kept_sink_of::kept_sink_of;

  void leave_out(const bytes& piece) override { pipe.leave_out(piece); }
  void end_reply() override { ++replies_; }
  std::size_t drop_reply() override { return 0; }
  std::uint64_t replies_done() const override { return replies_; }

private:
  std::uint64_t replies_ = 0;
};

/// Reads a FIFO: what exactly that is, is up to who derives.
class kept_source : public byte_source {
public:
  kept_source(run_context& run, lifeline& life, kernel_fifo& fifo);

  void read(handler on_result) override;
  void cancel() override { handler_ = nullptr; }
  void report_end(bool) override {}

protected:
  /// Whether a read finds something, or the end.
  virtual bool ready() const { return fifo_.available() > 0; }

  /// At most so many bytes; `found` is what else is to be said of them.
  virtual std::string fetch(std::size_t most, result& found);

  void wake();
  std::size_t some(std::size_t available);

  lifeline& life_;
  kernel_fifo& fifo_;

private:
  void deliver();

  run_context& run_;
  chance dice_;
  bool waking_ = false;
  handler handler_;
};

/// Claude's stderr, which stays the same from one Claude to the next.
class errors_source final : public kept_source {
public:
  using kept_source::kept_source;

  void read(handler on_result) override {
    cancel(); // begun for the Claude before
    kept_source::read(std::move(on_result));
  }
};

/// Claude's stdout: it only looks, and the bytes stay, as in
/// `runtime::peeked_pipe`.
class peeked_source final : public kept_source {
public:
  peeked_source(run_context& run, lifeline& life, kernel_fifo& fifo,
                runtime::output_mover& mover)
    : kept_source{run, life, fifo}, mover_{mover} {}

  void begin_at(std::uint64_t position) { looked_ = position; }

  /// Whether to throw away what comes up to the next LF.
  void skip_line(bool on) { skipping_ = on; }

  /// Claude has ended: whoever has read all finds the end.
  void expect_end(bool on);

private:
  std::size_t known() const {
    return static_cast<std::size_t>(looked_ - mover_.taken());
  }
  bool ready() const override { return ending_ || fifo_.available() > known(); }
  std::string fetch(std::size_t most, result& found) override;
  void skip(std::string& data, result& found);

  runtime::output_mover& mover_;
  bool skipping_ = false;
  std::uint64_t looked_ = 0;
  bool ending_ = false;
};

/// The file that the host's input goes through; see `runtime::input_spool`.
struct simulated_spool {
  std::string text;

  /// For the next agent. Returns whether it begins anew.
  bool open(std::uint64_t dealt_with);
  std::uint64_t next = 0;
};

/// The host's input.
class spooled_source final : public kept_source {
public:
  spooled_source(run_context& run, lifeline& life, kernel_fifo& fifo,
                 simulated_spool& spool)
    : kept_source{run, life, fifo}, spool_{spool} {}

  /// Called with what a read is about to deliver. A reader that has given up
  /// sees the end of it, too.
  std::function<void(std::string_view data, bool at_end)> on_delivery;

  void cancel() override;

  /// The agent leaves: the next one reads what it has not read.
  void take_rest();

private:
  bool in_spool() const { return spool_.next < spool_.text.size(); }
  bool ready() const override { return in_spool() || kept_source::ready(); }
  std::string fetch(std::size_t most, result& found) override;

  simulated_spool& spool_;
};

} // namespace container_agent::simulation
