#pragma once

#include "main/runtime/fd.hpp"

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <system_error>
#include <utility>

namespace container_agent::runtime {

/// The host's input on its way, where it must not be lost with the agent
/// (`--keep-claude`): splice(2) moves it from the FIFO into a file, and it is
/// read from there. What the agent has read and not dealt with when it is
/// killed, the next one reads again.
class input_spool {
public:
  /// Opens the file, made if missing; the bytes before `dealt_with` are of no
  /// more use. If none are left, the file begins anew: see `begins_anew`.
  std::error_code open(const std::string& path, std::uint64_t dealt_with);

  /// Nothing was left: positions count from 0 again.
  bool begins_anew() const { return begins_anew_; }

  /// Whether it holds bytes that were not read from it.
  bool holds_unread() const { return unread() > 0; }
  std::uint64_t unread() const { return end_ - next_; }

  /// Where the next byte read will stand.
  std::uint64_t position() const { return next_; }

  /// As read(2) of the FIFO, non-blocking. What the file has no room for stays
  /// in the FIFO.
  ssize_t read(int fifo, std::span<char> buffer);

  /// What has to succeed before anything is read: no prompt may be taken that
  /// could not be noted. Called at each read.
  void before_read(std::function<std::error_code()> call) {
    before_read_ = std::move(call);
  }

  /// Why the last read has failed, or the next one would; empty if neither.
  std::string trouble() const;

  /// For the end of the agent: moves what the FIFO holds into the file, for the
  /// next one. Of one that is filled all the time, at most about `max_rest`.
  std::error_code take_rest(int fifo);

  /// 16 MiB: a host that writes as fast as it is read must not hold the end up.
  static constexpr std::size_t max_rest = 16 * 1024 * 1024;

  /// The bytes before `position` were dealt with: gives their room back.
  void release(std::uint64_t position);

  /// Room is given back in pieces of this size.
  static constexpr std::uint64_t release_step = 1024 * 1024;

private:
  ssize_t move(int fifo, std::size_t size);

  ssize_t read_on(int fifo, std::span<char> buffer);

  unique_fd file_;
  std::string path_;
  std::function<std::error_code()> before_read_;
  std::error_code trouble_;
  std::uint64_t released_ = 0;
  std::uint64_t next_ = 0;
  std::uint64_t end_ = 0;
  bool begins_anew_ = false;
};

} // namespace container_agent::runtime
