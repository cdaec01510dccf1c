#include "test/simulation/filter_life.hpp"

#include <algorithm>
#include <utility>

namespace container_agent::simulation {

namespace {

// What it has read and not written yet: it reads no more then.
constexpr std::size_t max_unsaid = 8 * 1024;

} // namespace

filter_life::filter_life(run_context& run, byte_ledger& to_child,
                         byte_ledger& to_host, const claude_plan& plan,
                         child_pipes pipes)
  : child_life{run, plan, pipes}, to_child_{to_child}, to_host_{to_host} {
  pipes_.input.on_give
    = [this](std::string_view data, bool open) { given(data, open); };
  pipes_.input.on_data([this] { read_input(); });
  pipes_.output.on_room([this] { pump(); });
}

// It is the child's own fault if it reads no more of it.
void filter_life::given(std::string_view data, bool open) {
  if (!open)
    run_.violate("the child is written to behind the end of its input");
  if (reaped())
    run_.violate("a child is written to that is known to have ended");
  to_child_.arrived(data);
}

void filter_life::read_input() {
  if (dead_ || fate_.deaf || input_closed_ || unsaid_.size() > max_unsaid
      || std::exchange(reading_, true))
    return;
  later(std::min(plan_.latency, time_span{20'000}), [this] {
    reading_ = false;
    if (input_closed_)
      return;
    auto data = pipes_.input.take(plan_.input.longest);
    read_ += data.size();
    unsaid_ += data;
    if (fate_.dies_after_input && read_ >= *fate_.dies_after_input)
      return die(fate_.end);
    pump();
    if (pipes_.input.available() > 0)
      read_input();
    end_if_told();
  });
}

// Writes a piece, of any length, when the pipe has room for it.
void filter_life::pump() {
  if (dead_ || unsaid_.empty() || std::exchange(pumping_, true))
    return;
  run_.calendar.soon([this] {
    pumping_ = false;
    if (dead_ || unsaid_.empty())
      return;
    auto room = output_closed_ ? unsaid_.size() : pipes_.output.room();
    auto most = std::min({unsaid_.size(), room, plan_.output.longest});
    if (most == 0)
      return; // goes on when there is room
    auto size = dice_.one_in(3) ? dice_.between(1, most) : most;
    auto piece = unsaid_.substr(0, size);
    unsaid_.erase(0, size);
    account(piece);
    pump();
    read_input();
    end_if_told();
  });
}

void filter_life::account(std::string_view piece) {
  if (fate_.dies_after_output
      && written_ + piece.size() >= *fate_.dies_after_output)
    piece = piece.substr(0, *fate_.dies_after_output - written_);
  if (fate_.closes_output_after && !output_closed_
      && written_ + piece.size() >= *fate_.closes_output_after) {
    output_closed_ = true;
    pipes_.output.end();
  }
  written_ += piece.size();
  if (output_closed_)
    return;
  to_host_.wrote(piece);
  pipes_.output.give(piece);
  if (fate_.dies_after_output && written_ >= *fate_.dies_after_output)
    die(fate_.end);
}

void filter_life::end_if_told() {
  if (dead_ || !pipes_.input.at_end() || !unsaid_.empty()
      || std::exchange(ending_, true))
    return;
  later(time_span{40'000}, [this] { die({0, 0}); });
}

} // namespace container_agent::simulation
