#include "test/simulation/log_ports.hpp"

#include <algorithm>

namespace container_agent::simulation {

// -- simulated_inlet ----------------------------------------------------------

void simulated_inlet::open(pipe& from) {
  cancel();
  from_ = &from;
  from.on_data([this, &from] {
    if (from_ == &from)
      wake();
  });
}

void simulated_inlet::move(handler on_result) {
  run_.faults.at_port("read");
  if (handler_ && life_.alive())
    run_.violate("a move is begun while another one is under way");
  handler_ = std::move(on_result);
  wake();
}

void simulated_inlet::report_end(bool on) {
  reports_end_ = on;
  wake();
}

bool simulated_inlet::ready() const {
  return life_.alive() && handler_ && from_
         && (from_->available() > 0
             || (from_->at_end() && (reports_end_ || kind_ == kind::pipe)));
}

void simulated_inlet::wake() {
  if (!ready() || std::exchange(waking_, true))
    return;
  run_.calendar.soon([this] { deliver(); });
}

void simulated_inlet::deliver() {
  waking_ = false;
  if (!ready())
    return; // cancelled
  auto at_end = from_->at_end();
  result r;
  auto most = std::min({from_->available(), read_size, from_->longest()});
  auto count = at_end ? 0 : take(dice_.between(1, most));
  if (count < 0)
    r.error = std::make_error_code(std::errc::no_space_on_device);
  else
    r.moved = static_cast<std::size_t>(count);
  r.at_end = at_end;
  if (at_end && kind_ == kind::fifo) {
    from_->expect_writer();
    if (on_end)
      on_end();
  }
  std::exchange(handler_, nullptr)(r);
}

ssize_t simulated_inlet::take(std::size_t most) {
  return into_.take_from(from_->look(), most, [this](std::size_t size) {
    return from_->take(size);
  });
}

void simulated_inlet::take_rest() {
  while (from_->available() > 0 && take(from_->available()) > 0) {}
}

// -- simulated_source ---------------------------------------------------------

void simulated_source::open(pipe& from) {
  cancel();
  from_ = &from;
  from.on_data([this, &from] {
    if (from_ == &from)
      wake();
  });
}

void simulated_source::read(handler on_result) {
  run_.faults.at_port("read");
  handler_ = std::move(on_result);
  wake();
}

void simulated_source::wake() {
  if (!handler_ || (from_->available() == 0 && !from_->at_end())
      || std::exchange(waking_, true))
    return;
  run_.calendar.soon([this] { deliver(); });
}

void simulated_source::deliver() {
  waking_ = false;
  if (!handler_ || !life_.alive()
      || (from_->available() == 0 && !from_->at_end()))
    return;
  auto data = from_->take(dice_.between(1, read_size));
  std::exchange(handler_, nullptr)({data, data.empty(), {}});
}

// -- log_mover ----------------------------------------------------------------

void log_mover::open(pipe& to, std::uint64_t& position) {
  to_ = &to;
  position_ = &position;
  limit_ = position;
  closing_ = false;
  error_ = {};
  to.on_room([this, &to] {
    if (to_ == &to)
      pump_later();
  });
}

void log_mover::let_go(std::uint64_t limit) {
  if (to_ == nullptr || closing_ || error_)
    return;
  limit_ = std::max(limit_, limit);
  if (!waking_)
    pump();
}

void log_mover::close_when_gone() {
  closing_ = true;
  pump();
}

void log_mover::pump() {
  while (life_.alive() && move_once()) {}
  if (!life_.alive() || error_)
    return;
  if (closing_ && *position_ >= limit_)
    life_.call(
      [this] {
        to_->end();
        return true;
      },
      false);
}

// What the kernel does not take at once, it takes when the loop comes round.
bool log_mover::move_once() {
  step_over_struck();
  if (*position_ >= std::min(limit_, from_.end()))
    return false;
  if (to_->abandoned()) {
    error_ = std::make_error_code(std::errc::broken_pipe);
    tell();
    return false;
  }
  auto end = std::min(limit_, from_.end());
  end = std::min(end, *position_ < begun_to_ ? begun_to_
                                             : from_.next_struck(*position_));
  auto size
    = std::min<std::uint64_t>({end - *position_, to_->room(), to_->longest()});
  if (size == 0)
    return false;
  auto all = !dice_.one_in(4);
  if (!all)
    size = dice_.between(1, size);
  life_.call(
    [&] {
      auto from = *position_;
      to_->give(from_.text(from, from + size));
      *position_ += size;
      if (on_gone)
        on_gone(from, *position_);
      return true;
    },
    false);
  if (!all)
    pump_later();
  return all;
}

// Stays where a line has begun to go: the rest of it goes, too.
void log_mover::step_over_struck() {
  if (*position_ < begun_to_)
    return;
  auto behind = std::min(from_.behind_struck(*position_), from_.end());
  if (behind <= *position_ || *position_ >= limit_)
    return;
  if (from_.line_start_before(*position_) == *position_) {
    life_.call(
      [&] {
        *position_ = behind;
        return true;
      },
      false);
    return;
  }
  auto rest = from_.text(*position_, behind);
  begun_to_ = *position_ + std::min(rest.find('\n'), rest.size() - 1) + 1;
}

void log_mover::pump_later() {
  if (!life_.alive() || std::exchange(waking_, true))
    return;
  run_.calendar.soon([this] {
    waking_ = false;
    if (!life_.alive() || error_)
      return;
    auto before = *position_;
    pump();
    if (*position_ != before)
      tell();
  });
}

void log_mover::tell() {
  run_.calendar.soon([this] {
    if (life_.alive() && notify)
      notify();
  });
}

// -- simulated_host_outlet ----------------------------------------------------

simulated_host_outlet::simulated_host_outlet(run_context& run, lifeline& life,
                                             simulated_log& from)
  : simulated_outlet_of{run, life, from, "write to the host"}, life_{life} {}

void simulated_host_outlet::open(pipe& to, std::uint64_t& position,
                                 std::uint64_t& read_to, ranges& gone) {
  to_ = &to;
  mover.open(to, position);
  mover.on_gone
    = [this, &read_to, &gone](std::uint64_t from, std::uint64_t end) {
        gone.emplace_back(from, end);
        life_.call(
          [&] {
            read_to = this->read_to(gone);
            return true;
          },
          false);
      };
}

// Behind what is unread of the ranges that have gone.
std::uint64_t simulated_host_outlet::read_to(ranges& gone) {
  auto unread = to_->unread();
  auto at = mover.position();
  auto i = gone.rbegin();
  for (; i != gone.rend() && unread > 0; ++i) {
    auto size = std::min<std::uint64_t>(unread, i->second - i->first);
    at = i->second - size;
    unread -= size;
  }
  gone.erase(gone.begin(), i.base());
  return at;
}

// -- simulated_reply_outlet ---------------------------------------------------

void simulated_reply_outlet::let_go(std::uint64_t limit) {
  run_.faults.at_port("write to the host");
  limit_ = std::max(limit_, limit);
  if (on_reply)
    on_reply();
}

bool simulated_reply_outlet::read_reply(std::string& into) {
  auto end = next_end();
  if (end == std::string_view::npos)
    return false;
  into = waiting().substr(0, end);
  position_ += end + 1;
  ++done_;
  run_.calendar.soon([this] {
    if (notify_)
      notify_();
  });
  return true;
}

std::uint64_t simulated_reply_outlet::replies_known() const {
  auto text = waiting();
  return done_
         + static_cast<std::uint64_t>(
           std::count(text.begin(), text.end(), reply_end));
}

std::size_t simulated_reply_outlet::drop_reply() {
  std::string reply;
  read_reply(reply);
  return reply.size();
}

} // namespace container_agent::simulation
