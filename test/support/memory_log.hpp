#pragma once

#include "actors/core/ports.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace container_agent::test {

/// A log in a string. `put` is what an inlet does.
class memory_log : public stream_log {
public:
  std::uint64_t begin() const override { return 0; }
  std::uint64_t end() const override { return data_.size(); }
  std::uint64_t line_start() const override;
  void append(std::string_view lines) override;
  std::size_t owed() const override { return owed_.size(); }
  std::uint64_t end_line() override;
  std::size_t read(std::uint64_t from, std::span<char> into) const override;
  void strike(std::uint64_t from, std::uint64_t to) override;
  void release(std::uint64_t before) override { released = before; }
  std::string trouble() const override { return full; }
  void retry() override { settle(); }

  /// What somebody else has said, as far as it has come.
  void put(std::string_view bytes);

  /// What lies between, but what was struck.
  std::string shown(std::uint64_t from, std::uint64_t to) const;

  /// What was struck of it.
  std::string struck(std::uint64_t from, std::uint64_t to) const;

  std::string_view text() const { return data_; }

  /// Bytes: nothing waits for the end of a line.
  bool lines = true;

  /// Why nothing can be written, if so.
  std::string full;

  /// Nobody needs what comes before.
  std::uint64_t released = 0;

private:
  void settle();
  bool is_struck(std::uint64_t at, std::uint64_t from) const;

  std::string data_;
  std::string owed_;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> struck_;
};

} // namespace container_agent::test
