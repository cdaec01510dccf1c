#pragma once

#include "actors/core/ports.hpp"
#include "test/simulation/lifeline.hpp"
#include "test/simulation/run_context.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace container_agent::simulation {

/// What of a log outlives the agents: its bytes.
struct log_bytes {
  bool lines = true;
  std::uint64_t segment = 1000; ///< bytes that are let go of together
  std::uint64_t keep = 0;       ///< of the past, beyond `release`
  const bool* disk_full = nullptr;

  std::uint64_t begin = 0; ///< of what is still kept
  std::string text{};      ///< from `begin` on

  std::uint64_t end() const { return begin + text.size(); }

  // -- for whoever judges
  // -------------------------------------------------------

  std::function<void(std::string_view)> on_append{}; ///< by an agent
  std::function<void(std::string_view)> on_move{};   ///< out of a pipe
  std::function<void()> on_line_end{};               ///< by an agent's LF
};

/// A log, as an agent has it: what it owes, and what it has struck, ends with
/// the agent. It may die before and after each change of the bytes.
class simulated_log final : public stream_log {
public:
  simulated_log(run_context& run, lifeline& life, log_bytes& bytes)
    : run_{run}, life_{life}, bytes_{bytes}, line_start_{find_line_start()} {}

  std::uint64_t begin() const override { return bytes_.begin; }
  std::uint64_t end() const override { return bytes_.end(); }
  std::uint64_t line_start() const override { return line_start_; }
  void append(std::string_view lines) override;
  std::size_t owed() const override { return owed_.size(); }
  std::uint64_t end_line() override;
  std::size_t read(std::uint64_t from, std::span<char> into) const override;
  void strike(std::uint64_t from, std::uint64_t to) override;
  void release(std::uint64_t before) override;
  std::string trouble() const override { return trouble_; }
  void retry() override { pay(); }

  /// As read(2) into the log: takes at most `most` bytes by `fetch`, fewer
  /// where others wait for the end of a line. -1: the disk is full.
  template <class Fetch>
  ssize_t take_from(std::string_view waiting, std::size_t most, Fetch fetch) {
    if (!pay())
      return -1;
    if (!owed_.empty())
      most
        = std::min(most, std::min(waiting.find('\n'), waiting.size() - 1) + 1);
    if (most > 0 && !can_write())
      return -1;
    auto moved = life_.call([&] { return put(fetch(most)); }, std::size_t{0});
    pay();
    return static_cast<ssize_t>(moved);
  }

  /// As `storage::log`'s.
  std::uint64_t behind_struck(std::uint64_t at) const;
  std::uint64_t next_struck(std::uint64_t at) const;
  std::uint64_t line_start_before(std::uint64_t at) const;
  std::string_view text(std::uint64_t from, std::uint64_t to) const {
    return std::string_view{bytes_.text}.substr(from - bytes_.begin, to - from);
  }

private:
  std::uint64_t find_line_start() const {
    return bytes_.lines ? line_start_before(bytes_.end()) : bytes_.end();
  }
  bool can_write();
  bool pay();
  std::size_t put(std::string_view data);

  run_context& run_;
  lifeline& life_;
  log_bytes& bytes_;
  std::uint64_t line_start_;
  std::string owed_;
  std::string trouble_;
  std::map<std::uint64_t, std::uint64_t> struck_; // from, to
};

} // namespace container_agent::simulation
