#include "main/loop/file_watch.hpp"

#include "main/loop/stream_descriptor.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <list>
#include <map>
#include <utility>
#include <vector>

namespace container_agent::runtime {

namespace {

// Entries that come and go, and changes of the directory itself.
constexpr std::uint32_t directory_mask = IN_CREATE | IN_DELETE | IN_MOVED_FROM
                                         | IN_MOVED_TO | IN_DELETE_SELF
                                         | IN_MOVE_SELF | IN_ONLYDIR;

// After these the watch is useless.
constexpr std::uint32_t gone_mask
  = IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT;

// Room for dozens of events a read, and for at least one with the longest name.
constexpr std::size_t event_buffer_size = 4096;

constexpr int none = -1;

struct event {
  int watch;
  std::uint32_t mask;
  std::string name;
};

std::string name_in_directory(const std::string& path) {
  auto end = path.find_last_not_of('/');
  auto begin = path.rfind('/', end) + 1; // npos + 1 is 0
  return path.substr(begin, end + 1 - begin);
}

} // namespace

struct file_watch::state : std::enable_shared_from_this<state> {
  struct watched_path {
    std::string directory;
    std::string name;
    std::string beside; // a second name to watch; empty: none
    notification on_change;
    int watch = none;        // of the directory, or the nearest one above
    bool is_nearest = false; // the latter
    bool posted = false;
    bool ended = false;
  };

  struct watched_fifo {
    fifo_handler on_event;
    fifo_events batch; // being handled
  };

  event_loop& loop;
  event_log& log;
  stream_descriptor inotify;
  std::error_code failure;
  std::list<std::shared_ptr<watched_path>> paths;
  std::map<int, std::shared_ptr<watched_fifo>> fifos;
  bool complained = false;

  state(event_loop& l, event_log& g) : loop{l}, log{g}, inotify{l.io()} {}

  void open() {
    boost::system::error_code error;
    auto number = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (number < 0) {
      failure = {errno, std::generic_category()};
    } else {
      inotify.assign(number, error);
      failure = error;
      if (failure)
        ::close(number);
    }
    if (failure)
      complain("inotify", failure.message());
  }

  void complain(std::string_view path, std::string_view why) {
    if (!std::exchange(complained, true))
      log.write(log_level::warn, "supervisor", "fifo_watch_failed",
                {{"path", path},
                 {"error", why},
                 {"effect", "replaced FIFOs are not noticed"}});
  }

  void wait() {
    if (failure)
      return;
    inotify.async_wait(stream_descriptor::wait_read,
                       [self = shared_from_this()](auto error) {
                         if (!self->inotify.is_open())
                           return;
                         if (error) {
                           self->failure = error;
                           self->complain("inotify", error.message());
                           return;
                         }
                         self->collect();
                         self->wait();
                       });
  }

  // -- events -----------------------------------------------------------------

  void collect() {
    std::vector<event> events;
    while (!failure && read_into(events)) {}
    // Keeps shared pointers, because a handler may begin and end watches.
    std::vector<std::shared_ptr<watched_fifo>> touched;
    for (const auto& e : events)
      sort_in(e, touched);
    for (const auto& fifo : touched)
      // A copy, because the handler may end its own watch.
      if (auto batch = std::exchange(fifo->batch, {});
          auto call = fifo->on_event)
        call(batch);
  }

  bool read_into(std::vector<event>& events) {
    alignas(inotify_event) std::array<char, event_buffer_size> buffer;
    auto size = ::read(inotify.native_handle(), buffer.data(), buffer.size());
    if (size < 0)
      return errno == EINTR;
    for (ssize_t i = 0; i < size;) {
      inotify_event head;
      std::memcpy(&head, buffer.data() + i, sizeof(head));
      i += static_cast<ssize_t>(sizeof(head));
      // The name is padded with zeros.
      events.push_back(
        {head.wd, head.mask,
         head.len == 0 ? std::string{} : std::string{buffer.data() + i}});
      i += head.len;
    }
    return size > 0;
  }

  void sort_in(const event& e,
               std::vector<std::shared_ptr<watched_fifo>>& touched) {
    auto touch = [&](const std::shared_ptr<watched_fifo>& fifo) {
      if (fifo->batch.last == 0)
        touched.push_back(fifo);
      fifo->batch.last = e.mask;
      fifo->batch.all |= e.mask;
      fifo->batch.since_read
        = (e.mask & IN_ACCESS) != 0 ? 0 : fifo->batch.since_read | e.mask;
    };
    if ((e.mask & IN_Q_OVERFLOW) != 0) {
      for (auto& path : paths)
        changed(path);
      for (auto& [_, fifo] : fifos)
        touch(fifo);
      return;
    }
    if (auto i = fifos.find(e.watch); i != fifos.end()) {
      if ((e.mask & IN_IGNORED) == 0)
        touch(i->second);
      else
        fifos.erase(i);
    }
    for (auto& path : paths) {
      if (path->watch != e.watch)
        continue;
      if ((e.mask & gone_mask) != 0)
        leave(*path);
      else if (!path->is_nearest && e.name != path->name
               && (path->beside.empty() || e.name != path->beside))
        continue;
      changed(path);
    }
  }

