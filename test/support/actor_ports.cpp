#include "test/support/actor_ports.hpp"

#include <algorithm>
#include <csignal>
#include <type_traits>
#include <utility>

namespace container_agent::test {

bool port_events::run_one() {
  if (events_.empty())
    return false;
  auto event = std::move(events_.front());
  events_.pop_front();
  event();
  return true;
}

// -- fake_source --------------------------------------------------------------

void fake_source::give(std::string_view data) {
  unread_ += data;
  if (kind_ == kind::fifo)
    ended_ = false; // whoever writes has it open
  wake();
}

void fake_source::end() {
  ended_ = true;
  wake();
}

void fake_source::fail(std::error_code error) {
  error_ = error;
  wake();
}

void fake_source::read(handler on_result) {
  if (throws > 0 && throws--)
    throw std::runtime_error{"no read"};
  handler_ = std::move(on_result);
  wake();
}

void fake_source::report_end(bool on) {
  reports_end_ = on;
  wake();
}

bool fake_source::ready() const {
  return handler_
         && (!unread_.empty() || error_
             || (ended_ && (reports_end_ || kind_ == kind::pipe)));
}

void fake_source::wake() {
  if (ready())
    events_.post([this] { deliver(); });
}

void fake_source::deliver() {
  if (!ready())
    return; // cancelled, or delivered by an earlier event
  auto data = unread_.substr(0, read_size);
  unread_.erase(0, data.size());
  result r;
  r.data = data;
  if (position_) {
    r.origin = *position_;
    *position_ += data.size();
  }
  if (data.empty() && error_)
    r.error = std::exchange(error_, {});
  else if (data.empty())
    r.at_end = kind_ == kind::pipe || std::exchange(ended_, false);
  std::exchange(handler_, nullptr)(r);
}

// -- fake_host_sink -----------------------------------------------------------

void fake_host_sink::read_reply() {
  if (ends_.empty())
    return;
  auto size = ends_.front();
  ends_.pop_front();
  replies_.push_back(waiting_.substr(0, size));
  written_ += replies_.back();
  waiting_.erase(0, size);
  for (auto& end : ends_)
    end -= size;
  reply_begin_ = written_.size();
  ++done_;
  if (waiting_.empty())
    drained();
}

void fake_host_sink::end_reply() {
  if (holding_)
    return ends_.push_back(waiting_.size());
  replies_.push_back(written_.substr(reply_begin_));
  reply_begin_ = written_.size();
  ++done_;
}

std::size_t fake_host_sink::drop_reply() {
  if (ends_.empty())
    return 0;
  auto size = ends_.front();
  ends_.pop_front();
  waiting_.erase(0, size);
  for (auto& end : ends_)
    end -= size;
  ++done_;
  if (waiting_.empty())
    drained();
  return size;
}

// -- fake_child ---------------------------------------------------------------

child_process::launch_result fake_child::launch(const child_command& command) {
  if (launch_error)
    return {0, std::exchange(launch_error, {}), std::exchange(launch_what, {})};
  if (waits) {
    launch_result result;
    result.waiting = true;
    return result;
  }
  launches.push_back(command);
  ends_.push_back(std::make_unique<ends>(events_));
  signals.clear();
  running_ = true;
  status_ = {};
  launch_result result{pid(), {}, {}};
  result.attached = result.midstream = attaches;
  return result;
}

void fake_child::appear() {
  waits = false;
  attaches = true;
  events_.post([this] {
    if (appeared_)
      appeared_();
  });
}

std::int32_t fake_child::pid() const {
  return launches.empty()
           ? 0
           : first_pid + static_cast<std::int32_t>(launches.size());
}

std::error_code fake_child::signal_group(int signal) {
  signals.push_back(signal);
  if (signal == SIGKILL && !outlives_kill)
    die(SIGKILL);
  return {};
}

void fake_child::end(child_exit status) {
  if (!running_)
    return;
  running_ = false;
  status_ = status;
  if (!output_stays_open)
    current().output.end();
  current().errors.end();
  events_.post([this] {
    if (notify_)
      notify_();
  });
}

} // namespace container_agent::test
