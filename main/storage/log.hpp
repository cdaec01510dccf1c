#pragma once

#include "actors/core/ports.hpp"
#include "main/loop/fd.hpp"
#include "main/storage/append_note.hpp"
#include "main/storage/struck_ranges.hpp"

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

/// The streams, on the disk or in memory: logs that are appended to, and
/// cursors that read them. This folder knows the event loop, but no FIFO's
/// path, no process and no actor.
namespace container_agent::storage {

/// A log that can't be used. The text is complete for a user: which path, what
/// is wrong with it, and what to do.
class log_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// A log that another agent uses.
class log_in_use : public log_error {
public:
  using log_error::log_error;
};

/// One stream in segments: files, or anonymous memory (memfd_create(2)).
///
/// In a directory a segment is `NAME.OFFSET.log`, where OFFSET (20 digits) is
/// that of its first byte. `NAME.log` is a relative symbolic link to the newest
/// segment, replaced by rename(2), so that `tail -F NAME.log` follows. A
/// segment begins at the start of a line. Written bytes are never changed or
/// truncated; a segment is removed as a whole, by unlink(2), because its pages
/// may still be in a FIFO.
///
/// Memory holds only what could not be written; everything else is in the file.
/// At each instant a byte is in the pipe or in the log, and `kill -9` loses
/// nothing.
class log final : public stream_log {
public:
  struct settings {
    std::string directory;       ///< empty: in memory
    std::string name = "events"; ///< of the stream

    /// False: bytes, where a line, and so a segment, may begin anywhere.
    bool lines = true;

    /// 16 MiB: a segment of this size is followed by a new one, at the next
    /// start of a line.
    std::uint64_t segment = 16 * 1024 * 1024;

    /// Bytes to keep before the released offset.
    std::uint64_t keep = 0;

    mode_t mode = 0600; ///< of new files

    /// Called once for each thing that this disk can't do, with a text for a
    /// user that says what this costs.
    std::function<void(const std::string&)> tell;
  };

  /// Opens the existing log, or begins at 0. An incomplete last line stays as
  /// it is, because its writer may continue. Throws `log_error` if the
  /// directory is missing or belongs to another user, if a segment between two
  /// others is missing, or if one is not a regular file.
  explicit log(settings s);
  log(const log&) = delete;
  log& operator=(const log&) = delete;
  ~log() override;

  std::uint64_t begin() const override;
  std::uint64_t end() const override;
  std::uint64_t line_start() const override;
  void append(std::string_view lines) override;
  std::size_t owed() const override { return owed_.size(); }
  std::uint64_t end_line() override;
  std::size_t read(std::uint64_t from, std::span<char> into) const override;
  void strike(std::uint64_t from, std::uint64_t to) override;
  void release(std::uint64_t before) override;
  std::string trouble() const override;
  void retry() override;

  /// Moves at most `most` bytes out of a non-blocking pipe, by splice(2) or, if
  /// that is refused, by read(2) and write(2). Returns as read(2): the number
  /// of bytes, 0 at the pipe's end, -1 with `errno` (EAGAIN, ENOSPC, …). While
  /// appended lines wait, it moves only up to the end of the current line, and
  /// they follow.
  ssize_t take_from(int pipe, std::size_t most);

  /// Whether splice(2) into this log was refused. Then bytes read from the pipe
  /// are in the agent's memory for an instant, and lost if it is killed there.
  bool copies() const { return copies_; }

  /// The offset at which a reader at `at` continues: `at`, or the end of the
  /// struck range there.
  std::uint64_t behind_struck(std::uint64_t at) const {
    return struck_.behind(at);
  }

  /// The beginning of the next struck range at or after `at`, or no limit.
  std::uint64_t next_struck(std::uint64_t at) const { return struck_.next(at); }

  /// The beginning of the line that holds the byte before `at`, but not before
  /// `not_before`. `at` itself if a line begins there.
  std::uint64_t line_start_before(std::uint64_t at,
                                  std::uint64_t not_before) const;

  /// The segment that holds `offset`: its own description for reading,
  /// positioned at `offset`, and where the segment begins and ends (0: it has
  /// no end yet). For cursors. Throws as `read`.
  struct place {
    runtime::unique_fd file;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
  };
  place open_at(std::uint64_t offset) const;

  /// The same without a description. For an offset between two segments it is
  /// the later one.
  place segment_at(std::uint64_t offset) const;

  /// fdatasync(2).
  std::error_code sync() override;

  /// Sets the present content aside as `NAME.OFFSET.log.old-N`; the stream goes
  /// on, empty, at the same offset.
  void set_aside();

private:
  struct segment {
    std::uint64_t begin = 0;
    runtime::unique_fd file; // of the newest, and of all in memory
    bool unsynced = false;
  };

  bool in_memory() const { return settings_.directory.empty(); }
  bool at_line_start() const { return line_start_ == end_; }
  std::string file_name(std::uint64_t begin) const;
  std::string note_name() const;
  std::string path_of(const std::string& file) const;
  segment& newest() { return segments_.back(); }
  const segment& newest() const { return segments_.back(); }
  std::size_t index_of(std::uint64_t offset) const;
  runtime::unique_fd open_segment(const segment& which) const;
  int reading_file(const segment& which) const;

  void open_directory();
  void find_segments();
  void check_sizes();
  void check_link() const;
  void open_newest();
  void open_note();
  void finish_append();
  bool begin_segment();
  bool make_directory_again();
  runtime::unique_fd make_segment(const std::string& file) const;
  bool begin_segment_if_due();
  void lead_to_newest();
  std::error_code replace_link();

  bool pay();
  bool pay_held();
  bool pay_owed();
  ssize_t write_at(std::uint64_t offset, std::string_view bytes);
  void publish(std::uint64_t count);
  ssize_t splice_from(int pipe, std::size_t most);
  ssize_t copy_from(int pipe, std::size_t most);
  ssize_t up_to_line_end(int pipe, std::size_t most) const;
  bool fail(const std::string& what, std::error_code error);
  void tell_once(const std::string& what, std::error_code error);

  settings settings_;
  runtime::unique_fd directory_;
  append_note note_;
  std::deque<segment> segments_; // never empty
  std::uint64_t end_ = 0;        // what readers see
  std::uint64_t line_start_ = 0;
  std::string owed_;        // appended at a line's start
  std::size_t written_ = 0; // of `owed_`, in the file after `end_`
  std::string held_;        // comes first, also within a line
  std::string trouble_;
  std::error_code error_; // of `trouble_`
  struck_ranges struck_;
  std::set<std::string> told_;
  bool copies_ = false;
  bool directory_unsynced_ = false;
  mutable segment reading_; // the older segment that was read last
};

} // namespace container_agent::storage
