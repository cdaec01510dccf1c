#include "main/storage/append_note.hpp"

#include "main/loop/system_call.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tuple>

namespace container_agent::storage {

namespace {

using runtime::last_error;
using runtime::without_interruption;

constexpr std::size_t note_page = 4096;

// A larger buffer is released with the next note.
constexpr std::size_t kept_text = 64 * 1024;

// Within one page, so that it is replaced at once. The text begins on the next
// page.
struct note_header {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

std::error_code write_all(int file, std::string_view bytes, off_t at) {
  while (!bytes.empty()) {
    auto count = without_interruption(
      [&] { return ::pwrite(file, bytes.data(), bytes.size(), at); });
    if (count <= 0)
      return count < 0 ? last_error()
                       : std::make_error_code(std::errc::io_error);
    bytes.remove_prefix(static_cast<std::size_t>(count));
    at += count;
  }
  return {};
}

} // namespace

std::error_code append_note::open(int directory, const std::string& name,
                                  mode_t mode) {
  file_.reset(::openat(directory, name.c_str(),
                       O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
                       mode));
  struct stat status {};
  if (!file_ || ::fstat(file_.get(), &status) != 0)
    return last_error();
  if (S_ISREG(status.st_mode))
    return {};
  file_.reset();
  return std::make_error_code(std::errc::invalid_argument);
}

bool append_note::is_needed(std::uint64_t offset, std::size_t size) {
  return offset % note_page + size > note_page;
}

std::error_code append_note::write(std::uint64_t offset,
                                   std::string_view text) {
  if (!file_)
    return {};
  // Write the text first: until the header follows, the old one doesn't match
  // it.
  if (auto error = write_all(file_.get(), text, note_page))
    return error;
  note_header header{offset, text.size()};
  auto error = write_all(
    file_.get(), {reinterpret_cast<const char*>(&header), sizeof(header)}, 0);
  if (size_ > kept_text && text.size() <= kept_text)
    std::ignore
      = ::ftruncate(file_.get(), static_cast<off_t>(note_page + text.size()));
  size_ = text.size();
  return error;
}

std::optional<append_note::entry>
append_note::unfinished(std::uint64_t end) const {
  note_header header;
  struct stat status {};
  if (!file_ || ::fstat(file_.get(), &status) != 0
      || ::pread(file_.get(), &header, sizeof(header), 0) != sizeof(header)
      || header.offset > end || header.size <= end - header.offset
      || header.size > static_cast<std::uint64_t>(status.st_size))
    return {};
  entry found{header.offset, std::string(header.size, '\0')};
  auto count
    = ::pread(file_.get(), found.text.data(), found.text.size(), note_page);
  // After a crash of the machine the file may hold anything.
  if (count != static_cast<ssize_t>(found.text.size())
      || found.text.find('\0') != std::string::npos)
    return {};
  return found;
}

} // namespace container_agent::storage
