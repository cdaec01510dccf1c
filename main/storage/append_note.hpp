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

/// A copy of what is about to be appended to a log, in a file beside it.
/// Without it, a `kill -9` could leave half of the text in the log: write(2)
/// copies page by page, and SIGKILL ends it between two pages. (Spliced bytes
/// need no note, as their rest is still in the pipe.) The note of a completed
/// append is ignored, so none is ever cleared.
class append_note {
public:
  /// Opens the file, or creates it. On failure the note has no effect.
  std::error_code open(int directory, const std::string& name, mode_t mode);

  /// Whether SIGKILL could interrupt a write of `size` bytes at `offset`.
  static bool is_needed(std::uint64_t offset, std::size_t size);

  /// Must come before `text` is written at `offset` of the log.
  std::error_code write(std::uint64_t offset, std::string_view text);

  struct entry {
    std::uint64_t offset = 0;
    std::string text;
  };

  /// The last note, unless the log already holds all of it (`end`: the log's).
  std::optional<entry> unfinished(std::uint64_t end) const;

private:
  runtime::unique_fd file_;
  std::size_t size_ = 0; // of the last text
};

} // namespace container_agent::storage
