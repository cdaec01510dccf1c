#pragma once

#include "actors/core/ports.hpp"
#include "main/loop/connection_limit.hpp"
#include "main/loop/event_loop.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace container_agent::runtime {

/// The queue of requests for the control actor, from all ways in: a line on the
/// control socket, or a page requested by HTTP.
class request_queue final : public control_port {
public:
  using reply = std::function<void(std::string_view line)>;

  explicit request_queue(event_loop& loop) : loop_{loop} {}
  request_queue(const request_queue&) = delete;
  request_queue& operator=(const request_queue&) = delete;

  /// Returns the request's number. `on_answer` is called once, unless the
  /// request is withdrawn, and never from within this call.
  std::uint64_t submit(std::string line, std::int32_t pid, reply on_answer);

  /// Removes a request whose client has gone.
  void withdraw(std::uint64_t id) { waiting_.erase(id); }

  /// Seats for one more way in; they live as long as the queue.
  connection_limit& way_in() { return ways_in_.emplace_back(); }

  std::optional<request> next() override;
  void answer(std::uint64_t id, std::string_view line) override;
  void take_back() override;
  std::size_t connections() const override;
  void on_request(notification notify) override { notify_ = std::move(notify); }

private:
  struct entry {
    request asked;
    reply on_answer;
    bool taken = false; // the control actor has it
  };

  void announce();

  event_loop& loop_;
  std::map<std::uint64_t, entry> waiting_; // the oldest first
  std::uint64_t last_id_ = 0;
  std::deque<connection_limit> ways_in_;
  notification notify_;
  std::shared_ptr<bool> announced_ = std::make_shared<bool>(false);
};

} // namespace container_agent::runtime
