#include "main/runtime/output_mover.hpp"

#include "main/runtime/system_call.hpp"

#include <limits.h>

#include <cerrno>
#include <string>

namespace container_agent::runtime {

void output_mover::drop_cut(std::uint64_t end, bool to_end) {
  if (end > taken_)
    throw_away(end - taken_, to_end);
}

void output_mover::forget_line() {
  line_is_dead_ = note_.in_line();
  note_.line_cut(false);
}

ssize_t output_mover::write(int to, const bytes& piece) {
  auto origin = piece.origin();
  if (origin == bytes::nowhere)
    return piece.view() == "\n" ? end_line(to) : write_own(to, piece.view());
  if (origin < taken_)
    return write_own(to, piece.view().substr(0, taken_ - origin));
  if (origin > taken_ && !throw_away(origin - taken_))
    return -1;
  return move(to, piece.view().substr(0, move_note::max_piece));
}

void output_mover::leave_out(const bytes& piece) {
  auto end = piece.origin() + piece.size();
  if (piece.origin() != bytes::nowhere && end > taken_)
    throw_away(end - taken_); // should it fail, the next write finds out
}

// In one read(2): a line that is to be swallowed is there, or it is not.
bool output_mover::throw_away(std::uint64_t size, bool ends_cut) {
  std::string rubbish(size, '\0');
  note_.begin_throw(calls_.look(fifo_, size), taken_, size, ends_cut);
  auto count
    = without_interruption([&] { return calls_.read(fifo_, rubbish); });
  note_.end_throw(count > 0 ? static_cast<std::size_t>(count) : 0);
  if (count < 0)
    return false;
  taken_ += static_cast<std::uint64_t>(count);
  if (static_cast<std::uint64_t>(count) == size)
    return true;
  errno = EIO; // somebody else reads it, too
  return false;
}

ssize_t output_mover::move(int to, std::string_view piece) {
  note_.begin_move(piece, taken_);
  auto count = calls_.splice(fifo_, to, piece.size());
  note_.end_move(count > 0 ? static_cast<std::size_t>(count) : 0);
  if (count > 0)
    taken_ += static_cast<std::uint64_t>(count);
  if (count == 0)
    errno = EIO; // likewise
  return count == 0 ? -1 : count;
}

// Up to PIPE_BUF bytes are written whole or not at all.
ssize_t output_mover::write_own(int to, std::string_view text) {
  auto ends_line = text.back() == '\n';
  if (text.size() > PIPE_BUF || !ends_line || note_.in_line())
    note_.begin_own();
  auto count = calls_.write(to, text);
  if (count == static_cast<ssize_t>(text.size()))
    note_.end_own(ends_line);
  return count;
}

// Of a Claude that lives, the rest of the line is still to come. Noted first:
// killed behind the write, nobody would know.
ssize_t output_mover::end_line(int to) {
  if (note_.in_line() && !line_is_dead_)
    note_.line_cut(true);
  auto count = write_own(to, "\n");
  if (count > 0)
    line_is_dead_ = false;
  return count;
}

} // namespace container_agent::runtime
