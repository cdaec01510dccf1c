#pragma once

#include "main/loop/fd.hpp"

#include <cstdint>
#include <string>

namespace container_agent::storage {

/// The places of the logs' readers, in a mapped file of a page: storing
/// costs no system call, and what was stored is there after the end of any
/// process. A machine that crashes may lose the last seconds.
class position_page {
public:
  enum class reader : std::uint8_t {
    host,
    claude,
    replies,
    input,
    checkpoint ///< where the last one begins: who folds reads from there
  };

  /// Maps the file, which is made if missing; empty path: memory of its own.
  /// What is no page of ours counts as empty (`known` is false). Throws
  /// `log_error`.
  explicit position_page(const std::string& path);
  position_page(const position_page&) = delete;
  position_page& operator=(const position_page&) = delete;
  ~position_page();

  /// Whether anything was stored for this reader.
  bool known(reader who) const;
  std::uint64_t get(reader who) const;
  void set(reader who, std::uint64_t offset);

private:
  struct page;

  runtime::unique_fd file_; // written to where it can't be mapped
  page* page_ = nullptr;
  bool mapped_ = false;
};

} // namespace container_agent::storage
