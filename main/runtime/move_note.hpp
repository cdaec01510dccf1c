#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace container_agent::runtime {

/// What an agent is about to move to the host's output, noted so that the next
/// one knows where the host stands if this one is killed, at whatever
/// instruction. The note is a mapped file: what was stored is there for the
/// next one without a system call.
class move_note {
public:
  /// Bytes that may be moved under one note: a read's worth. A longer piece
  /// goes in several.
  static constexpr std::size_t max_piece = 64 * 1024;

  move_note();
  move_note(const move_note&) = delete;
  move_note& operator=(const move_note&) = delete;
  ~move_note();

  /// Maps the file, which is made if missing. What is no note of ours counts as
  /// empty.
  std::error_code open(const std::string& path);

  /// The output ends within a line of Claude's.
  bool in_line() const;

  // -- moving Claude's bytes --------------------------------------------------

  // Positions count all that Claude and those before it have said in the life
  // of the file.

  /// `piece` (at most `max_piece`), which stands at `position`, is about to go.
  void begin_move(std::string_view piece, std::uint64_t position);

  /// So much of it has gone.
  void end_move(std::size_t count);

  /// `size` bytes, all at once, are about to be thrown away, and `piece` is
  /// what is known of them. `ends_cut`: with the end of the line that was cut.
  void begin_throw(std::string_view piece, std::uint64_t position,
                   std::size_t size, bool ends_cut = false);
  void end_throw(std::size_t count);

  /// What the host has of the line within which the output ends; nothing if
  /// that is not known: after more than `max_piece` of it, or if parts of it
  /// did not come here.
  std::optional<std::string> line_begun() const;

  /// The position at which Claude's FIFO begins.
  std::uint64_t begin() const;

  /// What comes before this position is lost: Claude has died. From `told()` on
  /// the host has to hear of it, in the next thing that is written.
  void lose(std::uint64_t position);
  std::uint64_t told() const;

  // -- writing the agent's own ------------------------------------------------

  /// Something is about to be written that may be torn: it is not written at
  /// once, or not a line.
  void begin_own();

  /// All of it is written; it ends as it ends. What was lost is told.
  void end_own(bool ends_line);

  /// Whether Claude's line, within which the output stood, was ended with a LF
  /// of our own: its rest is not for the host. Until a move begins a line.
  bool line_cut() const;
  void line_cut(bool cut);

  // -- Claude's stdin ---------------------------------------------------------

  /// Whether a part of a line, and not its end, was given to Claude.
  bool half_input() const;
  void half_input(bool half);

  // -- the next agent ---------------------------------------------------------

  /// Where the output stands after the agent that wrote this was killed.
  enum class standing {
    line_start, ///< between two lines
    in_line,    ///< within a line of Claude's, whose rest is unread
    torn,       ///< perhaps within a line whose rest is lost: LF first
  };

  struct position {
    standing where = standing::line_start;
    std::size_t gone = 0; ///< bytes of what was not noted as ended
  };

  /// `unread` is what Claude's output begins with, at least `max_piece` bytes
  /// if there are so many. `alive`: nothing was lost of it; else what was being
  /// moved counts as lost.
  position look(std::string_view unread, bool alive) const;

  /// Takes note of what was found: `look` need not find out again.
  void settle(position found);

private:
  void begin_text(std::uint64_t position, bool whole);
  void begin_text_with_line(std::uint64_t position, std::size_t size);
  void end_cut();
  std::string_view moving() const;
  void set_begin(std::uint64_t position);

  struct page;
  page* page_ = nullptr;
  std::unique_ptr<page> unmapped_; ///< until `open`
};

} // namespace container_agent::runtime
