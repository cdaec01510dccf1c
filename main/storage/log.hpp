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

/// The streams as they lie on the disk, or in memory: logs that are appended
/// to, and cursors that read them. Knows the event loop; no FIFO's path, no
/// process, no actor.
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

/// One stream in segments: files, or memory that no file leads to
/// (memfd_create(2)).
///
/// In a directory a segment is `NAME.OFFSET.log`, where OFFSET (20 digits) is
/// that of its first byte, and `NAME.log` leads to the newest one (a relative
/// symbolic link, replaced by rename(2)), so that `tail -F NAME.log` follows. A
/// segment begins where a line does. What was written is never changed, and
/// never cut off: segments go whole, by unlink(2), as their pages may still lie
/// in a FIFO.
///
/// Nothing is kept in memory that is not in the file too but what could not be
/// written, so `kill -9` loses nothing: at each instant a byte is in the pipe
/// or in the log.
class log final : public stream_log {
public:
  struct settings {
    std::string directory;       ///< empty: in memory
    std::string name = "events"; ///< of the stream

    /// Else bytes: a line begins anywhere, and so may a segment.
    bool lines = true;

    /// A segment that has reached this is followed by a new one, at the next
    /// start of a line. 16 MiB.
    std::uint64_t segment = 16 * 1024 * 1024;

    /// What is kept of the past beyond `release`, in bytes.
    std::uint64_t keep = 0;

    mode_t mode = 0600; ///< of files

    /// Told once each, in a text for a user: what this disk can't do, and what
    /// that costs.
    std::function<void(const std::string&)> tell;
  };

  /// Opens what is there, or begins at 0. A last line that is not whole stays
  /// as it is: its writer may go on. Throws `log_error`: a directory that is
  /// missing or somebody else's, a segment that is missing between two others,
  /// no regular file.
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

  /// Moves at most `most` bytes out of a non-blocking pipe, by splice(2), or,
  /// where that is refused, by read(2) and write(2). As read(2): how many, 0 at
  /// the pipe's end, -1 with `errno` (EAGAIN, ENOSPC, …). While something is
  /// owed it moves only up to the end of the line that is under way, and what
  /// is owed follows it.
  ssize_t take_from(int pipe, std::size_t most);

  /// Whether splice(2) into this log was refused. What was read from the pipe
  /// is in the agent's hands for an instant then, and lost if it is killed
  /// there.
  bool copies() const { return copies_; }

  /// The place at which a reader at `at` goes on: `at`, or behind what was
  /// struck there.
  std::uint64_t behind_struck(std::uint64_t at) const {
    return struck_.behind(at);
  }

  /// The beginning of the next struck range, at `at` or later; or no limit.
  std::uint64_t next_struck(std::uint64_t at) const { return struck_.next(at); }

  /// The beginning of the line that the byte before `at` belongs to; not before
  /// `not_before`. `at` itself if a line begins there.
  std::uint64_t line_start_before(std::uint64_t at,
                                  std::uint64_t not_before) const;

  /// The segment that holds `offset`: a description of its own, for reading,
  /// that stands at `offset`; and where that segment begins and (0: nowhere
  /// yet) ends. For cursors. Throws as `read`.
  struct place {
    runtime::unique_fd file;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
  };
  place open_at(std::uint64_t offset) const;

  /// The same without a description. Where one segment ends and the next one
  /// begins it is the next one.
  place segment_at(std::uint64_t offset) const;

  /// fdatasync(2).
  std::error_code sync() override;

  /// All that is there is set aside as `NAME.OFFSET.log.old-N`, and the stream
  /// goes on, empty, at the offset where it stood.
  void set_aside();

private:
  struct segment {
    std::uint64_t begin = 0;
    runtime::unique_fd file; // the newest one's, and of all in memory
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
  std::uint64_t end_ = 0;        // what readers are told of
  std::uint64_t line_start_ = 0;
  std::string owed_;        // for where a line begins
  std::size_t written_ = 0; // of `owed_`, in the file behind `end_`
  std::string held_;        // goes before, within a line, too
  std::string trouble_;
  std::error_code error_; // of `trouble_`
  struck_ranges struck_;
  std::set<std::string> told_;
  bool copies_ = false;
  bool directory_unsynced_ = false;
  mutable segment reading_; // the older segment that was read last
};

} // namespace container_agent::storage
