#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>
#include <utility>

namespace container_agent::test {

/// A small disk (a tmpfs) in a mount namespace of this process's
/// own, which programs that it starts share. Only root can have one.
class small_disk {
public:
  /// Mounted at `path`, which is made if missing.
  explicit small_disk(std::filesystem::path path,
                      const std::string& size = "4m")
    : path_{std::move(path)} {
    std::filesystem::create_directories(path_);
    auto options = "mode=0700,size=" + size;
    mounted_
      = ::unshare(CLONE_NEWNS) == 0
        && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0
        && ::mount("tmpfs", path_.c_str(), "tmpfs", 0, options.c_str()) == 0;
  }
  small_disk(small_disk&&) = delete;
  ~small_disk() {
    if (mounted_)
      ::umount2(path_.c_str(), MNT_DETACH);
  }

  explicit operator bool() const { return mounted_; }
  /// Leaves no room at all.
  void fill() const {
    auto file = ::open(filler().c_str(),
                       O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    std::array<char, 4096> block{};
    for (auto size : {block.size(), std::size_t{1}})
      while (::write(file, block.data(), size) > 0) {}
    ::close(file);
  }

  void make_room() const { std::filesystem::remove(filler()); }

private:
  [[nodiscard]] std::filesystem::path filler() const { return path_ / "fill"; }

  std::filesystem::path path_;
  bool mounted_ = false;
};

} // namespace container_agent::test
