#include "main/runtime/whole_lines.hpp"

#include <limits.h>

namespace container_agent::runtime {

ssize_t whole_lines::write(int to, const bytes& piece) {
  auto text = piece.view();
  auto whole
    = text.size() <= PIPE_BUF
      || (calls_.unread(to) == 0 && text.size() <= calls_.capacity(to));
  if (!whole)
    note_.half_input(true);
  auto count = calls_.write(to, text);
  if (count == static_cast<ssize_t>(text.size()))
    note_.half_input(false);
  else if (count > 0)
    note_.half_input(true);
  return count;
}

} // namespace container_agent::runtime
