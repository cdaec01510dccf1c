#include "main/app/state.hpp"

#include "main/fifo/fifo_path.hpp"
#include "main/fifo/host_cursor.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace container_agent {

namespace {

using storage::log_error;

// A segment in memory is freed once it was read, so it is small.
constexpr std::uint64_t small_segment = 256 * 1024;

std::string reason() {
  return std::generic_category().message(errno);
}

bool shows_text(const options& o) {
  return !o.claude.is_raw()
         && (o.output.open_for_each_reply
             || o.output.format == options::output_format::text);
}

storage::log::settings settings_of(const state_place& place, std::string name,
                                   bool lines, event_log& log) {
  storage::log::settings result;
  result.directory = place.directory();
  result.name = std::move(name);
  result.lines = lines;
  // The FIFO's content, and the line that a reader has left, may be written
  // again.
  result.keep = runtime::host_cursor::kept_before;
  if (result.directory.empty())
    result.segment = small_segment;
  result.tell = [&log](const std::string& what) {
    log.write(log_level::warn, "agent", "state_limited", {{"reason", what}});
  };
  return result;
}

storage::log::settings events_of(const state_place& place, const options& o,
                                 event_log& log) {
  auto result = settings_of(place, "events", !o.claude.is_raw(), log);
  if (!result.directory.empty())
    result.keep = std::max(result.keep, o.state.keep_events);
  return result;
}

std::string usable_directory(const options& o) {
  return o.claude.is_raw() ? std::string{} : o.state.directory;
}

} // namespace

// -- state_place
// ----------------------------------------------------------------

state_place::state_place(std::string directory, mode_t pipe_mode)
  : directory_{std::move(directory)} {
  if (directory_.empty())
    return;
  make_directory(pipe_mode);
  lock_.emplace(directory_ + "/agent");
  if (auto holder = lock_->hold(0600); !holder.empty())
    throw storage::log_in_use{
      directory_ + ": " + holder
      + ". Stop that one, or give this one another --instance or "
        "--state-dir."};
  if (!lock_->fault().empty())
    throw log_error{"cannot lock " + lock_->path() + ": " + lock_->fault()
                    + ". Choose another directory: --state-dir."};
}

void state_place::make_directory(mode_t pipe_mode) const {
  runtime::make_directory_of(directory_, pipe_mode);
  if (::mkdir(directory_.c_str(), 0700) != 0 && errno != EEXIST)
    throw log_error{"cannot make the directory " + directory_ + ": " + reason()
                    + ". Make it, or choose another: --state-dir DIR. "
                      "--state-dir none keeps nothing."};
  struct stat found {};
  if (::lstat(directory_.c_str(), &found) != 0 || !S_ISDIR(found.st_mode))
    throw log_error{directory_
                    + " is no directory. Move it away, or choose another: "
                      "--state-dir."};
  // A user who can write there could talk to Claude.
  if (found.st_uid != ::geteuid() || (found.st_mode & 022) != 0)
    throw log_error{
      directory_
      + " must be this user's own, and nobody else's to write to. Correct its "
        "owner and mode (0700), or choose another: --state-dir."};
}

void state_place::guard_lock(runtime::file_watch& watch, event_log& log) {
  if (!lock_)
    return;
  watched_ = watch.watch_path(lock_->path(), [this, &log] {
    if (auto holder = lock_->hold(0600); !holder.empty())
      log.write(log_level::error, "agent", "state_shared",
                {{"path", directory_}, {"reason", holder}});
  });
}

// -- agent_state
// ----------------------------------------------------------------

agent_state::agent_state(const options& o, event_log& log)
  : place_{usable_directory(o), o.pipes.permissions},
    positions_{place_.path("positions")},
    input_{settings_of(place_, "input", !o.claude.is_raw(), log)},
    to_child_{o.claude.is_raw() ? nullptr
                                : std::make_unique<storage::log>(settings_of(
                                  place_, "claude_input", true, log))},
    events_{events_of(place_, o, log)},
    replies_{shows_text(o) ? std::make_unique<storage::log>(
               settings_of(place_, "replies", false, log))
                           : nullptr} {
  if (!o.state.fresh)
    return;
  input_.set_aside();
  events_.set_aside();
  if (to_child_)
    to_child_->set_aside();
  if (replies_)
    replies_->set_aside();
}

conversation_logs agent_state::lent() {
  return {
    input_,
    to_child(),
    events_,
    replies_.get(),
    [this](std::uint64_t offset) { positions_.set(reader::input, offset); },
    [this](std::uint64_t offset) {
      positions_.set(reader::checkpoint, offset);
    }};
}

std::uint64_t agent_state::position(reader who, const storage::log& of) const {
  auto known = positions_.known(who) ? positions_.get(who) : of.begin();
  return std::clamp(known, of.begin(), of.end());
}

} // namespace container_agent
