#pragma once

#include "actors/ports.hpp"
#include "test/simulation/run_context.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>

namespace container_agent::simulation {

/// How bytes move through a pipe, drawn by the seed.
struct pipe_plan {
  std::size_t capacity = 64 * 1024; ///< what the kernel holds
  std::size_t longest = 64 * 1024;  ///< most bytes in one go

  static pipe_plan draw(chance& dice);
};

/// Where a pipe is read that the agent writes.
class reading_end {
public:
  virtual ~reading_end() = default;

  virtual std::size_t available() const = 0;

  /// Up to `most` bytes, in order.
  virtual std::string take(std::size_t most) = 0;

  /// Called when there is something to take, or everything was and no more will
  /// come.
  virtual void on_data(agenda::event notify) = 0;

  /// The writer has closed it and all was taken.
  virtual bool at_end() const = 0;

  /// Nobody reads any more: writing fails, if that can be seen.
  virtual void abandon() = 0;
};

/// Where a pipe is written that the agent reads.
class writing_end {
public:
  virtual ~writing_end() = default;

  /// How many bytes the kernel would take now.
  virtual std::size_t room() const = 0;

  virtual void give(std::string_view data) = 0;

  /// The last writer leaves, behind all it gave. A FIFO may get another one.
  virtual void end() = 0;

  virtual std::size_t unread() const = 0;

  /// Called when a read has made room.
  virtual void on_room(agenda::event notify) = 0;
};

/// A pipe that the agent reads. A read gives any number of the bytes that are
/// there, at any time after they have come.
class simulated_source : public byte_source, public writing_end {
public:
  enum class kind : std::uint8_t { pipe, fifo };

  simulated_source(run_context& run, kind k, pipe_plan plan);

  // -- the writer's side ------------------------------------------------------

  std::size_t room() const override;
  void give(std::string_view data) override;
  void end() override;
  std::size_t unread() const override { return unread_.size() - begin_; }
  void on_room(agenda::event notify) override { on_room_ = std::move(notify); }

  // -- for whoever judges -----------------------------------------------------

  /// Called with what a read is about to deliver. A reader that has given up
  /// sees the end of it, too.
  std::function<void(std::string_view data, bool at_end)> on_delivery;

  /// Nobody looks at its bytes: some pieces stay in the kernel from now on, and
  /// can be written once.
  void leave_unseen() { unseen_ = true; }

  /// Its reader has closed it: nothing is delivered any more.
  void close();

  // -- the agent's side -------------------------------------------------------

  void read(handler on_result) override;
  void cancel() override;
  void report_end(bool on) override;

private:
  bool ready() const;
  void wake();
  void deliver();

  run_context& run_;
  chance dice_;
  kind kind_;
  pipe_plan plan_;
  std::string unread_;
  std::size_t begin_ = 0; // of what is unread
  bool ended_ = false;
  bool reports_end_ = false;
  bool closed_ = false;
  bool unseen_ = false;
  bool waking_ = false;
  handler handler_;
  agenda::event on_room_;
};

/// A pipe that the agent writes: the part of a sink that does not depend on
/// what kind of sink it is. The kernel takes as much as it has room for, and at
/// times less.
class written_pipe : public reading_end {
public:
  written_pipe(run_context& run, pipe_plan plan);

  // -- the reader's side ------------------------------------------------------

  std::size_t available() const override { return pipe_.size() - begin_; }
  std::string take(std::size_t most) override;
  void on_data(agenda::event notify) override { on_data_ = std::move(notify); }
  bool at_end() const override {
    return closing_ && pending() == 0 && available() == 0;
  }
  void abandon() override;

  /// Called with what the agent writes, and whether it has not closed it.
  std::function<void(std::string_view data, bool open)> on_write;

  // -- the agent's side -------------------------------------------------------

  void write(std::string_view data);
  std::size_t pending() const { return pending_.size() - pending_begin_; }
  void on_drained(notification notify) { on_drained_ = std::move(notify); }
  std::error_code error() const { return error_; }
  void close();

private:
  void pump();
  void wake_writer();
  void wake_reader();
  void fail();

  run_context& run_;
  chance dice_;
  pipe_plan plan_;
  std::string pending_; // in the port
  std::size_t pending_begin_ = 0;
  std::string pipe_; // in the kernel
  std::size_t begin_ = 0;
  bool pumping_ = false;
  bool abandoned_ = false;
  bool closing_ = false;
  std::error_code error_;
  notification on_drained_;
  agenda::event on_data_;
};

/// A sink over such a pipe. Its writes throw at times, before they have taken
/// anything.
template <class Port>
class simulated_sink_of : public Port {
public:
  simulated_sink_of(run_context& run, const char* name, pipe_plan plan)
    : pipe{run, plan}, run_{run}, name_{name} {}

  void write(bytes data) override {
    run_.faults.at_port(name_);
    pipe.write(data.view());
  }

  std::size_t pending() const override { return pipe.pending(); }
  void on_drained(notification notify) override {
    pipe.on_drained(std::move(notify));
  }
  std::error_code error() const override { return pipe.error(); }

  written_pipe pipe;

private:
  run_context& run_;
  const char* name_;
};

using simulated_sink = simulated_sink_of<byte_sink>;

/// The output to the host, as one stream that stays open.
class simulated_host_sink : public simulated_sink_of<host_sink> {
public:
  using simulated_sink_of::simulated_sink_of;

  void end_reply() override { ++replies_; }
  std::size_t drop_reply() override { return 0; }
  std::uint64_t replies_done() const override { return replies_; }

private:
  std::uint64_t replies_ = 0;
};

} // namespace container_agent::simulation
