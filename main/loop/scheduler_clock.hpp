#pragma once

#include "main/loop/active_time.hpp"
#include "main/loop/event_loop.hpp"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/wait_traits.hpp>

#include <caf/detail/simple_actor_clock.hpp>

#include <chrono>
#include <cstddef>
#include <functional>

namespace container_agent::runtime {

class tracer;

/// CAF's clock on the loop: all delayed messages and timeouts of all actors
/// share one timer, which is set for the first that is due. If nothing is due,
/// no timer is set, and the process does not wake up.
///
/// It measures the time in which the process was able to act; see
/// `active_time`.
///
/// Cancelling leaves the timer set: at worst it fires once for nothing.
class scheduler_clock final : public caf::detail::simple_actor_clock {
public:
  explicit scheduler_clock(event_loop& loop);

  /// Is told of each delayed message; may be null.
  void trace(tracer* events) { events_ = events; }

  /// Called after time had stood still, with the duration.
  void on_stood_still(std::function<void(std::chrono::milliseconds)> call) {
    on_stood_still_ = std::move(call);
  }

  time_point now() const noexcept override;

  /// Number of pending entries.
  std::size_t size() const { return schedule_.size(); }

  void set_ordinary_timeout(time_point due, caf::abstract_actor* self,
                            caf::atom_value type, std::uint64_t id) override;

  void set_multi_timeout(time_point due, caf::abstract_actor* self,
                         caf::atom_value type, std::uint64_t id) override;

  void set_request_timeout(time_point due, caf::abstract_actor* self,
                           caf::message_id id) override;

  void schedule_message(time_point due, caf::strong_actor_ptr receiver,
                        caf::mailbox_element_ptr content) override;

  void schedule_message(time_point due, caf::group target,
                        caf::strong_actor_ptr sender,
                        caf::message content) override;

  void cancel_all() override;

private:
  using base = caf::detail::simple_actor_clock;
  using timer
    = boost::asio::basic_waitable_timer<clock_type,
                                        boost::asio::wait_traits<clock_type>,
                                        boost::asio::io_context::executor_type>;

  void arm();
  void wake();

  timer timer_;
  tracer* events_ = nullptr;
  std::function<void(std::chrono::milliseconds)> on_stood_still_;
  mutable active_time time_; // reading it detects a freeze
  time_point armed_for_ = time_point::max();
};

} // namespace container_agent::runtime