  void changed(const std::shared_ptr<watched_path>& path) {
    if (std::exchange(path->posted, true))
      return;
    loop.post([self = shared_from_this(), path] {
      path->posted = false;
      self->look(path);
    });
  }

  void look(const std::shared_ptr<watched_path>& path) {
    if (path->ended)
      return;
    path->on_change(); // may make the directory again
    // Changes before the watch began have gone unnoticed, so try again.
    while (!path->ended && (path->watch == none || path->is_nearest)
           && enter(*path))
      path->on_change();
  }

  // -- watches ----------------------------------------------------------------

  // Watches the path's directory, or else the nearest existing one above it.
  // Returns whether that is another one than before.
  bool enter(watched_path& path) {
    auto before = path.watch;
    auto directory = path.directory;
    for (;;) {
      auto watch = ::inotify_add_watch(inotify.native_handle(),
                                       directory.c_str(), directory_mask);
      if (watch >= 0) {
        path.watch = watch;
        path.is_nearest = directory != path.directory;
        if (before != none && before != watch)
          forget(before);
        return before != watch;
      }
      auto above = directory_of(directory);
      if ((errno != ENOENT && errno != ENOTDIR) || above == directory) {
        complain(directory, std::strerror(errno));
        leave(path);
        return false;
      }
      directory = above;
    }
  }

  void leave(watched_path& path) {
    if (path.watch != none)
      forget(std::exchange(path.watch, none));
  }

  // Removes a watch, unless another path in the same directory uses it.
  void forget(int watch) {
    auto used = std::any_of(paths.begin(), paths.end(),
                            [&](auto& path) { return path->watch == watch; });
    if (!used && !fifos.contains(watch) && inotify.is_open())
      ::inotify_rm_watch(inotify.native_handle(), watch);
  }

  void end(const std::shared_ptr<watched_path>& path) {
    path->ended = true;
    paths.remove(path);
    leave(*path);
  }

  void end(int watch, const std::shared_ptr<watched_fifo>& fifo) {
    fifo->on_event = nullptr;
    auto i = fifos.find(watch);
    if (i == fifos.end() || i->second != fifo)
      return;
    fifos.erase(i);
    forget(watch);
  }

  void close() {
    close_quietly(inotify);
    failure = std::make_error_code(std::errc::bad_file_descriptor);
    paths.clear();
    fifos.clear();
  }
};

file_watch::file_watch(event_loop& loop, event_log& log)
  : state_{std::make_shared<state>(loop, log)} {
  state_->open();
  state_->wait();
}

file_watch::~file_watch() {
  state_->close();
}

file_watch::subscription file_watch::watch_path(const std::string& path,
                                                notification on_change,
                                                const std::string& beside) {
  if (state_->failure)
    return {};
  auto watched = std::make_shared<state::watched_path>();
  watched->directory = directory_of(path);
  watched->name = name_in_directory(path);
  if (!beside.empty())
    watched->beside = name_in_directory(beside);
  watched->on_change = std::move(on_change);
  state_->paths.push_back(watched);
  state_->enter(*watched);
  return subscription{[weak = std::weak_ptr{state_}, watched] {
    if (auto self = weak.lock())
      self->end(watched);
  }};
}

file_watch::subscription file_watch::watch_fifo(const std::string& name,
                                                std::uint32_t mask,
                                                fifo_handler on_event) {
  if (state_->failure) {
    errno = state_->failure.value();
    return {};
  }
  auto watch
    = ::inotify_add_watch(state_->inotify.native_handle(), name.c_str(), mask);
  if (watch < 0)
    return {};
  auto watched = std::make_shared<state::watched_fifo>();
  watched->on_event = std::move(on_event);
  state_->fifos[watch] = watched;
  return subscription{[weak = std::weak_ptr{state_}, watch, watched] {
    if (auto self = weak.lock())
      self->end(watch, watched);
  }};
}

void file_watch::collect() {
  state_->collect();
}

std::error_code file_watch::error() const {
  return state_->failure;
}

std::string directory_of(const std::string& path) {
  auto end = path.find_last_not_of('/');
  if (end == std::string::npos)
    return path.empty() ? "." : "/";
  auto slash = path.rfind('/', end);
  if (slash == std::string::npos)
    return ".";
  end = path.find_last_not_of('/', slash);
  return end == std::string::npos ? "/" : path.substr(0, end + 1);
}

} // namespace container_agent::runtime
