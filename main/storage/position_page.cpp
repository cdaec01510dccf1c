#include "main/storage/position_page.hpp"

#include "main/storage/log.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <system_error>
#include <utility>

namespace container_agent::storage {

namespace {

constexpr std::size_t page_size = 4096;
constexpr std::uint64_t magic = 0x7367'6f6c'7461'6721; // "!gatlogs"
constexpr std::uint64_t version = 1;

// One store changes both the offset and whether it is known.
constexpr std::uint64_t known_bit = 1;

} // namespace

struct position_page::page {
  std::uint64_t kind = magic;
  std::uint64_t layout = version;
  std::array<std::uint64_t, page_size / sizeof(std::uint64_t) - 2> slots{};
};

position_page::position_page(const std::string& path) {
  static_assert(sizeof(page) == page_size);
  if (path.empty()) {
    page_ = new page;
    return;
  }
  auto fail = [&path](const std::string& what) {
    throw log_error{"cannot " + what + ' ' + path + ": "
                    + runtime::last_error().message()};
  };
  runtime::unique_fd file{
    ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
           0600)};
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0)
    fail("open");
  if (!S_ISREG(status.st_mode))
    throw log_error{path + " is no regular file: move it away"};
  page found;
  auto size = ::pread(file.get(), &found, page_size, 0);
  if (size < 0)
    fail("read");
  if (size != page_size || found.kind != magic || found.layout != version) {
    // Write the page instead of only extending the file: a store into a mapped
    // page for which the disk has no room would end the process.
    found = {};
    if (::pwrite(file.get(), &found, page_size, 0) != page_size)
      fail("write");
  }
  auto* memory = ::mmap(nullptr, page_size, PROT_READ | PROT_WRITE, MAP_SHARED,
                        file.get(), 0);
  if (memory != MAP_FAILED) {
    page_ = static_cast<page*>(memory);
    mapped_ = true;
    return;
  }
  page_ = new page{found};
  file_ = std::move(file);
}

position_page::~position_page() {
  if (mapped_)
    ::munmap(page_, page_size);
  else
    delete page_;
}

bool position_page::known(reader who) const {
  return (page_->slots[static_cast<std::size_t>(who)] & known_bit) != 0;
}

std::uint64_t position_page::get(reader who) const {
  return page_->slots[static_cast<std::size_t>(who)] >> 1;
}

void position_page::set(reader who, std::uint64_t offset) {
  auto& slot = page_->slots[static_cast<std::size_t>(who)];
  std::atomic_ref{slot}.store(offset << 1 | known_bit,
                              std::memory_order_relaxed);
  if (!file_)
    return;
  auto* first = reinterpret_cast<const char*>(page_);
  auto* at = reinterpret_cast<const char*>(&slot);
  if (::pwrite(file_.get(), &slot, sizeof(slot), at - first) < 0)
    throw std::system_error{runtime::last_error(), "a reader's place"};
}

} // namespace container_agent::storage
