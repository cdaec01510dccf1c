#include "main/runtime/move_note.hpp"

#include "main/runtime/fd.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>

namespace container_agent::runtime {

namespace {

// "bept 003": the layout below.
constexpr std::uint64_t layout = 0x3330302074706562;

} // namespace

struct move_note::page {
  std::uint64_t magic = layout;
  std::atomic<std::uint32_t> moving{0}; // bytes in `text`; 0: nothing moves
  std::atomic<std::uint64_t> thrown{
    0};                              // not 0: they go away, of so many in all
  std::atomic<bool> in_line{false};  // before the move
  std::atomic<bool> own{false};      // something of our own is being written
  std::atomic<bool> cut{false};      // we ended Claude's line; its rest …
  std::atomic<bool> ends_cut{false}; // … ends with what is thrown away
  std::atomic<bool> half_input{false};
  std::atomic<bool> whole{false};      // `text` begins with a line
  std::atomic<std::uint64_t> base{0};  // where `text` stands
  std::atomic<std::uint64_t> from{0};  // … and what of it moves
  std::atomic<std::uint64_t> begin{0}; // where the FIFO begins
  std::atomic<std::uint64_t> told{0};  // up to here nothing was lost unsaid
  char text[max_piece] = {};           // the start of a line, and what moves
};

move_note::move_note() : unmapped_{std::make_unique<page>()} {
  page_ = unmapped_.get();
}

move_note::~move_note() {
  if (!unmapped_)
    ::munmap(page_, sizeof(page));
}

std::error_code move_note::open(const std::string& path) {
  unique_fd file{
    ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!file)
    return last_error();
  struct stat found {};
  if (::fstat(file.get(), &found) != 0)
    return last_error();
  auto is_note = found.st_size == static_cast<off_t>(sizeof(page));
  if (!is_note && ::ftruncate(file.get(), 0) != 0)
    return last_error();
  // Allocated, so that no store finds the disk full.
  if (auto failed = ::posix_fallocate(file.get(), 0, sizeof(page)))
    return {failed, std::generic_category()};
  auto* memory = ::mmap(nullptr, sizeof(page), PROT_READ | PROT_WRITE,
                        MAP_SHARED, file.get(), 0);
  if (memory == MAP_FAILED)
    return last_error();
  page_ = static_cast<page*>(memory);
  unmapped_.reset();
  if (page_->magic != layout)
    new (page_) page;
  return {};
}

bool move_note::in_line() const {
  return page_->in_line;
}

// The order of the stores is all that matters: whoever reads them comes after
// this process, not beside it.
void move_note::begin_move(std::string_view piece, std::uint64_t position) {
  auto size = std::min(piece.size(), max_piece);
  if (!page_->in_line)
    page_->cut = false;
  auto goes_on = page_->in_line && position == page_->begin;
  if (!goes_on)
    begin_text(position, !page_->in_line);
  else if (position - page_->base + size > max_piece)
    begin_text_with_line(position, size);
  std::memcpy(page_->text + (position - page_->base), piece.data(), size);
  page_->from = position;
  page_->thrown = 0;
  page_->moving = static_cast<std::uint32_t>(size);
}

void move_note::begin_text(std::uint64_t position, bool whole) {
  page_->whole = false; // until it is there
  page_->base = position;
  page_->whole = whole;
}

// Drops the lines before the one that goes on.
void move_note::begin_text_with_line(std::uint64_t position, std::size_t size) {
  auto line = line_begun();
  if (!line || line->size() + size > max_piece)
    return begin_text(position, false);
  page_->whole = false;
  std::memcpy(page_->text, line->data(), line->size());
  page_->base = position - line->size();
  page_->whole = true;
}

std::string_view move_note::moving() const {
  auto size = std::min<std::size_t>(page_->moving, max_piece);
  auto at = std::min<std::size_t>(page_->from - page_->base, max_piece - size);
  return {page_->text + at, size};
}

void move_note::end_move(std::size_t count) {
  if (count > 0)
    page_->in_line = moving()[count - 1] != '\n';
  set_begin(page_->from + count);
  page_->moving = 0;
}

void move_note::begin_throw(std::string_view piece, std::uint64_t position,
                            std::size_t size, bool ends_cut) {
  auto known = piece.size() < size ? 0 : std::min(size, max_piece);
  begin_text(position, false);
  std::memcpy(page_->text, piece.data(), known);
  page_->from = position;
  page_->ends_cut = ends_cut;
  page_->thrown = size;
  page_->moving = static_cast<std::uint32_t>(known);
}

void move_note::end_throw(std::size_t count) {
  if (count > 0)
    end_cut();
  set_begin(page_->from + count);
  page_->moving = 0;
  page_->thrown = 0;
}

void move_note::end_cut() {
  if (page_->ends_cut)
    page_->cut = false;
}

// In this order: between both, `settle` knows.
void move_note::set_begin(std::uint64_t position) {
  page_->told = position;
  page_->begin = position;
}

std::optional<std::string> move_note::line_begun() const {
  auto size = page_->begin - page_->base;
  if (size > max_piece)
    return std::nullopt;
  std::string_view text{page_->text, size};
  auto end = text.rfind('\n');
  if (end == std::string_view::npos && !page_->whole)
    return std::nullopt;
  return std::string{text.substr(end == std::string_view::npos ? 0 : end + 1)};
}

std::uint64_t move_note::begin() const {
  return page_->begin;
}

void move_note::lose(std::uint64_t position) {
  page_->begin = position;
}

std::uint64_t move_note::told() const {
  return page_->told;
}

void move_note::begin_own() {
  page_->own = true;
}

void move_note::end_own(bool ends_line) {
  if (!ends_line)
    begin_text(page_->begin, false); // its start is no copy of what moved
  page_->in_line = !ends_line;
  page_->told = page_->begin.load();
  page_->own = false;
}

bool move_note::line_cut() const {
  return page_->cut;
}

void move_note::line_cut(bool cut) {
  page_->cut = cut;
}

bool move_note::half_input() const {
  return page_->half_input;
}

void move_note::half_input(bool half) {
  page_->half_input = half;
}

// What has not gone is what the unread begins with. Where several answers fit
// they agree on where the host stands: no line of JSON is the end of another
// one, and within a line every place is within a line. What has gone may then
// be counted too low, which could tell a result as lost that was not.
move_note::position move_note::look(std::string_view unread, bool alive) const {
  if (page_->own || (page_->cut && page_->in_line))
    return {standing::torn};
  auto piece = moving();
  if (!alive)
    return {piece.empty() && !page_->in_line ? standing::line_start
                                             : standing::torn};
  if (page_->thrown > 0 && !piece.empty())
    return {page_->in_line ? standing::in_line : standing::line_start,
            unread.starts_with(piece) ? 0 : page_->thrown.load()};
  std::size_t gone = 0;
  while (gone < piece.size() && !unread.starts_with(piece.substr(gone)))
    ++gone;
  auto in_line = gone == 0 ? page_->in_line.load() : piece[gone - 1] != '\n';
  return {in_line ? standing::in_line : standing::line_start, gone};
}

void move_note::settle(position found) {
  if (found.where == standing::torn)
    page_->own = true; // first: killed in between, the next one must know
  page_->in_line = found.where == standing::in_line;
  if (found.where != standing::torn)
    page_->own = false;
  if (page_->told > page_->begin)
    page_->begin = page_->told.load();
  if (found.gone > 0) {
    if (page_->thrown > 0)
      end_cut();
    set_begin(page_->from + found.gone);
  }
  page_->moving = 0;
  page_->thrown = 0;
}

} // namespace container_agent::runtime
