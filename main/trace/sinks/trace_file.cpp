#include "main/trace/sinks/trace_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace container_agent {

namespace {

// A write of this size costs little for each event (some 50 of them), and takes
// less time than Claude and the host leave between two turns.
constexpr std::size_t block_size = 16 * 1024;

// What an agent that is busy all the time lets come together first.
constexpr std::size_t busy_block_size = 64 * 1024;

// Events that wait to become lines. Spelled one by one, each would cost twice
// what it costs among others.
constexpr std::size_t enough_taken = 64;

// They don't wait longer, be the agent idle or not.
constexpr std::size_t most_taken = 256;

std::string numbered(const std::string& path, std::uint64_t number) {
  return path + '.' + std::to_string(number);
}

} // namespace

trace_file::trace_file(config settings, runtime::tracer& events,
                       runtime::event_loop& loop, event_log& log)
  : config_{std::move(settings)},
    events_{events},
    loop_{loop},
    log_{log},
    timer_{loop.io()} {
  events_taken_.reserve(most_taken);
  if (auto error = writer_.open(config_.path))
    throw std::runtime_error{"--trace-file: " + config_.path
                             + " can't be written: "
                             + std::generic_category().message(error)
                             + ". Name another one, or leave the option out."};
  begin();
  events_.add(*this);
}

trace_file::~trace_file() {
  events_.remove(*this);
  flush();
}

// A file that is appended to gets a header for what follows.
void trace_file::begin() {
  struct stat status {};
  regular_
    = ::stat(config_.path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
  size_ = regular_ ? static_cast<std::uint64_t>(status.st_size) : 0;
  runtime::append_header(buffer_, events_.header(), "file");
  schedule();
}

void trace_file::write(const runtime::trace_event& event) {
  events_taken_.push_back(event);
  if (events_taken_.size() == most_taken)
    spell();
  if (buffer_.size() >= busy_block_size)
    flush();
  else
    schedule();
}

void trace_file::spell() {
  for (const auto& event : events_taken_)
    runtime::append_event(buffer_, event);
  buffered_ += events_taken_.size();
  events_taken_.clear();
}

void trace_file::schedule() {
  if (std::exchange(*scheduled_, true))
    return;
  loop_.when_idle([this, alive = std::weak_ptr<bool>{scheduled_}] {
    if (alive.expired())
      return;
    *scheduled_ = false;
    if (events_taken_.size() >= enough_taken)
      spell();
    if (buffer_.size() >= block_size)
      return flush();
    if (std::exchange(timed_, true))
      return;
    timer_.expires_after(longest_wait);
    timer_.async_wait([this](boost::system::error_code error) {
      if (error)
        return; // this may be gone
      timed_ = false;
      flush();
    });
  });
}

void trace_file::flush() {
  spell();
  if (buffer_.empty())
    return;
  std::uint64_t told = 0;
  if (untold_ > 0 && writer_.ready()) {
    std::string line;
    told = std::exchange(untold_, 0);
    runtime::append_dropped(line, events_.now(), told);
    buffer_.insert(0, line);
  }
  if (regular_ && size_ > 0 && size_ + buffer_.size() > config_.max_size)
    rotate();
  if (writer_.write(buffer_)) {
    size_ += buffer_.size();
  } else {
    dropped_ += buffered_;
    events_.note_dropped(buffered_);
    untold_ += told + buffered_;
    if (!std::exchange(told_, true))
      log_.write(log_level::warn, "agent", "trace_events_dropped",
                 {{"path", config_.path},
                  {"reason", "the file does not take them fast enough"}});
  }
  buffer_.clear();
  buffered_ = 0;
}

void trace_file::rotate() {
  auto move = [&](const std::string& from, const std::string& to) {
    if (std::rename(from.c_str(), to.c_str()) == 0 || errno == ENOENT)
      return true;
    auto error = std::generic_category().message(errno);
    if (!std::exchange(rotation_failed_, true))
      log_.write(log_level::warn, "agent", "trace_not_rotated",
                 {{"path", from},
                  {"error", error},
                  {"effect", "each file replaces the one before"}});
    return false;
  };
  auto moved = true;
  for (auto n = config_.files; moved && n > 1; --n)
    moved = move(numbered(config_.path, n - 1), numbered(config_.path, n));
  if (moved && config_.files > 0)
    moved = move(config_.path, numbered(config_.path, 1));
  // The limit holds, whatever becomes of the files.
  if ((!moved || config_.files == 0)
      && ::truncate(config_.path.c_str(), 0) != 0)
    return; // it may be another one by now; the next write tells
  if (auto error = writer_.open(config_.path))
    log_.write(log_level::error, "agent", "trace_not_reopened",
               {{"path", config_.path},
                {"error", std::generic_category().message(error)}});
  size_ = 0;
  std::string header;
  runtime::append_header(header, events_.header(), "file");
  buffer_.insert(0, header);
}

} // namespace container_agent
