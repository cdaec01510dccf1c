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
  wake();
}

void fake_source::end() {
  ended_ = true;
  wake();
}

void fake_source::read(handler on_result) {
  handler_ = std::move(on_result);
  wake();
}

void fake_source::wake() {
  if (handler_ && (!unread_.empty() || ended_))
    events_.post([this] { deliver(); });
}

void fake_source::deliver() {
  if (!handler_ || (unread_.empty() && !ended_))
    return; // cancelled, or delivered by an earlier event
  auto data = unread_.substr(0, read_size);
  unread_.erase(0, data.size());
  std::exchange(handler_, nullptr)({data, data.empty(), {}});
}

// -- fake_inlet ---------------------------------------------------------------

void fake_inlet::give(std::string_view data) {
  unread_ += data;
  if (kind_ == kind::fifo)
    ended_ = false; // whoever writes has it open
  wake();
}

void fake_inlet::end() {
  ended_ = true;
  wake();
}

void fake_inlet::fail(std::error_code error) {
  error_ = error;
  wake();
}

void fake_inlet::move(handler on_result) {
  if (throws > 0 && throws--)
    throw std::runtime_error{"no move"};
  handler_ = std::move(on_result);
  wake();
}

void fake_inlet::report_end(bool on) {
  reports_end_ = on;
  wake();
}

bool fake_inlet::ready() const {
  return handler_
         && (!unread_.empty() || error_
             || (ended_ && (reports_end_ || kind_ == kind::pipe)));
}

void fake_inlet::wake() {
  if (ready())
    events_.post([this] { deliver(); });
}

void fake_inlet::deliver() {
  if (!ready())
    return; // cancelled, or delivered by an earlier event
  result r;
  if (!log_.full.empty()) {
    r.error = std::make_error_code(std::errc::no_space_on_device);
  } else {
    auto data = unread_.substr(0, read_size);
    unread_.erase(0, data.size());
    log_.put(data);
    r.moved = data.size();
    if (data.empty() && error_)
      r.error = std::exchange(error_, {});
    else if (data.empty())
      r.at_end = kind_ == kind::pipe || std::exchange(ended_, false);
  }
  std::exchange(handler_, nullptr)(r);
}

// -- fake_host_outlet ---------------------------------------------------------

void fake_host_outlet::let_go(std::uint64_t limit) {
  auto before = position_;
  fake_outlet_of::let_go(limit);
  auto gone = log_.shown(before, position_);
  done_ += static_cast<std::uint64_t>(
    std::count(gone.begin(), gone.end(), reply_end));
}

std::uint64_t fake_host_outlet::replies_known() const {
  auto waiting = log_.shown(position_, limit_);
  return done_
         + static_cast<std::uint64_t>(
           std::count(waiting.begin(), waiting.end(), reply_end));
}

void fake_host_outlet::read_reply() {
  auto waiting = log_.shown(position_, limit_);
  auto end = waiting.find(reply_end);
  if (end == std::string::npos)
    return;
  replies_.push_back(waiting.substr(0, end));
  written_ += replies_.back();
  position_ += end + 1;
  ++done_;
  moved();
}

std::size_t fake_host_outlet::drop_reply() {
  auto waiting = log_.shown(position_, limit_);
  auto end = waiting.find(reply_end);
  if (end == std::string::npos)
    return 0;
  position_ += end + 1;
  ++done_;
  moved();
  return end;
}

// -- fake_child ---------------------------------------------------------------

child_process::launch_result fake_child::launch(const child_command& command,
                                                std::uint64_t input_from) {
  if (launch_error)
    return {0, std::exchange(launch_error, {}), std::exchange(launch_what, {})};
  if (waits) {
    launch_result result;
    result.waiting = true;
    return result;
  }
  launches.push_back(command);
  ends_.push_back(std::make_unique<ends>(
    events_, input_log_, stands_at.value_or(input_from), output_log_));
  signals.clear();
  running_ = true;
  status_ = {};
  launch_result result{pid(), {}, {}};
  result.attached = result.midstream = attaches;
  result.input_from = began_at.value_or(input_from);
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
