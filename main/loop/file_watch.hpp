#pragma once

#include "actors/core/ports.hpp"
#include "main/loop/event_loop.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

namespace container_agent::runtime {

/// Reports changes around FIFOs, by one inotify(7) descriptor for all: that a
/// path may lead to something else now, and that a FIFO was opened or closed.
/// Reads and writes wake nobody up.
///
/// Directories may be removed, moved and made again: until the path's own is
/// back, the nearest existing one above it is watched. A move or mount above
/// that one goes unnoticed.
class file_watch {
public:
  /// If inotify can't be had (each user has a limited number of instances,
  /// shared by all containers), that is logged, and `error` returns why.
  file_watch(event_loop& loop, event_log& log);
  file_watch(const file_watch&) = delete;
  file_watch& operator=(const file_watch&) = delete;
  ~file_watch();

  /// Ends its watch in its destructor. May outlive the `file_watch`.
  class subscription {
  public:
    subscription() = default;
    explicit subscription(std::function<void()> end) : end_{std::move(end)} {}
    subscription(subscription&& other) noexcept
      : end_{std::exchange(other.end_, nullptr)} {}
    subscription& operator=(subscription&& other) noexcept {
      if (this != &other) {
        reset();
        end_ = std::exchange(other.end_, nullptr);
      }
      return *this;
    }
    ~subscription() { reset(); }

    explicit operator bool() const { return static_cast<bool>(end_); }

    void reset() {
      if (auto end = std::exchange(end_, nullptr))
        end();
    }

  private:
    std::function<void()> end_;
  };

  /// Calls `on_change`, from the loop, whenever `path` may lead to something
  /// else. The handler checks that itself, and may make the path again. If the
  /// path can't be watched, that is logged once. `beside`: another path in the
  /// same directory, such as a lock's, whose changes count as well.
  subscription watch_path(const std::string& path, notification on_change,
                          const std::string& beside = {});

  /// inotify(7) events that came together: the last one, all of them, and those
  /// after the last IN_ACCESS. Their number is unknown, as the kernel merges
  /// equal ones. IN_Q_OVERFLOW: some were lost.
  struct fifo_events {
    std::uint32_t last = 0;
    std::uint32_t all = 0;
    std::uint32_t since_read = 0;

    operator std::uint32_t() const { return last; }
  };

  using fifo_handler = std::function<void(const fifo_events&)>;

  /// Watches the FIFO that `name` leads to for events of `mask`. Calls the
  /// handler from the loop, or from within `collect`. On failure the
  /// subscription is empty and `errno` is set.
  subscription watch_fifo(const std::string& name, std::uint32_t mask,
                          fifo_handler on_event);

  /// Reads what has happened up to now without waiting for the loop. Handlers
  /// of FIFOs are called from here, those of paths later.
  void collect();

  std::error_code error() const;

private:
  struct state;
  std::shared_ptr<state> state_;
};

/// The directory that a path's last component is in.
std::string directory_of(const std::string& path);

} // namespace container_agent::runtime
