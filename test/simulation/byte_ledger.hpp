#pragma once

#include "test/simulation/run_context.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace container_agent::simulation {

/// Bytes of which no two stretches are alike, written at one end of something
/// and expected at the other: whole, in order, none twice.
class byte_ledger {
public:
  byte_ledger(run_context& run, std::string_view whose)
    : run_{run}, whose_{whose} {}

  void wrote(std::string_view data) { open_ += data; }
  void arrived(std::string_view data);

  /// Bytes that were written and have not arrived.
  std::size_t open() const { return open_.size() - begin_; }

private:
  run_context& run_;
  std::string whose_;
  std::string open_;
  std::size_t begin_ = 0;
  std::uint64_t count_ = 0;
};

} // namespace container_agent::simulation
