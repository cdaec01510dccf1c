#include "main/loop/scheduler_clock.hpp"

#include "main/trace/record/tracer.hpp"

#include <utility>

namespace container_agent::runtime {

scheduler_clock::scheduler_clock(event_loop& loop) : timer_{loop.io()} {}

scheduler_clock::time_point scheduler_clock::now() const noexcept {
  return time_.at(clock_type::now(), armed_for_);
}

void scheduler_clock::set_ordinary_timeout(time_point due,
                                           caf::abstract_actor* self,
                                           caf::atom_value type,
                                           std::uint64_t id) {
  base::set_ordinary_timeout(due, self, type, id);
  arm();
}

void scheduler_clock::set_multi_timeout(time_point due,
                                        caf::abstract_actor* self,
                                        caf::atom_value type,
                                        std::uint64_t id) {
  base::set_multi_timeout(due, self, type, id);
  arm();
}

void scheduler_clock::set_request_timeout(time_point due,
                                          caf::abstract_actor* self,
                                          caf::message_id id) {
  base::set_request_timeout(due, self, id);
  arm();
}

void scheduler_clock::schedule_message(time_point due,
                                       caf::strong_actor_ptr receiver,
                                       caf::mailbox_element_ptr content) {
  if (events_ != nullptr)
    events_->timer_set(*receiver.get(), *content, due - now());
  base::schedule_message(due, std::move(receiver), std::move(content));
  arm();
}

void scheduler_clock::schedule_message(time_point due, caf::group target,
                                       caf::strong_actor_ptr sender,
                                       caf::message content) {
  base::schedule_message(due, std::move(target), std::move(sender),
                         std::move(content));
  arm();
}

void scheduler_clock::cancel_all() {
  base::cancel_all();
  armed_for_ = time_point::max();
  timer_.cancel();
}

void scheduler_clock::arm() {
  if (schedule_.empty())
    return;
  auto due = schedule_.begin()->first;
  if (due >= armed_for_)
    return;
  armed_for_ = due;
  timer_.expires_at(time_.real(due)); // cancels the wait for a later time
  timer_.async_wait([this](boost::system::error_code error) {
    if (!error)
      wake();
  });
}

void scheduler_clock::wake() {
  if (now() >= armed_for_)
    time_.woken();
  armed_for_ = time_point::max();
  if (auto gap = time_.take_untold(); gap.count() > 0 && on_stood_still_)
    on_stood_still_(std::chrono::duration_cast<std::chrono::milliseconds>(gap));
  trigger_expired_timeouts();
  arm();
}

} // namespace container_agent::runtime
