#pragma once

#include "main/loop/fd.hpp"

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace container_agent::storage {

/// What is about to be appended to a log, in a file beside it, so that a `kill
/// -9` never leaves half of it there: write(2) copies page by page, and between
/// two pages SIGKILL ends it. (What is spliced needs no note, as its rest is
/// still in the pipe.) A note of what was appended whole says nothing, so none
/// is ever cleared.
class append_note {
public:
  /// Makes the file if it is missing, and is without effect if it can't.
  std::error_code open(int directory, const std::string& name, mode_t mode);

  /// Whether a write of `size` bytes at `offset` of a file may end within.
  static bool is_needed(std::uint64_t offset, std::size_t size);

  /// Before `text` is written at `offset` of the log.
  std::error_code write(std::uint64_t offset, std::string_view text);

  struct entry {
    std::uint64_t offset = 0;
    std::string text;
  };

  /// The last note, unless all of it lies before `end`, the log's.
  std::optional<entry> unfinished(std::uint64_t end) const;

private:
  runtime::unique_fd file_;
  std::size_t size_ = 0; // of the last text
};

} // namespace container_agent::storage
