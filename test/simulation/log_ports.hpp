#pragma once

#include "actors/core/ports.hpp"
#include "test/simulation/pipe.hpp"
#include "test/simulation/simulated_log.hpp"

#include <deque>
#include <functional>
#include <string>
#include <utility>

/// An agent's ports between pipes and logs. None of them does anything once it
/// is dead.
namespace container_agent::simulation {

/// Out of a pipe into a log. A move brings any number of the bytes that are
/// there, at any time after they have come.
class simulated_inlet final : public inlet {
public:
  enum class kind : std::uint8_t { pipe, fifo };

  simulated_inlet(run_context& run, lifeline& life, simulated_log& into, kind k)
    : run_{run}, life_{life}, dice_{run.dice.branch()}, into_{into}, kind_{k} {}

  /// From now on it is this one's, none other's.
  void open(pipe& from);

  /// Called when a FIFO's end is told.
  std::function<void()> on_end;

  void move(handler on_result) override;
  void cancel() override { handler_ = nullptr; }
  std::size_t unread() const override { return from_ ? from_->unread() : 0; }
  void report_end(bool on) override;

  /// At its end the agent leaves nothing in there.
  void take_rest();

private:
  bool ready() const;
  void wake();
  void deliver();
  ssize_t take(std::size_t most);

  run_context& run_;
  lifeline& life_;
  chance dice_;
  simulated_log& into_;
  kind kind_;
  pipe* from_ = nullptr;
  bool reports_end_ = false;
  bool waking_ = false;
  handler handler_;
};

/// The child's stderr.
class simulated_source final : public byte_source {
public:
  simulated_source(run_context& run, lifeline& life)
    : run_{run}, life_{life}, dice_{run.dice.branch()} {}

  void open(pipe& from);
  void read(handler on_result) override;
  void cancel() override { handler_ = nullptr; }

private:
  void wake();
  void deliver();

  run_context& run_;
  lifeline& life_;
  chance dice_;
  pipe* from_ = nullptr;
  bool waking_ = false;
  handler handler_;
};

/// How a log goes out into a pipe, as with `storage::cursor`: the position is
/// moved in the same call that moves the bytes, and is whoever's that holds it.
class log_mover {
public:
  log_mover(run_context& run, lifeline& life, simulated_log& from)
    : run_{run}, life_{life}, dice_{run.dice.branch()}, from_{from} {}

  void open(pipe& to, std::uint64_t& position);
  bool is_open() const { return to_ != nullptr; }
  void let_go(std::uint64_t limit);
  std::uint64_t position() const { return position_ ? *position_ : 0; }
  std::error_code error() const { return error_; }
  void close_when_gone();

  notification notify;

  /// Called with what has gone, from where, and behind what.
  std::function<void(std::uint64_t from, std::uint64_t to)> on_gone;

private:
  void pump();
  bool move_once();
  void step_over_struck();
  void pump_later();
  void tell();

  run_context& run_;
  lifeline& life_;
  chance dice_;
  simulated_log& from_;
  pipe* to_ = nullptr;
  std::uint64_t* position_ = nullptr;
  std::uint64_t limit_ = 0;
  std::uint64_t begun_to_ = 0; // the end of a struck line that had begun
  bool closing_ = false;
  bool waking_ = false;
  std::error_code error_;
};

/// An outlet over it. It throws at times, before it has done anything.
template <class Port>
class simulated_outlet_of : public Port {
public:
  simulated_outlet_of(run_context& run, lifeline& life, simulated_log& from,
                      const char* name)
    : mover{run, life, from}, run_{run}, name_{name} {}

  void let_go(std::uint64_t limit) override {
    run_.faults.at_port(name_);
    mover.let_go(limit);
  }
  std::uint64_t position() const override { return mover.position(); }
  void on_moved(notification notify) override {
    mover.notify = std::move(notify);
  }
  std::error_code error() const override { return mover.error(); }

  log_mover mover;

private:
  run_context& run_;
  const char* name_;
};

using simulated_outlet = simulated_outlet_of<outlet>;

/// The output to the host, as one stream that stays open. Beside its place it
/// notes up to where the host has certainly read.
class simulated_host_outlet final : public simulated_outlet_of<host_outlet> {
public:
  simulated_host_outlet(run_context& run, lifeline& life, simulated_log& from);

  /// `gone` tells what of the log has gone into the pipe, as ranges.
  using ranges = std::deque<std::pair<std::uint64_t, std::uint64_t>>;
  void open(pipe& to, std::uint64_t& position, std::uint64_t& read_to,
            ranges& gone);
  std::size_t unread() const override { return to_ ? to_->unread() : 0; }

private:
  std::uint64_t read_to(ranges& gone);

  lifeline& life_;
  pipe* to_ = nullptr;
};

/// The output as a host has it that opens it once a reply.
class simulated_reply_outlet final : public host_outlet {
public:
  simulated_reply_outlet(run_context& run, const simulated_log& from,
                         std::uint64_t& position)
    : run_{run}, from_{from}, position_{position}, limit_{position} {}

  /// A reader comes and reads the oldest reply that waits, if there is one.
  bool read_reply(std::string& into);

  /// Called when a reply may wait.
  std::function<void()> on_reply;

  bool waits() const { return next_end() != std::string_view::npos; }

  void let_go(std::uint64_t limit) override;
  std::uint64_t position() const override { return position_; }
  void on_moved(notification notify) override { notify_ = std::move(notify); }
  std::error_code error() const override { return {}; }
  std::uint64_t replies_known() const override;
  std::uint64_t replies_done() const override { return done_; }
  std::size_t drop_reply() override;

private:
  std::string_view waiting() const { return from_.text(position_, limit_); }
  std::size_t next_end() const { return waiting().find(reply_end); }

  run_context& run_;
  const simulated_log& from_;
  std::uint64_t& position_;
  std::uint64_t limit_;
  std::uint64_t done_ = 0;
  notification notify_;
};

} // namespace container_agent::simulation
