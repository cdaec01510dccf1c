#pragma once

#include "main/loop/fd.hpp"

#include <cstdint>
#include <string>

namespace container_agent::storage {

/// The positions of the logs' readers, in a mapped file of one page. Storing
/// one costs no system call, and it survives the end of any process. A crash of
/// the machine may lose the last seconds.
class position_page {
public:
  enum class reader : std::uint8_t {
    host,
    claude,
    replies,
    input,
    checkpoint ///< where the last one begins: a fold of the logs starts there
  };

  /// Maps the file, which is made if missing; with an empty path uses anonymous
  /// memory. A file that is not such a page counts as empty (`known` is false).
  /// Throws `log_error`.
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

  runtime::unique_fd file_; // for write(2) if it can't be mapped
  page* page_ = nullptr;
  bool mapped_ = false;
};

} // namespace container_agent::storage
