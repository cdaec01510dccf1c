#pragma once

#include "main/loop/fd.hpp"

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace container_agent::storage {

/// A log that can't be read, or not any longer. The text is complete for a
/// user.
class reader_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// Reads a log that another process writes (main/storage/log.hpp) from its
/// directory, while it grows, changes segments and drops old ones. Changes
/// nothing, and never blocks.
///
///     log_reader events{directory};
///     for (auto lines = events.read_lines(); !lines.empty();
///          lines = events.read_lines())
///       std::cout << lines;
class log_reader {
public:
  /// Begins with the first line that is kept. Throws `reader_error` if there is
  /// no such directory, no permission, or no log in it.
  explicit log_reader(std::string directory, std::string name = "events");
  log_reader(const log_reader&) = delete;
  log_reader& operator=(const log_reader&) = delete;

  /// The first offset that is kept.
  std::uint64_t begin() const;

  /// The offset after the last byte.
  std::uint64_t end() const;

  /// Goes to the start of the line that holds the byte at `offset`. The log's
  /// end is allowed too; if the last line is incomplete, that is the line's
  /// start. Throws `reader_error` if the offset is no longer kept, or not
  /// written yet.
  void seek(std::uint64_t offset);

  /// The next whole lines; empty if there are none for now. Valid until the
  /// next call. Throws `reader_error` if the next line was dropped before it
  /// was read.
  std::string_view read_lines();

  /// The offset of the next line.
  std::uint64_t position() const { return position_ - text_.size() + given_; }

  /// A descriptor that becomes readable when there may be more to read, or the
  /// log has gone. Call `acknowledge` then, and `read_lines` after it. Throws
  /// `reader_error` if the kernel can't watch the directory.
  int watch();

  /// Throws `reader_error` if the directory was removed or moved away.
  void acknowledge();

private:
  std::vector<std::uint64_t> segments() const;
  std::string path_of(std::uint64_t begin) const;
  bool open_segment(std::uint64_t begin);
  bool go_to_next_segment();
  std::size_t read(std::span<char> into);
  std::size_t read_segment(std::span<char> into);
  std::uint64_t size_of(std::uint64_t begin) const;
  std::uint64_t line_start_at(std::uint64_t offset);
  void watch_segment();

  std::string directory_;
  std::string name_;
  runtime::unique_fd segment_;
  std::uint64_t segment_begin_ = 0;
  std::uint64_t position_ = 0; // of the next byte to be read
  std::string text_;           // read, but not given out yet
  std::size_t given_ = 0;      // of it, by the last call
  runtime::unique_fd changes_; // inotify(7)
  int segment_watch_ = -1;
  int parent_watch_ = -1;
};

} // namespace container_agent::storage
