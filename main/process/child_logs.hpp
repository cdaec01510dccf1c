#pragma once

#include "main/storage/log.hpp"
#include "main/storage/position_page.hpp"

#include <cstdint>
#include <functional>

namespace container_agent::runtime {

/// The logs for a child's stdin and stdout.
struct child_logs {
  storage::log& input;
  storage::log& output;

  /// Holds how far the child's stdin has come; null: not noted.
  storage::position_page* positions = nullptr;

  /// For `storage::cursor::on_position`.
  std::function<void(std::uint64_t)> note() const {
    if (!positions)
      return {};
    return [page = positions](std::uint64_t offset) {
      page->set(storage::position_page::reader::claude, offset);
    };
  }
};

} // namespace container_agent::runtime
