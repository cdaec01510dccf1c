#pragma once

#include "test/simulation/host_ends.hpp"
#include "test/simulation/judge.hpp"

#include <deque>
#include <string>
#include <vector>

namespace container_agent::simulation {

/// What the host does in a run, drawn by the seed. Rates are "one in so many
/// times", 0 is never.
struct host_plan {
  std::uint32_t lines = 0; ///< how many it writes
  time_span pause{0};      ///< longest between two of them
  pipe_plan input;
  pipe_plan output;
  std::size_t max_line = 0; ///< what the agent takes

  std::uint32_t odd_line = 0;  ///< anything but a prompt
  std::uint32_t setting = 0;   ///< … that sets something in Claude
  std::uint32_t duplicate = 0; ///< a prompt it has written before
  std::uint32_t interrupt = 0; ///< of the turn that runs
  std::uint32_t half_line = 0; ///< its writer leaves in the middle
  std::uint32_t no_answer = 0; ///< to a request of Claude's
  time_span answer_pause{0};   ///< longest before one
  bool leaves = false;         ///< for good, behind its last line

  reading_plan reading;

  static host_plan draw(chance& dice);
};

/// The host: writes its lines into one FIFO, reads the other, and answers what
/// Claude asks.
class simulated_host {
public:
  simulated_host(run_context& run, judge& bench, pipe& input, pipe& output,
                 host_plan plan);

  /// Begins to write and to read.
  void start();

  /// From now on it reads at once whatever there is, answers all it is asked,
  /// and writes only what it has begun.
  void behave();

  /// It has written all it wants to write, and the agent has read it.
  bool written() const;

  /// It has left for good, and the agent has read all.
  bool left() const { return left_ && written(); }

  /// It has left a request of Claude's without an answer.
  bool owes_answer() const { return owes_answer_; }

  /// It opens the output once more: half a line does not count.
  void start_again() { part_.clear(); }

  /// Reads all there is, to the end.
  void read_to_end();

private:
  struct script_line {
    std::string bytes;
    bool leaves = false; ///< closes the FIFO behind it
  };

  // what it writes
  void write_on();
  void leave();
  script_line next_line();
  std::string prompt();
  std::string odd_line();
  std::string setting();
  std::string request(const std::string& members);
  script_line cut(script_line line);
  void write_soon(std::string line);

  // what it reads
  void take_bytes(const std::string& data);
  void take(std::string_view line);

  run_context& run_;
  chance dice_;
  judge& judge_;
  pipe& input_;
  host_plan plan_;
  host_writer writer_;
  host_reader reader_;

  std::uint32_t written_ = 0; // lines
  std::uint64_t names_ = 0;
  std::deque<script_line> waiting_;
  bool writing_ = false;
  bool left_ = false;
  std::vector<std::string> prompts_; // those with a uuid

  std::string part_; // of a line
  bool owes_answer_ = false;
};

} // namespace container_agent::simulation
